import { createHash } from 'node:crypto';
import { openDatabase } from '../../src/config/database.js';
import { parseDatabaseUrl } from '../../src/config/database-url.js';
import type { FakeWechat } from '../../src/testing/index.js';
import { toAccount } from '../../src/wechat-token/accounts/account.js';
import { tokenName } from '../../src/wechat-token/index.js';

/** An account as configured, with all usual fields. */
export interface BenchAccount {
  readonly name: string;
  readonly appId: string;
  readonly appSecret: string;
}

/** A number of accounts, the same in every process, as if read from a file. */
export function benchAccounts(count: number): BenchAccount[] {
  const accounts = Array.from({ length: count }, (_, index) => {
    const hash = createHash('sha256').update(`account ${index}`).digest('hex');
    return {
      name: `account-${index}`,
      appId: `wx${hash.slice(0, 16)}`,
      appSecret: hash.slice(0, 32),
    };
  });
  return JSON.parse(JSON.stringify(accounts));
}

const BATCH = 500;
const COLUMNS =
  'name, value, remark, version, source, credential_id, failure_count, issued_at, refresh_at, next_at, expires_at, updated_at';

/**
 * Has the platform issue a token for each account, and stores it as if the engine had done so a while ago, and
 * confirmed it since; on SQLite.
 * @returns the tokens, in the order of the accounts
 */
export async function storeTokens(
  databaseUrl: string,
  wechat: FakeWechat,
  accounts: readonly BenchAccount[],
): Promise<string[]> {
  const database = parseDatabaseUrl(databaseUrl);
  if (database?.type !== 'better-sqlite3')
    throw new Error(`not SQLite: ${databaseUrl}`);
  const dataSource = await openDatabase(database, true);
  const at = (seconds: number) =>
    `strftime('%Y-%m-%d %H:%M:%f', 'now', '${seconds} seconds')`;
  const row = `(?, ?, 'stored by a benchmark', 2, 'stable', ?, 0, ${at(-60)}, ${at(6840)}, ${at(285)}, ${at(7140)}, ${at(-15)})`;
  const tokens: string[] = [];
  try {
    await dataSource.query('PRAGMA synchronous = OFF');
    for (let from = 0; from < accounts.length; from += BATCH) {
      const batch = accounts.slice(from, from + BATCH);
      const values = batch.flatMap((account) => {
        wechat.addAccount(account);
        const token = wechat.otherSystemFetches(account.appId, 'stable-forced');
        tokens.push(token);
        const name = tokenName('access_token', account.name);
        return [name, token, toAccount(account).credentialId];
      });
      const rows = batch.map(() => row).join(', ');
      await dataSource.query(
        `INSERT INTO system_var (${COLUMNS}) VALUES ${rows}`,
        values,
      );
    }
  } finally {
    await dataSource.destroy();
  }
  return tokens;
}
