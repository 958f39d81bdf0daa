import type { DataSource } from 'typeorm';
import type { BetterSqlite3Driver } from 'typeorm/driver/better-sqlite3/BetterSqlite3Driver.js';
import { openDatabase } from '../../../src/config/database.js';
import { toAccount } from '../../../src/wechat-token/accounts/account.js';
import type { SqlValue } from '../../../src/wechat-token/store/sql-statement.js';
import { statementsFor } from '../../../src/wechat-token/store/statements.js';
import { INSTANTS } from '../../support/sql.js';
import { sqliteDialect } from './gated-runner.js';
import { tokenOf } from './model-platform.js';
import { ACCOUNT, NAME } from './model-replica.js';

/** `fresh` is not due; `due` may still be handed out, `expired` not; `nothing` is the row of a token that was never fetched. */
export type StoredToken = 'nothing' | 'fresh' | 'due' | 'expired';

/** The row, read past the engine. */
export interface ModelRow {
  readonly value: string | null;
  readonly version: number;
  readonly leaseOwner: string | null;
  readonly leaseInMs: number | null;
}

interface Statement {
  readonly reader: boolean;
  all(...values: readonly unknown[]): unknown[];
  run(...values: readonly unknown[]): { changes: number };
}

/** Seconds from now. */
const ISSUED = -6000;
const LIVES: Readonly<Record<StoredToken, { refresh: number; end: number }>> = {
  nothing: { refresh: 0, end: 0 },
  fresh: { refresh: 2000, end: 3000 },
  due: { refresh: -1000, end: 3000 },
  expired: { refresh: -4000, end: -1000 },
};

const START = 1_000_000;

const { credentialId } = toAccount(ACCOUNT);
const READ = statementsFor(sqliteDialect).read({ name: NAME }).sql;
const LOOK = `SELECT value, version, lease_owner AS leaseOwner, ${sqliteDialect.msUntil('lease_until')} AS leaseInMs
  FROM system_var WHERE name = ?`;
const LATER = `strftime('%Y-%m-%d %H:%M:%f', 'now', ? || ' seconds')`;
const INSERT = `INSERT INTO system_var
    (name, value, version, source, credential_id, failure_count, issued_at, refresh_at, expires_at, updated_at, next_at)
  VALUES (?, ?, 0, ?, ?, 0, ${LATER}, ${LATER}, ${LATER}, ${LATER}, ${LATER})`;

/**
 * One SQLite in memory for all runs, made by the migrations; each run begins with a new row. Statements go straight to the driver
 * and are prepared once: the model runs millions of them.
 */
export class ModelDatabase implements AsyncDisposable {
  private readonly prepared = new Map<string, Statement>();
  /** The database's clock as the engine sees it, epoch milliseconds. */
  private now = START;

  private constructor(private readonly dataSource: DataSource) {}

  static async open(): Promise<ModelDatabase> {
    const memory = { type: 'better-sqlite3', path: ':memory:' } as const;
    return new ModelDatabase(await openDatabase(memory, true));
  }

  /** The rows of a query, or what a statement has changed. Versions are made from the model's time: the same in every run. */
  execute(
    sql: string,
    values: readonly SqlValue[],
  ): unknown[] | { changes: number } {
    const statement = this.prepare(sql);
    if (!statement.reader) return statement.run(...values);
    const rows = statement.all(...values) as object[];
    return rows.map((row) =>
      'databaseNow' in row ? { ...row, databaseNow: this.now } : row,
    );
  }

  reset(stored: StoredToken, mode: string): void {
    const { refresh, end } = LIVES[stored];
    const token =
      stored === 'nothing'
        ? [null, null, null, null]
        : [tokenOf(0), mode, credentialId, ISSUED];
    this.execute('DELETE FROM token_event', []);
    this.execute('DELETE FROM system_var', []);
    this.execute(INSERT, [NAME, ...token, refresh, end, ISSUED, ISSUED]);
    this.now = START;
  }

  row(): ModelRow {
    return this.first(LOOK) as ModelRow;
  }

  /** All that the engine can read of it. */
  wholeRow(): unknown {
    return this.first(READ);
  }

  /** To move all instants back is to let time pass: the store knows only how far from now they are. */
  passTime(ms: number): void {
    this.now += ms;
    for (const [table, columns] of Object.entries(INSTANTS)) {
      const back = columns.map(
        (column) =>
          `${column} = strftime('%Y-%m-%d %H:%M:%f', ${column}, ? || ' seconds')`,
      );
      this.execute(
        `UPDATE ${table} SET ${back.join(', ')}`,
        columns.map(() => -ms / 1000),
      );
    }
  }

  /** The engine's runner reads only the dialect from it. */
  get forDialect(): DataSource {
    return this.dataSource;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.dataSource.destroy();
  }

  private first(sql: string): unknown {
    const [row] = this.prepare(sql).all(NAME);
    if (!row) throw new Error('the row is gone');
    return row;
  }

  private prepare(sql: string): Statement {
    let statement = this.prepared.get(sql);
    if (!statement) {
      const { databaseConnection } = this.dataSource
        .driver as BetterSqlite3Driver;
      statement = databaseConnection.prepare(sql) as Statement;
      this.prepared.set(sql, statement);
    }
    return statement;
  }
}
