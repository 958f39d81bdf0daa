import type { DataSource } from 'typeorm';
import type { BetterSqlite3Driver } from 'typeorm/driver/better-sqlite3/BetterSqlite3Driver.js';
import { openDatabase } from '../../../src/config/database.js';
import { toAccount } from '../../../src/wechat-token/accounts/account.js';
import type { SqlValue } from '../../../src/wechat-token/store/connections/sql-statement.js';
import { statementsFor } from '../../../src/wechat-token/store/statements/statements.js';
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
  /** Until the stored end of the token's life. */
  readonly endInMs: number | null;
}

type WholeRow = Readonly<Record<string, SqlValue>>;

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
/** Writes that a failover may lose. */
const MAX_LOST = 2;
const WHOLE = 'SELECT * FROM system_var WHERE name = ?';

const { credentialId } = toAccount(ACCOUNT);
const READ = statementsFor(sqliteDialect).read({ name: NAME }).sql;
const LOOK = `SELECT value, version, lease_owner AS leaseOwner, ${sqliteDialect.msUntil('lease_until')} AS leaseInMs,
    ${sqliteDialect.msUntil('expires_at')} AS endInMs
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
  private versionsAreCounted = false;
  private lastWrites: { row: WholeRow; at: number }[] = [];
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
    if (!statement.reader) return this.write(statement, values);
    const databaseNow = this.versionsAreCounted ? 0 : this.now;
    const rows = statement.all(...values) as object[];
    return rows.map((row) =>
      'databaseNow' in row ? { ...row, databaseNow } : row,
    );
  }

  /** What a failover may bring back: the row before each of the last writes, the last one first. */
  get lastRows(): readonly object[] {
    return this.lastWrites.map(({ row, at }) => {
      const of = ['value', 'version', 'lease_owner', 'failure_count'];
      return [at, ...of.map((column) => row[column])];
    });
  }

  /** The row is again as it was before the last writes, so many of them. */
  failOver(lostWrites: number): void {
    const found = this.lastWrites[lostWrites - 1];
    if (!found) throw new Error('there was no such write');
    const { row, at } = found;
    const columns = Object.keys(row);
    const marks = columns.map(() => '?').join(', ');
    this.prepare('DELETE FROM system_var').run();
    this.prepare(
      `INSERT INTO system_var (${columns.join(', ')}) VALUES (${marks})`,
    ).run(...Object.values(row));
    this.shiftInstants('system_var', this.now - at);
    this.lastWrites = [];
  }

  reset(stored: StoredToken, mode: string, versionsAreCounted = false): void {
    this.versionsAreCounted = versionsAreCounted;
    this.lastWrites = [];
    const { refresh, end } = LIVES[stored];
    const token =
      stored === 'nothing'
        ? [null, null, null, null]
        : [tokenOf(0), mode, credentialId, ISSUED];
    this.prepare('DELETE FROM token_event').run();
    this.prepare('DELETE FROM system_var').run();
    this.prepare(INSERT).run(NAME, ...token, refresh, end, ISSUED, ISSUED);
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
    for (const table of Object.keys(INSTANTS)) this.shiftInstants(table, ms);
  }

  /** The engine's runner reads only the dialect from it. */
  get forDialect(): DataSource {
    return this.dataSource;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.dataSource.destroy();
  }

  private shiftInstants(table: string, ms: number): void {
    const columns = INSTANTS[table] ?? [];
    const back = columns.map(
      (column) =>
        `${column} = strftime('%Y-%m-%d %H:%M:%f', ${column}, ? || ' seconds')`,
    );
    this.prepare(`UPDATE ${table} SET ${back.join(', ')}`).run(
      ...columns.map(() => -ms / 1000),
    );
  }

  private write(
    statement: Statement,
    values: readonly SqlValue[],
  ): { changes: number } {
    const before = this.first(WHOLE);
    const result = statement.run(...values);
    const isWritten =
      JSON.stringify(before) !== JSON.stringify(this.first(WHOLE));
    if (before && isWritten) {
      const write = { row: before as WholeRow, at: this.now };
      this.lastWrites = [write, ...this.lastWrites].slice(0, MAX_LOST);
    }
    return result;
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
