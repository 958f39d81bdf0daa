import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { openDatabase } from '../../src/config/database.js';
import { FakeWechat } from '../../src/testing/index.js';
import { BUILT_APP, PROJECT } from '../support/build.js';
import { createDatabase, databaseServers } from '../support/databases.js';
import { parsed } from '../support/open-store.js';
import { spawnApp } from '../support/run-app.js';

/** What the page says to write in place of UTC_TIMESTAMP(3). */
const SQLITE_NOW = "strftime('%Y-%m-%d %H:%M:%f', 'now')";

const POSTGRES_NOW = "now() AT TIME ZONE 'UTC'";

const SQLITE = 'sqlite:data/wechat-token.sqlite';
const PORT = '3000';

const targets = [
  { title: 'as they stand', server: undefined },
  ...databaseServers().map((server) => ({
    title: `with a DATABASE_URL of ${server.kind}`,
    server,
  })),
];

/** The commands of the section on the token server, as they are printed. */
describe.each(['README.md', 'README.zh-CN.md'])(
  'the commands of %s',
  (page) => {
    const { start, curl, sql, account } = commandsOf(page);
    let folder: string;
    beforeEach(() => {
      folder = mkdtempSync(join(tmpdir(), 'wechat-token-readme-'));
    });
    afterEach(() => rmSync(folder, { recursive: true }));

    it.each(targets)('work $title', async ({ server }) => {
      const fresh = server && (await createDatabase(server));
      await using wechat = await FakeWechat.start({ accounts: [account] });
      const port = (await isFree(Number(PORT))) ? PORT : await freePort();
      await using app = spawnApp(
        {
          WECHAT_API_BASE_URL: wechat.baseUrl,
          PORT: port === PORT ? '' : port,
          ...(fresh && { DATABASE_URL: fresh.url }),
        },
        { command: ['bash', '-c', start], cwd: folder },
      );
      await app.listening;

      const answer = await promisify(execFile)(
        'bash',
        ['-c', curl.replace(`:${PORT}/`, `:${port}/`)],
        { cwd: folder },
      );
      const [token] = wechat.issuedTokens;
      expect(JSON.parse(answer.stdout)).toEqual({
        access_token: token,
        expires_in: expect.any(Number),
      });

      expect(await app.stop('SIGINT')).toEqual({ code: 0, signal: null });
      const url = fresh?.url ?? SQLITE.replace(':', `:${folder}/`);
      const dataSource = await openDatabase(parsed(url), false);
      const isPostgres = server?.kind === 'postgres';
      const now = isPostgres ? POSTGRES_NOW : SQLITE_NOW;
      const isMysql = server && !isPostgres;
      const text = isMysql ? sql : sql.replace('UTC_TIMESTAMP(3)', now);
      // Instants are UTC, whatever the time zone of who asks.
      if (isPostgres) await dataSource.query("SET TimeZone = 'Asia/Shanghai'");
      if (isMysql) await dataSource.query("SET time_zone = '+08:00'");
      expect(await dataSource.query(text)).toEqual([{ value: token }]);
      await dataSource.query('UPDATE system_var SET expires_at = issued_at');
      expect(await dataSource.query(text)).toEqual([]);
      await dataSource.destroy();
      await fresh?.drop();
    });
  },
);

function commandsOf(page: string) {
  const sections = readFileSync(join(PROJECT, page), 'utf8').split(/^## /m);
  const section = sections.find((text) => /^export WECHAT_APP_ID/m.test(text));
  const blocks = (language: string) => {
    const fenced = new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\``, 'gms');
    return [...(section ?? '').matchAll(fenced)].map(([, code = '']) => code);
  };
  const [install = '', curl = ''] = blocks('sh');
  const [sql = ''] = blocks('sql');
  const lines = install.trimEnd().split('\n');
  const settings = lines.slice(1, -1);
  expect(lines).toEqual(['npm ci && npm run build', ...settings, 'npm start']);
  expect(curl).toMatch(/^curl -G http.*(\\\n.*)*\n$/);
  expect(sql).toContain('UTC_TIMESTAMP(3)');
  expect(section).toContain(SQLITE_NOW);
  expect(section).toContain(POSTGRES_NOW);
  const [, appId = '', appSecret = ''] =
    /WECHAT_APP_ID=(\S+) WECHAT_APP_SECRET=(\S+)/.exec(install) ?? [];
  return {
    // What `npm start` runs, on the build that is there.
    start: [...settings, `exec '${process.execPath}' '${BUILT_APP}'`].join(
      '\n',
    ),
    curl,
    sql,
    account: { appId, appSecret },
  };
}

async function freePort(): Promise<string> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return String(port);
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer();
  try {
    await once(server.listen(port, '127.0.0.1'), 'listening');
  } catch {
    return false;
  }
  server.close();
  await once(server, 'close');
  return true;
}
