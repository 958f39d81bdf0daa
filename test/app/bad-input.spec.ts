import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';
import { createDatabase, databaseServers } from '../support/databases.js';
import { driverCodes } from '../support/driver-codes.js';
import { AppSandbox } from '../support/app-sandbox.js';
import { CommandHost, type CommandResult } from '../support/command-host.js';

/** Begins every secret here, so that one search finds any that shows. */
const MARK = 'SeCrEt';
const APP_SECRET = { WECHAT_APP_SECRET: `${MARK}-of-the-app` };

let sandbox: AppSandbox;
let host: CommandHost;
beforeAll(async () => {
  sandbox = await AppSandbox.create();
  host = new CommandHost('dist/main.js');
});
afterAll(async () => {
  await host.end();
  await sandbox[Symbol.asyncDispose]();
});

/** Starts an app that must end at once, with nothing but a message, and returns that. */
async function refusal(
  settings: Readonly<Record<string, string>>,
): Promise<string> {
  return messageOf(
    await host.run(sandbox.settings({ ...APP_SECRET, ...settings })),
  );
}

/** As {@link refusal}, in a process of its own. */
async function refusalOfProcess(
  settings: Readonly<Record<string, string>>,
): Promise<string> {
  const app = sandbox.spawn({ ...APP_SECRET, ...settings });
  const { code } = await app.exit;
  return messageOf({ code, stdout: app.logs(), stderr: app.stderr() });
}

function messageOf({
  code,
  stdout,
  stderr,
}: Omit<CommandResult, 'code'> & { code: number | null }): string {
  expect(code).toBe(1);
  expect(stdout).toBe('');
  expect(stderr).not.toMatch(/^\s+at /m);
  expect(stderr).not.toContain(MARK);
  expect(sandbox.wechat.calls.total).toBe(0);
  return stderr;
}

describe('settings that are missing or wrong', () => {
  it('are reported without a stack: the credentials, and how to do without', async () => {
    expect(
      await refusalOfProcess({ WECHAT_APP_ID: '', WECHAT_APP_SECRET: '' }),
    ).toMatch(
      /^nestjs-wechat-token cannot start because of invalid settings:\n {2}- WECHAT_APP_ID: is missing; .*npm run demo\)\n$/,
    );
  });

  it('are all reported at once', async () => {
    const lines = (
      await refusal({
        PORT: 'x',
        WECHAT_APP_ID: '',
        WECHAT_ROLE: 'boss',
        WECHAT_ACCOUNTS: `{"${MARK}"`,
        API_KEYS: `[{"id":"a","key":"${MARK}"}]`,
        DATABASE_URL: `mysql://root:${MARK}@`,
      })
    ).split('\n');
    const named = lines.flatMap(
      (line) => /^ {2}- ([^:]+): \S/.exec(line)?.[1] ?? [],
    );
    expect(named.toSorted()).toEqual([
      'API_KEYS[0].key',
      'API_KEYS[0].scopes',
      'DATABASE_URL',
      'PORT',
      'WECHAT_ACCOUNTS',
      'WECHAT_APP_ID',
      'WECHAT_ROLE',
    ]);
  });
});

it.each([
  `mysql://root:/${MARK}@db/app`,
  `mysql://root:4711/${MARK}@db:3306/app`,
  `mysql://root:4711/${MARK}?@db:3306/app`,
])(
  'a password that is not escaped is taken for no part of the address: %s',
  async (DATABASE_URL) => {
    expect(await refusal({ DATABASE_URL })).toMatch(
      /^nestjs-wechat-token cannot start because of invalid settings:\n {2}- DATABASE_URL: must be mysql:\/\/user:password@.* encode @ : \/ \? # and % as %40 .*\)\n$/,
    );
  },
);

