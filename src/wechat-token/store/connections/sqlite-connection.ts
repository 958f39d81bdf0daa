import type { DataSource } from 'typeorm';
import type { Clock } from '../../common/clock.js';
import { OPEN_TRANSACTION } from '../../common/errors.js';
import {
  driverCode,
  driverError,
  type Executor,
  type Next,
} from './executor.js';
import type { SqlStatement, SqlValue } from './sql-statement.js';

/** The parts that better-sqlite3's database and libsql's have in common, as far as they are used here. */
interface SqliteDatabase {
  readonly open: boolean;
  readonly inTransaction: boolean;
  prepare(sql: string): {
    reader: boolean;
    all(values: readonly SqlValue[]): unknown[];
    run(values: readonly SqlValue[]): { changes: number };
  };
  exec(sql: string): void;
}

const BEGIN_WRITING = 'BEGIN IMMEDIATE';
/** BEGIN alone takes no lock. */
const BEGIN_READING = 'BEGIN; SELECT 1 FROM sqlite_master LIMIT 1';

/** Another process holds the file's lock. */
const BUSY = /^SQLITE_BUSY/;
const BUSY_LIMIT_MS = 1000;
/** Each attempt blocks the event loop for the connection's busy time-out: all statements together make one in this time. */
const BUSY_PAUSE_MS = 50;
/** Most transactions of an app are over sooner; a caller inside one would wait for itself. */
const TRANSACTION_LIMIT_MS = 300;
const POLL_MS = 5;

/**
 * The app's connection to SQLite, the only one that TypeORM has: a statement within the app's transaction could be rolled back with
 * it, so it waits for its end.
 */
export class SqliteConnection implements Executor {
  private writableAt = -Infinity;

  constructor(
    private readonly dataSource: DataSource,
    private readonly clock: Clock,
  ) {}

  async execute(statement: SqlStatement, next?: Next): Promise<unknown> {
    // libsql reads a text to its first NUL.
    if (statement.values.some((value) => String(value).includes('\0')))
      throw driverError('NUL_CHARACTER');
    const runner = this.dataSource.createQueryRunner();
    try {
      const database: SqliteDatabase = await runner.connect();
      return await this.whenFree(database, statement, next);
    } finally {
      await runner.release();
    }
  }

  /** A file has no address. */
  reconnect(): void {}

  /** The connection is the app's. */
  async close(): Promise<void> {}

  private async whenFree(
    database: SqliteDatabase,
    statement: SqlStatement,
    next: Next | undefined,
  ): Promise<unknown> {
    const { clock } = this;
    const since = clock.now();
    // Readers need no lock in WAL mode.
    const isWrite = next !== undefined || !statement.sql.startsWith('SELECT');
    const throwAfter = (limitMs: number, code: string) => {
      if (clock.now() - since >= limitMs) throw driverError(code);
    };
    // Nothing is awaited between a look and the statement: the app could begin a transaction meanwhile.
    for (;;) {
      // libsql ends the process when a closed connection is asked for its transaction.
      if (!database.open) throw driverError('CONNECTION_CLOSED');
      if (database.inTransaction) {
        throwAfter(TRANSACTION_LIMIT_MS, OPEN_TRANSACTION);
        await clock.sleep(POLL_MS);
      } else if (isWrite && clock.now() < this.writableAt) {
        throwAfter(BUSY_LIMIT_MS, 'SQLITE_BUSY');
        await clock.sleep(POLL_MS);
      } else {
        try {
          const begin = isWrite ? BEGIN_WRITING : BEGIN_READING;
          return inTransaction(database, begin, statement, next);
        } catch (error) {
          const code = driverCode(error);
          if (!BUSY.test(code)) throw error;
          this.writableAt = clock.now() + BUSY_PAUSE_MS;
          throwAfter(BUSY_LIMIT_MS, code);
          await clock.sleep(BUSY_PAUSE_MS);
        }
      }
    }
  }
}

/**
 * Synchronous: no statement of the app on the same connection can run in between. The lock is taken by exec(): a prepared statement
 * that is busy, libsql 0.5 leaves in progress until it is garbage, with its locks and an old view of the file.
 */
function inTransaction(
  database: SqliteDatabase,
  begin: string,
  statement: SqlStatement,
  next: Next | undefined,
): unknown {
  try {
    database.exec(begin);
    const result = run(database, statement);
    const change = next?.(result);
    if (change) run(database, change);
    database.exec('COMMIT');
    return result;
  } catch (error) {
    // Some errors, such as that of a full disk, have ended it already.
    if (database.inTransaction) database.exec('ROLLBACK');
    throw error;
  }
}

function run(database: SqliteDatabase, { sql, values }: SqlStatement): unknown {
  const statement = database.prepare(sql);
  // As one array: libsql takes a single value that is null for an object.
  return statement.reader ? statement.all(values) : statement.run(values);
}
