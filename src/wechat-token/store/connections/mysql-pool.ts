import type { DataSource } from 'typeorm';
import type { Clock } from '../../common/clock.js';
import { withDeadline } from '../../common/deadline.js';
import {
  SERVER_TIMEOUT_MS,
  STATEMENT_TIMEOUT_MS,
} from '../../common/timing.js';
import {
  driverCode,
  driverError,
  type Executor,
  type Next,
} from './executor.js';
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
  readonly stream: {
    once(event: 'close', listener: () => void): void;
    destroy(): void;
  };
  on(event: 'error', listener: () => void): void;
  query(
    options: SqlStatement & { timeout: number },
    done: (error: Error | null, result: unknown) => void,
  ): void;
  release(): void;
  destroy(): void;
}

const MAX_CONNECTIONS = 4;
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
 * The session that the statements rely on: too long a value is an error, no lock is waited for longer than a second, and the
 * server ends what takes too long, since nobody waits for it any more. MariaDB and MySQL ignore each other's comment.
 */
const SESSION: SqlStatement = {
  sql: `SET autocommit = 1, sql_mode = 'STRICT_ALL_TABLES', sql_safe_updates = 0,
    innodb_lock_wait_timeout = 1, lock_wait_timeout = 1
    /*M!100600 , max_statement_time = ${SERVER_TIMEOUT_MS / 1000}, idle_transaction_timeout = ${STATEMENT_TIMEOUT_MS / 1000} */
    /*!50700 , max_execution_time = ${SERVER_TIMEOUT_MS} */`,
  values: [],
};

/** After a failover the old writer answers so, and the address leads to the new one. */
const CANNOT_WRITE = new Set([
  'ER_OPTION_PREVENTS_STATEMENT',
  'ER_CANT_EXECUTE_IN_READ_ONLY_TRANSACTION',
  'ER_READ_ONLY_MODE',
]);
const MAX_ATTEMPTS = 5;
const CLOSE_TIMEOUT_MS = 1000;

/** R14: a small pool of the engine's own on MySQL and MariaDB, made from the app's DataSource at the first statement. */
export class MysqlPool implements Executor {
  private pool: Pool | undefined;
  private closed = false;
  private readonly open = new Set<Connection>();
  /** Of each connection whose session is set. */
  private readonly generations = new WeakMap<Connection, number>();
  /** Older connections are dropped. */
  private generation = 0;

  constructor(
    private readonly dataSource: DataSource,
    private readonly clock: Clock,
  ) {}

  async execute(statement: SqlStatement, next?: Next): Promise<unknown> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.executeOnce(statement, next);
      } catch (error) {
        const code = driverCode(error);
        if (CANNOT_WRITE.has(code)) this.generation++;
        // The server has rolled the whole transaction back: a retry is safe.
        const isRetried = code === 'ER_LOCK_DEADLOCK' && attempt < MAX_ATTEMPTS;
        if (!isRetried) throw error;
      }
    }
  }

  /** R12: bounded, since a server that does not answer closes no connection. */
  async close(): Promise<void> {
    if (this.closed) return;
    this.closed = true;
    const { pool } = this;
    if (!pool) return;
    const ended = new Promise<void>((resolve) => pool.end(resolve));
    await withDeadline(ended, this.clock, {
      timeoutMs: CLOSE_TIMEOUT_MS,
      timedOut: () => driverError('TIMEOUT'),
    }).catch(() => undefined);
    for (const { stream } of this.open) stream.destroy();
  }

  private async executeOnce(
    statement: SqlStatement,
    next?: Next,
  ): Promise<unknown> {
    const connecting = this.connect();
    try {
      // An exhausted pool waits without a limit of its own.
      const connection = await withDeadline(connecting, this.clock, {
        timeoutMs: STATEMENT_TIMEOUT_MS,
        timedOut: () => driverError('TIMEOUT'),
      });
      return await (next
        ? inTransaction(connection, statement, next)
        : run(connection, statement));
    } finally {
      // Also a connection that arrives after the timeout.
      connecting.then(
        (connection) => connection.release(),
        () => undefined,
      );
    }
  }

  /** A connection whose session is set. */
  private async connect(): Promise<Connection> {
    for (;;) {
      const { generation } = this;
      const connection = await this.acquire();
      const known = this.generations.get(connection);
      if (known === generation) return connection;
      if (known === undefined) {
        try {
          await run(connection, SESSION);
        } catch (error) {
          drop(connection);
          throw error;
        }
        this.generations.set(connection, generation);
        return connection;
      }
      drop(connection);
    }
  }

  private acquire(): Promise<Connection> {
    if (this.closed) return Promise.reject(driverError('POOL_CLOSED'));
    const pool = (this.pool ??= this.create());
    return new Promise((resolve, reject) => {
      pool.getConnection((error, connection) =>
        error ? reject(error) : resolve(connection),
      );
    });
  }

  /** Connects to nothing yet. */
  private create(): Pool {
    const driver = this.dataSource.driver as unknown as MysqlDriver;
    const writer = driver.options.replication?.master ?? driver.options;
    const pool = driver.mysql.createPool({
      ...driver.createConnectionOptions(driver.options, writer),
      ...POOL_OPTIONS,
    });
    pool.on('connection', (connection) => {
      this.open.add(connection);
      connection.stream.once('close', () => this.open.delete(connection));
      // An idle connection that is lost must not end the process.
      connection.on('error', () => undefined);
    });
    return pool;
  }
}

async function inTransaction(
  connection: Connection,
  statement: SqlStatement,
  next: Next,
): Promise<void> {
  const send = (sql: string) => run(connection, { sql, values: [] });
  try {
    // The connection queues both and sends the second without waiting for the event loop of a busy process.
    const begin = send('START TRANSACTION');
    const [rows] = await Promise.all([run(connection, statement), begin]);
    const change = next(rows);
    // If the change fails, the COMMIT queued behind it has nothing to commit.
    const changed = change && run(connection, change);
    await Promise.all([changed, send('COMMIT')]);
  } catch (error) {
    // The connection must not return to the pool with an open transaction.
    await send('ROLLBACK').catch(() => drop(connection));
    throw error;
  }
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
        // The answer may still arrive: the connection must not be used again.
        if (driverCode(error) === 'PROTOCOL_SEQUENCE_TIMEOUT') drop(connection);
        reject(error);
      },
    );
  });
}

/** mysql2 alone would wait until the server has closed its side. */
function drop(connection: Connection): void {
  connection.destroy();
  connection.stream.destroy();
}
