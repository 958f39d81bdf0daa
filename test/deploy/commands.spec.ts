import { execFile } from 'node:child_process';
import { once } from 'node:events';
import {
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { basename, delimiter, dirname, join } from 'node:path';
import { text } from 'node:stream/consumers';
import { parse } from 'yaml';
import { readSettings } from '../../src/config/settings.js';
import { DEFAULT_FAKE_ACCOUNT } from '../../src/testing/index.js';
import {
  API_KEY,
  AppSandbox,
  apiKeys,
  tokenAnswer,
} from '../support/app-sandbox.js';
import { PROJECT } from '../support/build.js';
import { queryOnce } from '../support/connect.js';
import { createDatabase, databaseServers } from '../support/databases.js';
import { blocks, read } from '../support/pages.js';
import type { AppProcess } from '../support/run-app.js';

const ADDRESS = 'http://127.0.0.1:3000';
/** The database in the commands of docs/deploying.md. */
const DATABASE = 'wechat_token';
/** So that `node` is the one that runs the tests. */
const PATH = [dirname(process.execPath), process.env['PATH']].join(delimiter);

/** A lease that is in the backup is waited for, 30 s. */
const PATIENCE_MS = 120_000;

/** The commands of a page, in its order. */
function commandsOf(page: string, count: number): string[] {
  const commands = blocks(page, 'sh');
  expect(commands, page).toHaveLength(count);
  return commands;
}

/** What bash prints for these commands. @throws Error when one of them fails */
function bash(
  commands: string,
  cwd: string,
  { env = {}, input = '' }: { env?: object; input?: string } = {},
): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = execFile(
      'bash',
      ['-euo', 'pipefail', '-c', commands],
      { cwd, env: { PATH, ...env } },
      (error, stdout, stderr) => {
        if (error) reject(new Error(`${commands}\n${stdout}${stderr}`));
        else resolve(stdout);
      },
    );
    child.stdin?.end(input);
  });
}

