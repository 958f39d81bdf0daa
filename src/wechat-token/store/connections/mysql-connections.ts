import type { DataSource } from 'typeorm';
import {
  SERVER_TIMEOUT_MS,
  STATEMENT_TIMEOUT_MS,
} from '../../common/timing.js';
import { driverCode } from './executor.js';
import { type DriverPool, MAX_CONNECTIONS } from './own-pool.js';
import { refusalOfMysql } from './server-version.js';
import type { SqlStatement } from './sql-statement.js';

/** The parts of TypeORM's driver and of mysql2 that are used here. */
interface MysqlDriver {
  readonly mysql: { createPool(options: object): Pool };
  readonly options: { readonly replication?: { readonly master: object } };
  createConnectionOptions(options: object, credentials: object): object;
}
interface Pool {
  on(event: 'connection', listener: (connection: Connection) => void): void;
  getConnection(
    done: (error: Error | null, connection: Connection) => void,
  ): void;
  end(done: () => void): void;
}
interface Connection {
  /** By the server's greeting; mysql2's own. */
  readonly _isMariaDB?: boolean;
  readonly stream: {
    once(event: 'close', listener: () => void): void;
    destroy(): void;
  };
  on(event: 'error', listener: () => void): void;
  query(
    options: SqlStatement & { timeout: number },
    done: (error: Error | null, result: unknown) => void,
  ): void;
  /** Nothing when it was destroyed. */
  release(): void;
  destroy(): void;
}

/** `sql_select_limit` of a server that limits nothing. */
export const NO_LIMIT = '18446744073709551615';
/** A server's default. */
const IDLE_SECONDS = 28_800;

/** What an app may have set for its own pool and would change ours. */
const POOL_OPTIONS = {
  connectionLimit: MAX_CONNECTIONS,
  waitForConnections: true,
  queueLimit: 0,
  // A reset would undo the session's settings.
  resetOnRelease: false,
  charset: 'UTF8MB4_UNICODE_CI',
  typeCast: true,
  multipleStatements: false,
  // R15: it prints the packets.
  debug: false,
};

/**
 * Too long a value is an error, no row is left out, no COMMIT begins another transaction, no lock is waited for longer than a second,
 * and the server ends what takes too long, since nobody waits for it any more. `autocommit`, from 0 to 1, ends a transaction that
 * `init_connect` has begun. MariaDB and MySQL ignore each other's comment.
 */
const SETTINGS = `SET NAMES utf8mb4 COLLATE utf8mb4_unicode_ci, autocommit = 0, autocommit = 1, completion_type = 0,
  sql_mode = 'STRICT_ALL_TABLES', sql_safe_updates = 0, sql_select_limit = ${NO_LIMIT}, sql_big_selects = 1, time_zone = '+00:00',
  innodb_lock_wait_timeout = 1, lock_wait_timeout = 1, wait_timeout = ${IDLE_SECONDS}
  /*M!100600 , max_statement_time = ${SERVER_TIMEOUT_MS / 1000}, idle_transaction_timeout = ${STATEMENT_TIMEOUT_MS / 1000} */
  /*!50700 , max_execution_time = ${SERVER_TIMEOUT_MS} */`;
/** Its variables are called differently. A statement-based binary log takes no other isolation. */
const TRANSACTIONS =
  'SET SESSION TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ WRITE';
const SESSION = [SETTINGS, TRANSACTIONS].map((sql) => ({ sql, values: [] }));

/** Connections of mysql2 to the database of the app's DataSource, which is a MySQL or a MariaDB. None is made yet. */
export function mysqlConnections(
  dataSource: DataSource,
): DriverPool<Connection> {
  const driver = dataSource.driver as unknown as MysqlDriver;
  const writer = driver.options.replication?.master ?? driver.options;
  const open = new Set<Connection>();
  const pool = driver.mysql.createPool({
    ...driver.createConnectionOptions(driver.options, writer),
    ...POOL_OPTIONS,
  });
  pool.on('connection', (connection) => {
    open.add(connection);
    connection.stream.once('close', () => open.delete(connection));
    // An idle connection that is lost must not end the process.
    connection.on('error', () => undefined);
  });
  return {
    refusalOf: refusalOfMysql,
    session: SESSION,
    acquire: () =>
      new Promise((resolve, reject) => {
        pool.getConnection((error, connection) =>
          error ? reject(error) : resolve(connection),
        );
      }),
    run,
    release: (connection) => connection.release(),
    drop,
    end: () => new Promise((resolve) => pool.end(resolve)),
    destroy: () => {
      for (const { stream } of open) stream.destroy();
    },
  };
}

function run(
  connection: Connection,
  statement: SqlStatement,
): Promise<unknown> {
  return new Promise((resolve, reject) => {
    connection.query(
      { ...statement, timeout: STATEMENT_TIMEOUT_MS },
      (error, result) => {
        if (!error) return resolve(result);
        if (driverCode(error) === 'PROTOCOL_SEQUENCE_TIMEOUT') drop(connection);
        reject(connection._isMariaDB ? byMariaDb(error) : error);
      },
    );
  });
}

/** mysql2 names every number by MySQL's list. From 1900 on MariaDB's numbers are its own: 4025 is a check constraint's, not a tablespace's. */
function byMariaDb(error: Error): Error {
  const { errno = 0 } = error as NodeJS.ErrnoException;
  return errno < 1900
    ? error
    : Object.assign(error, { code: `MARIADB_${errno}` });
}

/** mysql2 alone would wait until the server has closed its side. */
function drop(connection: Connection): void {
  connection.destroy();
  connection.stream.destroy();
}
