import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { openDatabase } from '../../src/config/database.js';
import type { AppSandbox } from './app-sandbox.js';
import { parsed } from './open-store.js';
import { words } from './sql.js';

export const COUNT = 10_000;
const numbered = (i: number) => String(i).padStart(5, '0');

/** Valid tokens of `shop-00000` to `shop-09999` but for the first three, which have expired; and the settings that name the accounts. */
export async function tenThousand(
  sandbox: AppSandbox,
): Promise<Readonly<Record<string, string>>> {
  const settings = sandbox.settings();
  const accounts = Array.from({ length: COUNT }, (_, i) => ({
    name: `shop-${numbered(i)}`,
    appId: `wx_shop_${numbered(i)}`,
  }));
  const file = join(sandbox.folder, 'accounts.json');
  writeFileSync(file, JSON.stringify(accounts), { mode: 0o600 });

  const url = settings['DATABASE_URL'] ?? '';
  const dataSource = await openDatabase(parsed(url), true);
  const { now, plus } = words(dataSource);
  const issued = plus(now, '-600000 - CASE WHEN i < 3 THEN 7200000 ELSE 0 END');
  await dataSource.query(`
    INSERT INTO system_var (name, value, version, source, app_id,
      issued_at, refresh_at, next_at, expires_at, updated_at, failure_count)
    WITH RECURSIVE numbers(i) AS (SELECT 0 UNION ALL SELECT i + 1 FROM numbers WHERE i < ${COUNT - 1})
    SELECT printf('access_token:shop-%05d', i), printf('a token of %05d', i), 1, 'stable', printf('wx_shop_%05d', i),
      ${issued}, ${plus(issued, '6900000')}, ${plus(issued, '6900000')}, ${plus(issued, '7200000')}, ${issued}, 0
    FROM numbers`);
  await dataSource.destroy();
  // A reader calls nobody: what is shown stays as it is.
  return {
    ...settings,
    WECHAT_ROLE: 'reader',
    WECHAT_APP_ID: '',
    WECHAT_APP_SECRET: '',
    WECHAT_ACCOUNTS_FILE: file,
  };
}
