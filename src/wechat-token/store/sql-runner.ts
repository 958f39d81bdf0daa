import type { DataSource } from 'typeorm';
import type { Clock } from '../common/clock.js';
import { ConfigurationError, StoreError } from '../common/errors.js';
import { messages } from '../common/messages.js';
import { STATEMENT_TIMEOUT_MS } from '../common/timing.js';
import { withDeadline } from '../common/deadline.js';
import { type Dialect, dialectOf } from './dialect.js';

export type SqlValue = string | number | null;

export interface SqlStatement {
  readonly sql: string;
  readonly values: readonly SqlValue[];
}

/** What mysql2's pooled connection and better-sqlite3's database offer, as far as it is used here. */
interface MysqlConnection {
  query(
    options: SqlStatement & { timeout: number },
    done: (error: Error | null, result: unknown) => void,
  ): void;
  destroy(): void;
}
interface SqliteDatabase {
  readonly inTransaction: boolean;
  prepare(sql: string): {
    reader: boolean;
    all(...values: readonly SqlValue[]): unknown[];
    run(...values: readonly SqlValue[]): { changes: number };
  };
  transaction(work: () => void): { immediate(): void };
}

const RETRIED = new Set(['ER_LOCK_DEADLOCK', 'SQLITE_BUSY_SNAPSHOT']);
const ATTEMPTS = 5;
const TRANSACTION_POLL_MS = 5;

/**
 * Runs single statements on a connection of the app's DataSource. Not through TypeORM's own query methods: those hand
 * the parameters, among them the token, to the app's query log and to the errors they throw (R15).
 */
export class SqlRunner {
  readonly dialect: Dialect;

  /** @throws ConfigurationError for a database, or an option of it, that this package does not work with. */
  constructor(
    private readonly dataSource: DataSource,
    private readonly clock: Clock,
  ) {
    const { type, entityPrefix } = dataSource.options;
    const dialect = dialectOf(type);
    if (!dialect) throw refused(messages.databaseUnsupported(type));
    if (entityPrefix) throw refused(messages.databasePrefixed());
    this.dialect = dialect;
  }

  async rows<Row>(sql: string, values: readonly SqlValue[]): Promise<Row[]> {
    return (await this.execute({ sql, values })) as Row[];
  }

  /** How many rows the statement found to change. */
  async change(sql: string, values: readonly SqlValue[]): Promise<number> {
    const result = (await this.execute({ sql, values })) as {
      affectedRows?: number;
      changes?: number;
    };
    return result.affectedRows ?? result.changes ?? 0;
  }

  /** One short transaction: reads rows that it locks, and says at once what is to become of them. */
  async changeLocked<Row>(
    locking: SqlStatement,
    changing: (rows: readonly Row[]) => SqlStatement | undefined,
  ): Promise<void> {
    await this.execute(locking, (rows) => changing(rows as Row[]));
  }

