import { setTimeout as sleep } from 'node:timers/promises';
import type { DataSource } from 'typeorm';
import { openDatabase } from '../../src/config/database.js';
import { parseDatabaseUrl } from '../../src/config/database-url.js';
import type { BenchServer } from '../harness/database.js';

/** The initial version of every row. */
export const FIRST_VERSION = 1;
const POLL_MS = 50;
const TIMEOUT_MS = 180_000;

/** Inserts a row for each of the `benchAccounts()`, due in an hour and written a minute ago; hashes are made in the same way. */
const FILL = `INSERT INTO system_var (name, value, remark, version, source, credential_id,
    failure_count, issued_at, refresh_at, expires_at, updated_at)
  WITH RECURSIVE up AS (SELECT 0 AS n UNION ALL SELECT n + 1 FROM up WHERE n < 999),
  numbers AS (SELECT 1000 * a.n + b.n AS i FROM up a JOIN up b),
  hashes AS (SELECT i, SHA2(CONCAT('account ', i), 256) AS hash FROM numbers WHERE i < ?)
  SELECT CONCAT('access_token:account-', i) AS token, CONCAT('old_', hash, hash), '', ${FIRST_VERSION}, 'stable',
    LEFT(SHA2(CONCAT('["wx', LEFT(hash, 16), '","', LEFT(hash, 32), '"]'), 256), 8), 0,
    UTC_TIMESTAMP(3) - INTERVAL 1 MINUTE, UTC_TIMESTAMP(3) + INTERVAL 1 HOUR,
    UTC_TIMESTAMP(3) + INTERVAL 2 HOUR, UTC_TIMESTAMP(3) - INTERVAL 1 MINUTE
  FROM hashes ORDER BY token`;

/** The tables of a number of accounts, in their own database. */
export class AccountsTable implements AsyncDisposable {
  private constructor(
    readonly url: string,
    private readonly dataSource: DataSource,
  ) {}

  static async create(
    server: BenchServer,
    count: number,
  ): Promise<AccountsTable> {
    const url = await server.createDatabase();
    const database = parseDatabaseUrl(url);
    if (!database) throw new Error(`bad URL ${url}`);
    const dataSource = await openDatabase(database, true);
    await dataSource.query(FILL, [count]);
    await dataSource.query('ANALYZE TABLE system_var');
    return new AccountsTable(url, dataSource);
  }

  /** Makes all tokens due at once. */
  async makeDue(): Promise<void> {
    await this.dataSource.query(
      'UPDATE system_var SET refresh_at = UTC_TIMESTAMP(3)',
    );
  }

  /** Waits until no token is due. @returns when the last row was stored, epoch milliseconds */
  async allStored(): Promise<number> {
    await this.until(
      'SELECT NOT EXISTS (SELECT 1 FROM system_var WHERE refresh_at <= UTC_TIMESTAMP(3)) AS result',
    );
    return this.number(
      "SELECT TIMESTAMPDIFF(MICROSECOND, '1970-01-01', MAX(updated_at)) / 1000 AS result FROM system_var",
    );
  }

  /** The number of rows that have a new token, are not leased, and were written `writes` times since the beginning. */
  renewed(writes: number): Promise<number> {
    return this.number(
      `SELECT COUNT(*) AS result FROM system_var WHERE version = ? AND value NOT LIKE 'old%'
        AND refresh_at > UTC_TIMESTAMP(3) + INTERVAL 1 HOUR AND lease_owner IS NULL`,
      [FIRST_VERSION + writes],
    );
  }

  /** Waits for the events, which are written after the tokens. @returns how many tokens have exactly one */
  async recordedOnce(count: number): Promise<number> {
    await this.until('SELECT COUNT(*) >= ? AS result FROM token_event', [
      count,
    ]);
    return this.number(
      "SELECT COUNT(*) AS result FROM (SELECT name FROM token_event GROUP BY name HAVING SUM(type = 'refreshed') = 1 AND COUNT(*) = 1) once",
    );
  }

  /** The number of renewals by each replica, according to the events. */
  async shares(): Promise<number[]> {
    const rows: { share: string | number }[] = await this.dataSource.query(
      'SELECT COUNT(*) AS share FROM token_event GROUP BY actor',
    );
    return rows.map(({ share }) => Number(share));
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.dataSource.destroy();
  }

  private async until(
    sql: string,
    values: readonly number[] = [],
  ): Promise<void> {
    const deadline = performance.now() + TIMEOUT_MS;
    while ((await this.number(sql, values)) === 0) {
      if (performance.now() > deadline) throw new Error(`never true: ${sql}`);
      await sleep(POLL_MS);
    }
  }

  private async number(
    sql: string,
    values: readonly number[] = [],
  ): Promise<number> {
    const [row] = await this.dataSource.query(sql, [...values]);
    return Number(row.result);
  }
}
