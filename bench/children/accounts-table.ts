import type { Words } from '../../test/support/sql.js';
import type { BenchServer } from '../harness/database.js';
import { ScratchDatabase } from './scratch-database.js';

/** The initial version of every row. */
export const FIRST_VERSION = 1;

/**
 * Inserts a row for each of the `benchAccounts()`, written a minute ago, due in an hour and to be confirmed before; hashes are made
 * in the same way.
 */
function fill({ now, plus, sha256 }: Words, count: number): string {
  const minutes = (some: number) => plus(now, String(some * 60_000));
  return `INSERT INTO system_var (name, value, remark, version, source, credential_id,
    failure_count, issued_at, refresh_at, next_at, expires_at, updated_at)
  WITH RECURSIVE up AS (SELECT 0 AS n UNION ALL SELECT n + 1 FROM up WHERE n < 999),
  numbers AS (SELECT 1000 * a.n + b.n AS i FROM up a CROSS JOIN up b),
  hashes AS (SELECT i, ${sha256("CONCAT('account ', i)")} AS hash FROM numbers WHERE i < ${count})
  SELECT CONCAT('access_token:account-', i) AS token, CONCAT('old_', hash, hash), '', ${FIRST_VERSION}, 'stable',
    LEFT(${sha256(`CONCAT('["wx', LEFT(hash, 16), '","', LEFT(hash, 32), '"]')`)}, 8), 0,
    ${minutes(-1)}, ${minutes(60)}, ${minutes(4)}, ${minutes(120)}, ${minutes(-1)}
  FROM hashes ORDER BY token`;
}

/** The fingerprint of each token that WeChat has issued, by the name of the token. */
export type IssuedOnce = ReadonlyMap<string, string>;

/** The tables of a number of accounts, in their own database. */
export class AccountsTable implements AsyncDisposable {
  private constructor(private readonly database: ScratchDatabase) {}

  static async create(
    server: BenchServer,
    count: number,
  ): Promise<AccountsTable> {
    const database = await ScratchDatabase.create(server);
    await database.query(fill(database.words, count));
    await database.query(database.words.analyze);
    return new AccountsTable(database);
  }

  get url(): string {
    return this.database.url;
  }

  /** Makes all tokens due at once. */
  async makeDue(): Promise<void> {
    await this.database.query(
      `UPDATE system_var SET refresh_at = ${this.now}, next_at = ${this.now}`,
    );
  }

  /**
   * Waits until no token is due or leased: by the queue, since that has an index. A leased row is there within half a minute, a
   * renewed one is confirmed after five.
   * @returns when the last row was stored, epoch milliseconds
   */
  async allStored(): Promise<number> {
    await this.database.until(
      `SELECT CASE WHEN EXISTS (SELECT 1 FROM system_var WHERE next_at <= ${this.in(60_000)}) THEN 0 ELSE 1 END AS result`,
    );
    return this.database.number(
      `SELECT ${this.database.words.epochMs('MAX(updated_at)')} AS result FROM system_var`,
    );
  }

  /**
   * The number of rows that hold the only token that WeChat has issued for them, and are not leased. The version says only that
   * they were written: each lease sets it to the database's clock.
   */
  async renewed(issued: IssuedOnce): Promise<number> {
    const rows = await this.database.query<{ name: string; held: string }>(
      `SELECT name, ${this.fingerprint} AS held FROM system_var WHERE version > ${FIRST_VERSION} AND failure_count = 0
        AND refresh_at > ${this.in(3_600_000)} AND lease_owner IS NULL`,
    );
    return rows.filter(({ name, held }) => issued.get(name) === held).length;
  }

  /** Waits for the events, which are written after the tokens. @returns how many rows have exactly one: the renewal of their token */
  async recordedOnce(count: number): Promise<number> {
    await this.database.until(
      `SELECT CASE WHEN COUNT(*) >= ${count} THEN 1 ELSE 0 END AS result FROM token_event`,
    );
    return this.database.number(
      `SELECT COUNT(*) AS result FROM (SELECT name FROM token_event JOIN system_var USING (name) GROUP BY name
        HAVING COUNT(*) = 1 AND SUM(CASE WHEN type = 'refreshed' AND fingerprint = ${this.fingerprint} THEN 1 ELSE 0 END) = 1) once`,
    );
  }

  /** The number of renewals by each replica, according to the events. */
  async shares(): Promise<number[]> {
    const rows = await this.database.query<{ share: string | number }>(
      'SELECT COUNT(*) AS share FROM token_event GROUP BY actor',
    );
    return rows.map(({ share }) => Number(share));
  }

  private get now(): string {
    return this.database.words.now;
  }

  private in(ms: number): string {
    return this.database.words.plus(this.now, String(ms));
  }

  /** As the engine and the fake platform compute it. */
  private get fingerprint(): string {
    return `LEFT(${this.database.words.sha256('value')}, 8)`;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.database[Symbol.asyncDispose]();
  }
}
