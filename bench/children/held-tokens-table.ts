import { toAccount } from '../../src/wechat-token/accounts/account.js';
import { tokenName } from '../../src/wechat-token/index.js';
import { refreshDelay } from '../../src/wechat-token/renewal/policy/policy.js';
import { type BenchAccount, benchAccounts } from '../harness/accounts.js';
import type { BenchServer } from '../harness/database.js';
import { ScratchDatabase } from './scratch-database.js';
import type { HeldToken } from './slow-wechat.child.js';

export const LIFE_MS = 7200 * 1000;
export const CONFIRM_MS = 300 * 1000;
/** As the engine has it by default. */
const STABLE_MARGIN_SECONDS = 300;
const BATCH = 500;
const COLUMNS =
  'name, value, remark, version, source, credential_id, app_id, failure_count, issued_at, updated_at, refresh_at, expires_at, next_at';
const INSTANT = "TIMESTAMP '1970-01-01 00:00:00' + INTERVAL ? MICROSECOND";
const ROW = `(?, ?, '', 1, 'stable', ?, ?, 0, ${Array(5).fill(INSTANT).join(', ')})`;

/** Each new token, and when the one before it was due: a confirmation may have moved that since. */
const RENEWAL_LOG = [
  'CREATE TABLE renewal_log (name VARCHAR(191), due_at DATETIME(3), renewed_at DATETIME(3), INDEX (name))',
  `CREATE TRIGGER log_renewal BEFORE UPDATE ON system_var FOR EACH ROW
    INSERT INTO renewal_log SELECT OLD.name, OLD.refresh_at, UTC_TIMESTAMP(3) FROM DUAL WHERE NOT (NEW.value <=> OLD.value)`,
];

/** A part of a run, by two instants of the database's clock, epoch milliseconds. */
export interface Period {
  readonly from: number;
  readonly to: number;
}

export interface Lateness {
  /** The number of tokens that became due. */
  readonly due: number;
  /** The number of tokens that were renewed. */
  readonly renewed: number;
  /** For each token that was due: how long it was by the renewal or the end, seconds. */
  readonly seconds: readonly number[];
}

/** The table of a system that has been running for long, in its own database: each token is the one that WeChat holds. */
export class HeldTokensTable implements AsyncDisposable {
  private constructor(private readonly database: ScratchDatabase) {}

  /** @param tokens In the order of the accounts. */
  static async create(
    server: BenchServer,
    tokens: readonly HeldToken[],
  ): Promise<HeldTokensTable> {
    const database = await ScratchDatabase.create(server);
    const accounts = benchAccounts(tokens.length);
    const now = Date.now();
    const rows = tokens.map((token, index) => {
      const account = accounts[index];
      if (!account) throw new Error(`no account for token ${index}`);
      return rowOf(account, token, { now, fraction: fractionOf(index) });
    });
    for (let from = 0; from < rows.length; from += BATCH) {
      const batch = rows.slice(from, from + BATCH);
      await database.query(
        `INSERT INTO system_var (${COLUMNS}) VALUES ${batch.map(() => ROW).join(', ')}`,
        batch.flat(),
      );
    }
    for (const statement of RENEWAL_LOG) await database.query(statement);
    await database.query('ANALYZE TABLE system_var');
    return new HeldTokensTable(database);
  }

  get url(): string {
    return this.database.url;
  }

  /** The database's clock, epoch milliseconds. */
  now(): Promise<number> {
    return this.database.number(
      `SELECT ${epochMs('UTC_TIMESTAMP(3)')} AS result`,
    );
  }

  /** The number of statements that the server has executed for all its clients. */
  async statements(): Promise<number> {
    const [row] = await this.database.query<{ Value: string }>(
      "SHOW GLOBAL STATUS LIKE 'Questions'",
    );
    return Number(row?.Value);
  }