describe('the commands for a server that runs', () => {
  let sandbox: AppSandbox;
  let app: AppProcess;
  beforeAll(async () => {
    sandbox = await AppSandbox.create();
    const scopes = ['tokens:read', 'tokens:refresh', 'tokens:issue'];
    app = await sandbox.run({
      API_KEYS: apiKeys({ id: 'ops', key: API_KEY, scopes }),
    });
    for (const file of ['ops.key', 'billing.key'])
      writeFileSync(join(sandbox.folder, file), `${API_KEY}\n`);
    await tokenAnswer(app.url);
    await vi.waitFor(async () => {
      const response = await fetch(`${app.url}/health/ready`);
      expect(await response.json()).toEqual({ status: 'ok', reasons: [] });
    });
  });
  afterAll(() => sandbox[Symbol.asyncDispose]());

  /** On the address of this server, in a folder with the files of keys. */
  const run = (...commands: readonly string[]) => {
    const text = commands.join('');
    expect(text).toContain(ADDRESS);
    return bash(text.replace(ADDRESS, app.url), sandbox.folder);
  };

  it('docs/operating.md: the looks, the metrics, a refresh and a forced one', async () => {
    const [
      variables = '',
      looks = '',
      ,
      ,
      metrics = '',
      ,
      refresh = '',
      force = '',
    ] = commandsOf('docs/operating.md', 8);

    const seen = await run(variables, looks);
    expect(seen).toContain('{"status":"ok","reasons":[]}');
    expect(seen).toContain('"name":"access_token"');
    expect(seen).toContain('"type":"refreshed"');

    const lines = (await run(variables, metrics)).trimEnd().split('\n');
    expect(lines.map((line) => line.replace(/ -?[\d.]+$/, ''))).toEqual(
      expect.arrayContaining([
        'wechat_token_lowest_seconds_left',
        'wechat_token_pending_writes',
        'wechat_token_due_oldest_seconds',
      ]),
    );

    expect(JSON.parse(await run(variables, refresh))).toMatchObject({
      outcome: 'unchanged',
      name: 'access_token',
    });
    const [before] = sandbox.wechat.issuedTokens;
    expect(JSON.parse(await run(variables, force))).toMatchObject({
      outcome: 'refreshed',
      name: 'access_token',
    });
    expect(sandbox.wechat.accepts(before ?? '')).toBe(false);
  });

  it('docs/operating.md: what cron runs tells a robot of each replica that is not ok, and of no other', async () => {
    const [, , , , , watch = ''] = commandsOf('docs/operating.md', 8);
    const told: unknown[] = [];
    const other = createServer((request, response) => {
      void text(request).then((body) => {
        if (body !== '') told.push(JSON.parse(body));
        response.end('{"status":"degraded","reasons":[{"code":"a"}]}\n');
      });
    });
    other.listen(0, '127.0.0.1');
    await once(other, 'listening');
    const url = `http://127.0.0.1:${(other.address() as AddressInfo).port}`;
    const away = 'http://127.0.0.1:1';
    const commands = watch
      .replace('http://127.0.0.1:3001', `${url} ${away}`)
      .replace(/https:[^']+/, `${url}/robot`)
      .replaceAll('-m 10', '-m 120');
    const message = (of: string, answer: string) => ({
      msgtype: 'text',
      text: { content: `wechat-token: ${of}: ${answer}` },
    });
    try {
      // The app itself may not be well for a moment, on a busy machine.
      await vi.waitFor(async () => {
        told.length = 0;
        expect(await run(commands)).toBe('');
        expect(told).toEqual([
          message(url, '{status:degraded,reasons:[{code:a}]}'),
          message(away, 'no answer'),
        ]);
      }, PATIENCE_MS);
    } finally {
      other.close();
      other.closeAllConnections();
    }
  });

  it('docs/deploying.md: the requests before going live', async () => {
    const [, requests = ''] = commandsOf('docs/deploying.md', 4);
    expect(requests).toContain('# {"status":"ok","reasons":[]}');
    // curl adds no end of line to an answer; then there is the number of lines.
    expect(await run(requests)).toMatch(
      /^\{"status":"ok","reasons":\[\]\}[1-9]\d*\n$/,
    );
    const token = readFileSync(join(sandbox.folder, 'token.json'), 'utf8');
    expect(JSON.parse(token)).toMatchObject({
      name: 'access_token',
      value: sandbox.wechat.issuedTokens.at(-1),
    });
  });

  it('docs/health.md, docs/operating.md and docs/deploying.md: the check, also as under systemd', async () => {
    const [health = ''] = commandsOf('docs/health.md', 1);
    const [, , operating = '', systemd = ''] = commandsOf(
      'docs/operating.md',
      8,
    );
    const [deploying = ''] = commandsOf('docs/deploying.md', 4);
    expect(operating).toBe(health);
    expect(deploying.replace(/^#.*\n/, '')).toBe(health);
    const env = sandbox.settings();
    const expectNoFault = (printed: string) => {
      expect(printed).toMatch(/^ok +account default .* accepted/m);
      expect(printed).toContain('No fault was found.');
    };
    expectNoFault(await bash(health, PROJECT, { env }));

    // The files of the unit, here in a folder of this test.
    const folder = join(sandbox.folder, 'systemd');
    mkdirSync(folder, { mode: 0o700 });
    const inFiles = ['WECHAT_APP_SECRET', 'API_KEYS', 'DATABASE_URL'];
    const unit = 'nestjs-wechat-token.service';
    for (const name of inFiles) {
      const file = name.toLowerCase();
      expect(read(`deploy/systemd/${unit}`)).toContain(
        `=${name}_FILE=%d/${file}`,
      );
      writeFileSync(join(folder, file), env[name] ?? '', { mode: 0o600 });
    }
    const others = Object.entries(env).filter(
      ([name]) => !inFiles.includes(name),
    );
    writeFileSync(
      join(folder, 'nestjs-wechat-token.env'),
      others.map((setting) => `${setting.join('=')}\n`).join(''),
    );
    const here = systemd.replaceAll('/etc/nestjs-wechat-token/', `${folder}/`);
    expectNoFault(await bash(here, PROJECT));
  });
});

/** Of the family whose programs the page names; they come with the client that the tests need anyway. */
describe.each(databaseServers().filter(({ kind }) => kind === 'mariadb'))(
  'docs/deploying.md: a backup, on $kind $version',
  (server) => {
    it('that is older than the token is restored while nothing runs: the token of now is served again, and none is issued', async () => {
      const [, , dump = '', restore = ''] = commandsOf('docs/deploying.md', 4);
      const fresh = await createDatabase(server);
      await using sandbox = await AppSandbox.create();
      const settings = {
        DATABASE_URL: fresh.url,
        // The time of the next confirmation is over when the table is back.
        WECHAT_CONFIRM_SECONDS: '1',
        WECHAT_REFRESH_CRON: '* * * * * *',
      };
      const { hostname, port, username, password } = new URL(fresh.url);
      writeFileSync(
        join(sandbox.folder, '.my.cnf'),
        [
          '[client]',
          `host=${hostname}`,
          `port=${port}`,
          'protocol=tcp',
          `user=${decodeURIComponent(username)}`,
          `password=${decodeURIComponent(password)}`,
        ].join('\n'),
        { mode: 0o600 },
      );
      const run = (command: string) => {
        expect(command).toContain(` ${DATABASE} `);
        return bash(
          command.replace(` ${DATABASE} `, ` ${fresh.name} `),
          sandbox.folder,
          { env: { HOME: sandbox.folder } },
        );
      };
      const before = await sandbox.run(settings);
      const old = (await tokenAnswer(before.url)).access_token;
      await run(dump);
      const { appId } = DEFAULT_FAKE_ACCOUNT;
      const now = sandbox.wechat.otherSystemFetches(appId, 'stable-forced');
      await vi.waitFor(
        async () =>
          expect((await tokenAnswer(before.url)).access_token).toBe(now),
        PATIENCE_MS,
      );
      await before.stop();

      await run(restore);
      const sql = "SELECT value FROM system_var WHERE name = 'access_token'";
      expect(await queryOnce(fresh.url, sql)).toEqual([{ value: old }]);
      const issued = sandbox.wechat.issued();
      const after = await sandbox.run(settings);
      await vi.waitFor(
        async () =>
          expect((await tokenAnswer(after.url)).access_token).toBe(now),
        PATIENCE_MS,
      );
      expect(sandbox.wechat.issued()).toBe(issued);
      await after.stop();
      await fresh.drop();
    });
  },
);

describe('deploy/README.md: the secrets for Compose', () => {
  it('are made by its commands, in files that the app takes and others may not open', async () => {
    const [, secrets = '', appSecret = '', start = ''] = commandsOf(
      'deploy/README.md',
      6,
    );
    expect(start).toMatch(/^docker compose up /);
    const folder = mkdtempSync(join(tmpdir(), 'wechat-token-compose-'));
    try {
      const secret = '0123456789abcdef0123456789abcdef';
      await bash(secrets + appSecret, folder, { input: `${secret}\n` });

      const inFolder = join(folder, 'secrets');
      expect(statSync(inFolder).mode & 0o777).toBe(0o700);
      const file = (name: string) =>
        readFileSync(join(inFolder, name), 'utf8').trim();
      for (const name of readdirSync(inFolder))
        expect(statSync(join(inFolder, name)).mode & 0o777, name).toBe(0o444);

      const { services } = parse(read('deploy/compose.yaml'), {
        merge: true,
      }) as {
        services: Record<string, { environment: Record<string, string> }>;
      };
      const settings = Object.entries(services['app-1']?.environment ?? {}).map(
        ([name, value]) => [
          name,
          name.endsWith('_FILE') ? join(inFolder, basename(value)) : value,
        ],
      );
      const [, appId] = readFileSync(join(folder, '.env'), 'utf8')
        .trim()
        .split('=');
      const { database, wechatToken, warnings } = await readSettings({
        ...Object.fromEntries(settings),
        WECHAT_APP_ID: appId,
      });
      expect(warnings).toEqual([]);
      expect(database).toMatchObject({
        url: `mysql://wechat_token:${file('mysql_password')}@mysql/wechat_token`,
      });
      expect(wechatToken.accounts).toEqual([
        expect.objectContaining({ appId, appSecret: secret }),
      ]);
      expect(JSON.parse(file('api_keys'))).toMatchObject([{ id: 'ops' }]);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