  private async execute(
    statement: SqlStatement,
    next?: (rows: unknown) => SqlStatement | undefined,
  ): Promise<unknown> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.executeOnce(statement, next);
      } catch (error) {
        const code = driverCode(error);
        // A deadlock's loser was rolled back whole: saying it again is safe.
        if (RETRIED.has(code) && attempt < ATTEMPTS) continue;
        const message = isTableMissing(error, code)
          ? messages.tablesMissing(code)
          : messages.storeFailed(code);
        throw new StoreError(message, code);
      }
    }
  }

  private async executeOnce(
    statement: SqlStatement,
    next?: (rows: unknown) => SqlStatement | undefined,
  ): Promise<unknown> {
    const runner = this.dataSource.createQueryRunner();
    const connecting: Promise<unknown> = runner.connect();
    try {
      // A pool that the app has used up would let us wait for ever.
      const connection = await withDeadline(connecting, this.clock, {
        timeoutMs: STATEMENT_TIMEOUT_MS,
        timedOut: () => driverError('TIMEOUT'),
      });
      if (this.dataSource.options.type === 'better-sqlite3')
        return await this.onSqlite(connection as SqliteDatabase, (database) =>
          next
            ? inSqliteTransaction(database, statement, next)
            : runSqlite(database, statement),
        );
      const mysql = connection as MysqlConnection;
      return await (next
        ? inMysqlTransaction(mysql, statement, next)
        : runMysql(mysql, statement));
    } finally {
      // Also the connection that comes after we have given up.
      const release = () => runner.release();
      connecting.then(release, release).catch(() => undefined);
    }
  }

  /** TypeORM has one connection to SQLite: a statement within the app's transaction would be undone with it. */
  private async onSqlite(
    database: SqliteDatabase,
    work: (database: SqliteDatabase) => unknown,
  ): Promise<unknown> {
    let polls = STATEMENT_TIMEOUT_MS / TRANSACTION_POLL_MS;
    while (database.inTransaction) {
      if (polls-- <= 0) throw driverError('SQLITE_BUSY');
      await this.clock.sleep(TRANSACTION_POLL_MS);
    }
    return work(database);
  }
}

function refused(problem: string): ConfigurationError {
  return new ConfigurationError([{ field: 'dataSource', problem }]);
}

function driverError(code: string): Error {
  return Object.assign(new Error(), { code });
}

function runSqlite(
  database: SqliteDatabase,
  { sql, values }: SqlStatement,
): unknown {
  const statement = database.prepare(sql);
  return statement.reader ? statement.all(...values) : statement.run(...values);
}

/** Without a pause: whatever the app runs on the same connection must not get into it. */
function inSqliteTransaction(
  database: SqliteDatabase,
  locking: SqlStatement,
  next: (rows: unknown) => SqlStatement | undefined,
): void {
  const work = () => {
    const rows = runSqlite(database, locking);
    const change = next(rows);
    if (change) runSqlite(database, change);
  };
  database.transaction(work).immediate();
}

async function inMysqlTransaction(
  connection: MysqlConnection,
  locking: SqlStatement,
  next: (rows: unknown) => SqlStatement | undefined,
): Promise<void> {
  const say = (sql: string) => runMysql(connection, { sql, values: [] });
  try {
    // The connection sends one after the other by itself, without a turn of a busy process in between.
    const begin = say('START TRANSACTION');
    const [rows] = await Promise.all([runMysql(connection, locking), begin]);
    const change = next(rows);
    // A change that fails leaves nothing to commit.
    const changed = change && runMysql(connection, change);
    await Promise.all([changed, say('COMMIT')]);
  } catch (error) {
    // Nobody may get this connection with our transaction in it.
    await say('ROLLBACK').catch(() => connection.destroy());
    throw error;
  }
}

function runMysql(
  connection: MysqlConnection,
  statement: SqlStatement,
): Promise<unknown> {
  return new Promise((resolve, reject) => {
    connection.query(
      { ...statement, timeout: STATEMENT_TIMEOUT_MS },
      (error, result) => {
        if (!error) return resolve(result);
        // The answer may still come: such a connection must not be used again.
        if (driverCode(error) === 'PROTOCOL_SEQUENCE_TIMEOUT')
          connection.destroy();
        reject(error);
      },
    );
  });
}

/** SQLite has one code for every statement that it cannot prepare, and tells them apart by its words. */
function isTableMissing(error: unknown, code: string): boolean {
  const words = error instanceof Error ? error.message : '';
  return (
    /^ER_(NO_SUCH_TABLE|BAD_FIELD_ERROR)$/.test(code) ||
    (code === 'SQLITE_ERROR' && /^no such (table|column)/.test(words))
  );
}

function driverCode(error: unknown): string {
  if (error instanceof Error && 'code' in error) {
    if (typeof error.code === 'string') return error.code;
  }
  return error instanceof Error ? error.name : 'UNKNOWN';
}
