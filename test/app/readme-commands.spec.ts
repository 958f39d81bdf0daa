import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { openDatabase } from '../../src/config/database.js';
import { FakeWechat } from '../../src/testing/index.js';
import { BUILT_APP } from '../support/build.js';
import { createDatabase, databaseServers } from '../support/databases.js';
import { parsed } from '../support/open-store.js';
import { pack } from '../support/packed-package.js';
import { blocks, read } from '../support/pages.js';
import { spawnApp } from '../support/run-app.js';

/** What docs/token-server.md says to write in place of UTC_TIMESTAMP(3). */
const SQLITE_NOW = "strftime('%Y-%m-%d %H:%M:%f', 'now')";

const POSTGRES_NOW = "now() AT TIME ZONE 'UTC'";

const SQLITE = 'sqlite:data/wechat-token.sqlite';
const PORT = '3000';

const PAGE = 'docs/token-server.md';
const READMES = ['README.md', 'README.zh-CN.md'];

const targets = [
  {
    title: 'with the start of README.md',
    page: 'README.md',
    server: undefined,
  },
  { title: 'as they stand', page: PAGE, server: undefined },
  ...databaseServers().map((server) => ({
    title: `with a DATABASE_URL of ${server.kind}`,
    page: PAGE,
    server,
  })),
];

/** The command of a page that starts the server. */
const startOf = (page: string) =>
  blocks(page, 'sh').find((block) => block.includes('npm start')) ?? '';

it.each(READMES)(
  `%s starts the token server as ${PAGE} does, but without a key for operators, and asks it alike`,
  (page) => {
    const [start = '', ask] = blocks(PAGE, 'sh');
    const withoutOps = start
      .replace(/^.*> ops\.key\n/m, '')
      .replace(/,\n.*"ops".*\}(?=\]'\n)/, '');
    expect(startOf(page)).toBe(withoutOps);
    expect(blocks(page, 'sh')).toContain(ask);
  },
);

it('docs/token-server.zh-CN.md reads the row as the English page does', () => {
  const chinese = 'docs/token-server.zh-CN.md';
  expect(blocks(chinese, 'sql')).toEqual(blocks(PAGE, 'sql'));
  for (const now of [SQLITE_NOW, POSTGRES_NOW])
    expect(read(chinese)).toContain(now);
});

describe('the line that installs the package', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'wechat-token-install-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it(`is the same in README.md and docs/using-the-module.md, and installs all that the module loads`, async () => {
    const line = blocks('README.md', 'sh')[0] ?? '';
    expect(blocks('docs/using-the-module.md', 'sh')).toContain(line);
    const { tarball } = await pack(folder);
    writeFileSync(join(folder, 'package.json'), '{}');
    const local = line.replace(' nestjs-wechat-token ', ` '${tarball}' `);
    expect(local).not.toBe(line);
    await bash(local, folder, { npm_config_prefer_offline: 'true' });
    const load = `node -e "require('nestjs-wechat-token').WechatTokenModule.name"`;
    await bash(load, folder);
  });
});

describe(`the commands of ${PAGE}`, () => {
  const { curl, ownRoutes, sql } = questionsOf(PAGE);
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'wechat-token-readme-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it.each(targets)('work $title', async ({ page, server }) => {
    const { start, account } = serverOf(startOf(page));
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

    const typed = (commands: string) =>
      bash(commands.replaceAll(`:${PORT}/`, `:${port}/`), folder);
    const answer = await typed(curl);
    const [token] = wechat.issuedTokens;
    expect(JSON.parse(answer)).toEqual({
      access_token: token,
      expires_in: expect.any(Number),
    });
    const answers = `[${(await typed(ownRoutes)).replaceAll('}{', '},{')}]`;
    const current = {
      name: 'access_token',
      value: token,
      expiresIn: expect.any(Number),
      expiresAt: expect.any(String),
      version: expect.any(Number),
    };
    // The token that was reported is not the current one.
    expect(JSON.parse(answers)).toEqual([current, current]);
    if (page === PAGE) {
      const list = `curl -sf -H "Authorization: Bearer $(cat ops.key)" http://127.0.0.1:${PORT}/admin/wechat-tokens`;
      expect(await typed(list)).toContain('"name":"access_token"');
    }

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
});

async function bash(
  commands: string,
  cwd: string,
  env: Readonly<Record<string, string>> = {},
): Promise<string> {
  const { stdout } = await promisify(execFile)('bash', ['-ec', commands], {
    cwd,
    env: { ...process.env, ...env },
  });
  return stdout;
}

/** What `npm start` of these commands runs, on the build that is there. */
function serverOf(commands: string) {
  const lines = commands.trimEnd().split('\n');
  const settings = lines.slice(1, -1);
  expect(lines).toEqual(['npm ci && npm run build', ...settings, 'npm start']);
  const [, appId = '', appSecret = ''] =
    /WECHAT_APP_ID=(\S+) WECHAT_APP_SECRET=(\S+)/.exec(commands) ?? [];
  return {
    start: [...settings, `exec '${process.execPath}' '${BUILT_APP}'`].join(
      '\n',
    ),
    account: { appId, appSecret },
  };
}

function questionsOf(page: string) {
  const [, curl = '', ownRoutes = ''] = blocks(page, 'sh');
  const [sql = ''] = blocks(page, 'sql');
  expect(curl).toMatch(/^curl -G http.*(\\\n.*)*\n$/);
  expect(ownRoutes).toContain('/rejected');
  expect(sql).toContain('UTC_TIMESTAMP(3)');
  for (const now of [SQLITE_NOW, POSTGRES_NOW])
    expect(read(page)).toContain(now);
  return { curl, ownRoutes, sql };
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
