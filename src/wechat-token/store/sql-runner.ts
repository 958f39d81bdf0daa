import type { DataSource } from 'typeorm';
import type { Clock } from '../common/clock.js';
import { ConfigurationError, StoreError } from '../common/errors.js';
import { messages } from '../common/messages.js';
import { STATEMENT_TIMEOUT_MS } from '../common/timing.js';
import { withDeadline } from '../common/deadline.js';
import { dialectOf } from './dialect.js';
import type { SqlStatement, SqlValue } from './sql-statement.js';
import { type Statements, statementsFor } from './statements.js';

/** Returns the statement that follows in the same transaction, if any. */
type Next = (rows: unknown) => SqlStatement | undefined;

/** The parts of mysql2's pooled connection and of better-sqlite3's database that are used here. */
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

const RETRIED_CODES = new Set(['ER_LOCK_DEADLOCK', 'SQLITE_BUSY_SNAPSHOT']);
const MAX_ATTEMPTS = 5;
const TRANSACTION_POLL_MS = 5;

/**
 * Runs statements on a connection of the app's DataSource. Not through TypeORM's own query methods: those write the parameters,
 * among them the token, to the app's query log and to the errors they throw (R15).
 */
export class SqlRunner {
  /** Built once, in the database's dialect. */
  readonly statements: Statements;

  /** @throws ConfigurationError for a database, or an option of the DataSource, that is not supported. */
  constructor(
    private readonly dataSource: DataSource,
    private readonly clock: Clock,
  ) {
    const { type, entityPrefix } = dataSource.options;
    const dialect = dialectOf(type);
    if (!dialect) throw refused(messages.databaseUnsupported(type));
    if (entityPrefix) throw refused(messages.databasePrefixed());
    this.statements = statementsFor(dialect);
  }

  async rows<Row>(statement: SqlStatement): Promise<Row[]> {
    return (await this.execute(statement)) as Row[];
  }

  /** Returns how many rows matched. */
  async change(statement: SqlStatement): Promise<number> {
    const result = (await this.execute(statement)) as {
      affectedRows?: number;
      changes?: number;
    };
    return result.affectedRows ?? result.changes ?? 0;
  }

  /** One short transaction: locks and reads rows, then runs the statement that `changing` returns for them. */
  async changeLocked<Row>(
    locking: SqlStatement,
    changing: (rows: readonly Row[]) => SqlStatement | undefined,
  ): Promise<void> {
    await this.execute(locking, (rows) => changing(rows as Row[]));
  }

  private async execute(
    statement: SqlStatement,
    next?: Next,
  ): Promise<unknown> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.executeOnce(statement, next);
      } catch (error) {
        const code = driverCode(error);
        // The database has rolled the whole transaction back: a retry is safe.
        if (RETRIED_CODES.has(code) && attempt < MAX_ATTEMPTS) continue;
        const message = isTableMissing(error, code)
          ? messages.tablesMissing(code)
          : messages.storeFailed(code);
        throw new StoreError(message, code);
      }
    }
  }

  private async executeOnce(
    statement: SqlStatement,
    next?: Next,
  ): Promise<unknown> {
    const runner = this.dataSource.createQueryRunner();
    const connecting: Promise<unknown> = runner.connect();
    try {
      // An exhausted pool waits without a limit of its own.
      const connection = await withDeadline(connecting, this.clock, {
        timeoutMs: STATEMENT_TIMEOUT_MS,
        timedOut: () => driverError('TIMEOUT'),
      });
      return await (this.dataSource.options.type === 'better-sqlite3'
        ? this.onSqlite(connection as SqliteDatabase, statement, next)
        : onMysql(connection as MysqlConnection, statement, next));
    } finally {
      // Also a connection that arrives after the timeout.
      const release = () => runner.release();
      connecting.then(release, release).catch(() => undefined);
    }
  }

  /** TypeORM has one connection to SQLite: a statement within the app's transaction could be rolled back with it. */
  private async onSqlite(
    database: SqliteDatabase,
    statement: SqlStatement,
    next?: Next,
  ): Promise<unknown> {
    let polls = STATEMENT_TIMEOUT_MS / TRANSACTION_POLL_MS;
    while (database.inTransaction) {
      if (polls-- <= 0) throw driverError('SQLITE_BUSY');
      await this.clock.sleep(TRANSACTION_POLL_MS);
    }
    return next
      ? inSqliteTransaction(database, statement, next)
      : runSqlite(database, statement);
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

/** Synchronous: no statement of the app on the same connection can run in between. */
function inSqliteTransaction(
  database: SqliteDatabase,
  locking: SqlStatement,
  next: Next,
): void {
  const work = () => {
    const rows = runSqlite(database, locking);
    const change = next(rows);
    if (change) runSqlite(database, change);
  };
  database.transaction(work).immediate();
}

async function onMysql(
  connection: MysqlConnection,
  statement: SqlStatement,
  next?: Next,
): Promise<unknown> {
  if (!next) return runMysql(connection, statement);
  const run = (sql: string) => runMysql(connection, { sql, values: [] });
  try {
    // The connection queues both and sends the second without waiting for the event loop of a busy process.
    const begin = run('START TRANSACTION');
    const [rows] = await Promise.all([runMysql(connection, statement), begin]);
    const change = next(rows);
    // If the change fails, the COMMIT queued behind it has nothing to commit.
    const changed = change && runMysql(connection, change);
    await Promise.all([changed, run('COMMIT')]);
    return undefined;
  } catch (error) {
    // The connection must not return to the pool with an open transaction.
    await run('ROLLBACK').catch(() => connection.destroy());
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
        // The answer may still arrive: the connection must not be used again.
        if (driverCode(error) === 'PROTOCOL_SEQUENCE_TIMEOUT')
          connection.destroy();
        reject(error);
      },
    );
  });
}

/** SQLite has one code for every statement that it cannot prepare; only the message differs. */
function isTableMissing(error: unknown, code: string): boolean {
  const message = error instanceof Error ? error.message : '';
  return (
    /^ER_(NO_SUCH_TABLE|BAD_FIELD_ERROR)$/.test(code) ||
    (code === 'SQLITE_ERROR' && /^no such (table|column)/.test(message))
  );
}

function driverCode(error: unknown): string {
  if (error instanceof Error && 'code' in error) {
    if (typeof error.code === 'string') return error.code;
  }
  return error instanceof Error ? error.name : 'UNKNOWN';
}