describe('a database that cannot be had', () => {
  it('because its folder cannot be made', async () => {
    const file = join(sandbox.folder, 'a-file');
    writeFileSync(file, '');
    expect(await refusal({ DATABASE_URL: `sqlite:${file}/in/db` })).toBe(
      `DATABASE_URL: cannot open sqlite:${file}/in/db (ENOTDIR). Correct the path, or make its folder writable.\n`,
    );
  });

  it('because the path is a folder', async () => {
    const url = `sqlite:${sandbox.folder}`;
    expect(await refusal({ DATABASE_URL: url })).toBe(
      `DATABASE_URL: cannot open ${url} (SQLITE_CANTOPEN). Correct the path, or make its folder writable.\n`,
    );
  });

  it('because the file is something else', async () => {
    const file = join(sandbox.folder, 'letter.txt');
    writeFileSync(file, 'Dear reader, this is no database. '.repeat(200));
    expect(await refusal({ DATABASE_URL: `sqlite:${file}` })).toBe(
      `DATABASE_URL: cannot open sqlite:${file} (SQLITE_NOTADB). The file is not an SQLite database: correct the path.\n`,
    );
  });

  it('because its tables are to be made by hand, and are not there', async () => {
    const url = `sqlite:${join(sandbox.folder, 'empty.sqlite')}`;
    expect(
      await refusal({ DATABASE_URL: url, DATABASE_MIGRATE: 'false' }),
    ).toBe(
      `DATABASE_URL: ${url} lacks the table system_var and the table token_event. Run CreateWechatTokenTables1790000000000, AddRenewalQueue1791000000000 (npm run typeorm -- migration:run, or set DATABASE_MIGRATE=true); if its table "migrations" says that they have run, delete their rows there first.\n`,
    );
  });
});

describe.each(databaseServers())('a database on $kind $version', (server) => {
  const at = (change: (url: URL) => void) => {
    const url = new URL(server.url);
    change(url);
    return url.href;
  };

  it('with a wrong password', async () => {
    const url = at((u) => {
      u.username = `nobody_${randomBytes(4).toString('hex')}`;
      u.password = MARK;
      u.pathname = '/tokens';
    });
    expect(await refusal({ DATABASE_URL: url })).toMatch(
      /^DATABASE_URL: cannot open \w+:\/\/[^/@]+\/tokens \((?:ER_ACCESS_DENIED_ERROR|28000)\)\. Correct .*user.*\.\n$/,
    );
  });

  it('that does not exist', async () => {
    const name = `${server.databasePrefix}none`;
    const url = at((u) => (u.pathname = `/${name}`));
    expect(await refusal({ DATABASE_URL: url })).toMatch(
      new RegExp(
        `^DATABASE_URL: cannot open \\S+/${name} \\(${driverCodes(server).noDatabase}\\)\\. The database does not exist: create it first\\.\n$`,
      ),
    );
  });

  it('that is empty, although DATABASE_MIGRATE is false', async () => {
    const database = await createDatabase(server);
    expect(
      await refusalOfProcess({
        DATABASE_URL: database.url,
        DATABASE_MIGRATE: 'false',
      }),
    ).toMatch(
      /^DATABASE_URL: \S+ lacks the table system_var and the table token_event\. Run CreateWechatTokenTables1790000000000, AddRenewalQueue1791000000000 \(.*DATABASE_MIGRATE=true\); .*\n$/,
    );
    await database.drop();
  });
});

describe('an address that cannot be listened on', () => {
  it('because its port is in use', async () => {
    const taken = createServer().listen(0, '127.0.0.1');
    await once(taken, 'listening');
    const { port } = taken.address() as AddressInfo;
    expect(await refusal({ PORT: String(port) })).toBe(
      `PORT: ${port} on 127.0.0.1 is already in use. Set PORT to a free port, or stop the process that uses it.\n`,
    );
    taken.close();
  });

  it('because it is not ours', async () => {
    expect(await refusal({ HOST: '203.0.113.1' })).toBe(
      'HOST: 203.0.113.1 is not an address of this machine. Set HOST to one of its addresses, such as 127.0.0.1 or 0.0.0.0.\n',
    );
  });
});
