import axios from 'axios';
import mysql, { type ResultSetHeader } from 'mysql2/promise';
import pg from 'pg';
import { numbered } from '../../src/wechat-token/store/connections/sql-statement.js';
import { isPostgresUrl } from '../../test/support/connect.js';
import { type BenchAccount, benchAccounts } from '../harness/accounts.js';
import { serve } from '../harness/serve.js';
import { FIRST_VERSION } from './accounts-table.js';
import type { RefresherInput } from './refresher.child.js';

const COLUMNS = (now: string, plus: (ms: string) => string) =>
  `UPDATE system_var SET value = ?, issued_at = ${now}, refresh_at = ${plus('6900000')}, next_at = ${plus('300000')},
    expires_at = ${plus('?')}, updated_at = ${now}, version = version + 1
  WHERE name = ? AND version = ?`;

type Store = (
  token: string,
  lifeMs: number,
  name: string,
  version: number,
) => Promise<number | null>;

/** Ten connections of the driver, and nothing else. @returns how many rows a write has changed */
function storeOn(databaseUrl: string): Store {
  if (isPostgresUrl(databaseUrl)) {
    const pool = new pg.Pool({ connectionString: databaseUrl, max: 10 });
    const now = "(statement_timestamp() AT TIME ZONE 'UTC')";
    const sql = COLUMNS(
      now,
      (ms) => `${now} + (${ms})::double precision * INTERVAL '1 millisecond'`,
    );
    const text = numbered(sql);
    return async (...values) => (await pool.query(text, values)).rowCount;
  }
  const pool = mysql.createPool({ uri: databaseUrl, connectionLimit: 10 });
  const sql = COLUMNS(
    'UTC_TIMESTAMP(3)',
    (ms) => `UTC_TIMESTAMP(3) + INTERVAL 1000 * ${ms} MICROSECOND`,
  );
  return async (...values) =>
    (await pool.query<ResultSetHeader>(sql, values))[0].affectedRows;
}

serve({
  /** The minimum work of a renewal: one call, one conditional write. @returns CPU time, milliseconds */
  renewAll: async ({
    databaseUrl,
    wechatUrl,
    count,
    concurrency,
  }: RefresherInput) => {
    const store = storeOn(databaseUrl);
    const url = `${wechatUrl}/cgi-bin/stable_token`;
    const renew = async ({ name, appId, appSecret }: BenchAccount) => {
      const { data } = await axios.post(url, {
        grant_type: 'client_credential',
        appid: appId,
        secret: appSecret,
      });
      const changed = await store(
        data.access_token,
        data.expires_in * 1000,
        `access_token:${name}`,
        FIRST_VERSION,
      );
      if (changed !== 1) throw new Error(`not stored: ${name}`);
    };
    const all = benchAccounts(count).values();
    const work = async () => {
      for (const account of all) await renew(account);
    };
    const before = process.cpuUsage();
    await Promise.all(Array.from({ length: concurrency }, work));
    const { user, system } = process.cpuUsage(before);
    return (user + system) / 1000;
  },
});
