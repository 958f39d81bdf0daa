import axios from 'axios';
import { createPool, type ResultSetHeader } from 'mysql2/promise';
import { type BenchAccount, benchAccounts } from '../harness/accounts.js';
import { serve } from '../harness/serve.js';
import { FIRST_VERSION } from './accounts-table.js';
import type { RefresherInput } from './refresher.child.js';

const UPDATE = `UPDATE system_var SET value = ?, issued_at = UTC_TIMESTAMP(3),
    refresh_at = UTC_TIMESTAMP(3) + INTERVAL 115 MINUTE,
    next_at = UTC_TIMESTAMP(3) + INTERVAL 5 MINUTE,
    expires_at = UTC_TIMESTAMP(3) + INTERVAL ? SECOND,
    updated_at = UTC_TIMESTAMP(3), version = version + 1
  WHERE name = ? AND version = ?`;

serve({
  /** The minimum work of a renewal: one call, one conditional write. @returns CPU time, milliseconds */
  renewAll: async ({
    databaseUrl,
    wechatUrl,
    count,
    concurrency,
  }: RefresherInput) => {
    const pool = createPool({ uri: databaseUrl, connectionLimit: 10 });
    const url = `${wechatUrl}/cgi-bin/stable_token`;
    const renew = async ({ name, appId, appSecret }: BenchAccount) => {
      const { data } = await axios.post(url, {
        grant_type: 'client_credential',
        appid: appId,
        secret: appSecret,
      });
      const [{ affectedRows }] = await pool.query<ResultSetHeader>(UPDATE, [
        data.access_token,
        data.expires_in,
        `access_token:${name}`,
        FIRST_VERSION,
      ]);
      if (affectedRows !== 1) throw new Error(`not stored: ${name}`);
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
