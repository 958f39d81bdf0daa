import type { BenchServer } from '../harness/database.js';
import { ScratchDatabase } from './scratch-database.js';

/** The initial version of every row. */
export const FIRST_VERSION = 1;

/**
 * Inserts a row for each of the `benchAccounts()`, written a minute ago, due in an hour and to be confirmed before; hashes are made
 * in the same way.
 */
const FILL = `INSERT INTO system_var (name, value, remark, version, source, credential_id,
    failure_count, issued_at, refresh_at, next_at, expires_at, updated_at)
  WITH RECURSIVE up AS (SELECT 0 AS n UNION ALL SELECT n + 1 FROM up WHERE n < 999),
  numbers AS (SELECT 1000 * a.n + b.n AS i FROM up a JOIN up b),
  hashes AS (SELECT i, SHA2(CONCAT('account ', i), 256) AS hash FROM numbers WHERE i < ?)
  SELECT CONCAT('access_token:account-', i) AS token, CONCAT('old_', hash, hash), '', ${FIRST_VERSION}, 'stable',
    LEFT(SHA2(CONCAT('["wx', LEFT(hash, 16), '","', LEFT(hash, 32), '"]'), 256), 8), 0,
    UTC_TIMESTAMP(3) - INTERVAL 1 MINUTE, UTC_TIMESTAMP(3) + INTERVAL 1 HOUR, UTC_TIMESTAMP(3) + INTERVAL 4 MINUTE,
    UTC_TIMESTAMP(3) + INTERVAL 2 HOUR, UTC_TIMESTAMP(3) - INTERVAL 1 MINUTE
  FROM hashes ORDER BY token`;

/** As the engine and the fake platform compute it. */
const FINGERPRINT = 'LEFT(SHA2(value, 256), 8)';

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
    await database.query(FILL, [count]);
    await database.query('ANALYZE TABLE system_var');
    return new AccountsTable(database);
  }

  get url(): string {
    return this.database.url;
  }

  /** Makes all tokens due at once. */
  async makeDue(): Promise<void> {
    await this.database.query(
      'UPDATE system_var SET refresh_at = UTC_TIMESTAMP(3), next_at = UTC_TIMESTAMP(3)',
    );
  }

  /**
   * Waits until no token is due or leased: by the queue, since that has an index. A leased row is there within half a minute, a
   * renewed one is confirmed after five.
   * @returns when the last row was stored, epoch milliseconds
   */
  async allStored(): Promise<number> {
    await this.database.until(
      'SELECT NOT EXISTS (SELECT 1 FROM system_var WHERE next_at <= UTC_TIMESTAMP(3) + INTERVAL 1 MINUTE) AS result',
    );
    return this.database.number(
      "SELECT TIMESTAMPDIFF(MICROSECOND, '1970-01-01', MAX(updated_at)) / 1000 AS result FROM system_var",
    );
  }

  /**
   * The number of rows that hold the only token that WeChat has issued for them, and are not leased. The version says only that
   * they were written: each lease sets it to the database's clock.
   */
  async renewed(issued: IssuedOnce): Promise<number> {
    const rows = await this.database.query<{ name: string; held: string }>(
      `SELECT name, ${FINGERPRINT} AS held FROM system_var WHERE version > ${FIRST_VERSION} AND failure_count = 0
        AND refresh_at > UTC_TIMESTAMP(3) + INTERVAL 1 HOUR AND lease_owner IS NULL`,
    );
    return rows.filter(({ name, held }) => issued.get(name) === held).length;
  }

  /** Waits for the events, which are written after the tokens. @returns how many rows have exactly one: the renewal of their token */
  async recordedOnce(count: number): Promise<number> {
    await this.database.until(
      'SELECT COUNT(*) >= ? AS result FROM token_event',
      [count],
    );
    return this.database.number(
      `SELECT COUNT(*) AS result FROM (SELECT name FROM token_event JOIN system_var USING (name) GROUP BY name
        HAVING COUNT(*) = 1 AND SUM(type = 'refreshed' AND fingerprint = ${FINGERPRINT}) = 1) once`,
    );
  }

  /** The number of renewals by each replica, according to the events. */
  async shares(): Promise<number[]> {
    const rows = await this.database.query<{ share: string | number }>(
      'SELECT COUNT(*) AS share FROM token_event GROUP BY actor',
    );
    return rows.map(({ share }) => Number(share));
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.database[Symbol.asyncDispose]();
  }
}