  /** What became due and what was renewed in a period that ends now. @throws Error when anything but a renewal was recorded */
  async lateness({ from, to }: Period): Promise<Lateness> {
    const unusual = await this.database.number(
      "SELECT COUNT(*) AS result FROM token_event WHERE type <> 'refreshed'",
    );
    if (unusual > 0) throw new Error(`${unusual} events are not renewals`);
    const rows = await this.database.query<Record<'due' | 'renewed', string>>(
      `SELECT ${epochMs('due_at')} AS due, ${epochMs('renewed_at')} AS renewed FROM renewal_log
        UNION ALL SELECT ${epochMs('refresh_at')}, 1e15 FROM system_var WHERE refresh_at <= UTC_TIMESTAMP(3)`,
    );
    const all = rows.map((row) => {
      return { due: Number(row.due), renewed: Number(row.renewed) };
    });
    const isWithin = (at: number) => at > from && at <= to;
    const waited = all.filter((one) => one.renewed > from && one.due <= to);
    return {
      due: all.filter(({ due }) => isWithin(due)).length,
      renewed: all.filter(({ renewed }) => isWithin(renewed)).length,
      seconds: waited.map(
        ({ due, renewed }) => (Math.min(renewed, to) - due) / 1000,
      ),
    };
  }

  /** Has all tokens wait to be confirmed now, and those of the first accounts in a few minutes only. */
  async unconfirmAllBut(first: number): Promise<void> {
    const names = benchAccounts(first).map(tokenOf);
    await this.database.query(
      `UPDATE system_var SET updated_at = UTC_TIMESTAMP(3) - INTERVAL 10 MINUTE, next_at = UTC_TIMESTAMP(3) +
        INTERVAL CASE WHEN name IN (${names.map(() => '?').join(', ')}) THEN 4 ELSE 0 END MINUTE`,
      names,
    );
  }

  /** Makes the token of the account of this index due. @returns how long it waits for its renewal, seconds */
  async waitOf(index: number): Promise<number> {
    const account = benchAccounts(index + 1)[index];
    if (!account) throw new Error(`no account ${index}`);
    const name = tokenOf(account);
    await this.database.query(
      'UPDATE system_var SET refresh_at = UTC_TIMESTAMP(3), next_at = UTC_TIMESTAMP(3) WHERE name = ?',
      [name],
    );
    const log = 'FROM renewal_log WHERE name = ?';
    await this.database.until(`SELECT COUNT(*) AS result ${log}`, [name]);
    return this.database.number(
      `SELECT TIMESTAMPDIFF(MICROSECOND, due_at, renewed_at) / 1e6 AS result ${log}`,
      [name],
    );
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.database[Symbol.asyncDispose]();
  }
}

/** The values of a row, instants in microseconds: as if the engine had stored and since then confirmed the token. */
function rowOf(
  account: BenchAccount,
  { value, issuedAt }: HeldToken,
  { now, fraction }: { now: number; fraction: number },
): (string | number)[] {
  const refreshAt =
    issuedAt + refreshDelay(LIFE_MS, STABLE_MARGIN_SECONDS, fraction);
  const confirmAt = Math.max(
    issuedAt + CONFIRM_MS,
    now + fraction * CONFIRM_MS,
  );
  const nextAt = Math.min(refreshAt, confirmAt);
  const { credentialId, appId } = toAccount(account);
  const instants = [issuedAt, issuedAt, refreshAt, issuedAt + LIFE_MS, nextAt];
  const microseconds = instants.map((at) => Math.round(at) * 1000);
  return [tokenOf(account), value, credentialId, appId, ...microseconds];
}

function tokenOf({ name }: BenchAccount): string {
  return tokenName('access_token', name);
}

/** Numbers from 0 to 1 that are evenly spread, and for neighbours far apart. */
function fractionOf(index: number): number {
  return (index * 0.618_033_988_749_895) % 1;
}

function epochMs(instant: string): string {
  return `TIMESTAMPDIFF(MICROSECOND, '1970-01-01', ${instant}) / 1000`;
}
