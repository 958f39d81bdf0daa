import { setTimeout as sleep } from 'node:timers/promises';
import type { FakeWechat } from '../../../src/testing/index.js';
import { connect, isPostgresUrl } from '../../support/connect.js';
import type { Tally } from './tally.js';

const SAMPLE_MS = 200;
const TIMEOUT_MS = 5000;

/** The row as any program may read it. */
export interface ChaosRow {
  readonly value: string | null;
  readonly version: number;
  readonly leaseOwner: string | null;
  /** Whether that lease still lasts, by the database's clock. */
  readonly leased: boolean;
  readonly lastError: string | null;
}

/** Looks at the row all the time, on connections that belong to no replica. */
export class RowWatch {
  private readonly ending = new AbortController();
  private watching: Promise<void> = Promise.resolve();
  private newestSeen = 0;

  constructor(
    private readonly url: string,
    private readonly wechat: FakeWechat,
    private readonly tally: Tally,
  ) {}

  start(): void {
    this.watching = this.watch();
  }

  async stop(): Promise<void> {
    this.ending.abort();
    await this.watching;
  }

  /** Undefined when there is none yet. @throws when the database cannot be asked. */
  async row(): Promise<ChaosRow | undefined> {
    const [row] = await this.query(
      `SELECT value, version, lease_owner AS "leaseOwner", lease_until > ${utcNow(this.url)} AS leased, last_error AS "lastError"
        FROM system_var WHERE name = 'access_token'`,
    );
    return (
      row &&
      ({
        ...row,
        version: Number(row['version']),
        leased: Boolean(row['leased']),
      } as ChaosRow)
    );
  }

  /** Which of all tokens that were issued the row holds: 1 for the first, 0 for none, NaN for something else. */
  async place(): Promise<number> {
    const value = (await this.row())?.value ?? null;
    if (value === null) return 0;
    return this.wechat.issuedTokens.indexOf(value) + 1 || NaN;
  }

  /** Every column of both tables that may be shown to people. */
  async texts(): Promise<string> {
    const rows = await this.query(
      'SELECT name, remark, source, lease_owner, last_error, credential_id FROM system_var',
    );
    return JSON.stringify([rows, await this.events()]);
  }

  /** The recorded events, oldest first. */
  events(): Promise<Record<string, unknown>[]> {
    return this.query('SELECT * FROM token_event ORDER BY id');
  }

  /** A connection for each: the server may have died since the last one. */
  private async query(sql: string): Promise<Record<string, unknown>[]> {
    await using connection = await connect(this.url, TIMEOUT_MS);
    return await connection.query(sql);
  }

  private async watch(): Promise<void> {
    const { signal } = this.ending;
    while (!signal.aborted) {
      await this.check().catch(() => undefined); // the database is away, or has no tables yet
      await sleep(SAMPLE_MS, undefined, { signal }).catch(() => undefined);
    }
  }

  /** R6: nothing but what the platform issued, and never an older token after a newer one. */
  private async check(): Promise<void> {
    const place = await this.place();
    if (Number.isNaN(place)) this.tally.note('garbage', 'row', 'not a token');
    else if (place > 0 && place < this.newestSeen)
      this.tally.note('set back', 'row', `${place} after ${this.newestSeen}`);
    else if (place > 0) this.newestSeen = place;
  }
}

/** The database's clock, in UTC as the instants are stored. */
export function utcNow(url: string): string {
  return isPostgresUrl(url)
    ? "statement_timestamp() AT TIME ZONE 'UTC'"
    : 'UTC_TIMESTAMP(3)';
}
