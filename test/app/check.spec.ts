import { readdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  DEFAULT_FAKE_ACCOUNT,
  DEFAULT_FAKE_WECOM_ACCOUNT,
} from '../../src/testing/index.js';
import { AppSandbox } from '../support/app-sandbox.js';
import { CommandHost } from '../support/command-host.js';
import { queryOnce } from '../support/connect.js';
import { createDatabase, databaseServers } from '../support/databases.js';

/** Begins every secret here, so that one search finds any that shows. */
const MARK = 'SeCrEt';
const SHOP = { name: 'shop', appId: 'wx_shop', appSecret: `${MARK}-of-shop` };
const { appId } = DEFAULT_FAKE_ACCOUNT;

let host: CommandHost;
let sandbox: AppSandbox;
beforeAll(() => {
  host = new CommandHost('dist/main.js');
});
beforeEach(async () => {
  sandbox = await AppSandbox.create();
  sandbox.wechat.addAccount(SHOP);
});
afterEach(() => sandbox[Symbol.asyncDispose]());
afterAll(() => host.end());

/** Runs `--check` and sees that it shows no secret and makes no classic and no forced call. */
async function check(settings: Readonly<Record<string, string>> = {}) {
  const env = sandbox.settings(settings);
  const before = sandbox.wechat.calls;
  const { code, stdout, stderr } = await host.run(env, ['--check']);
  expect(stderr).toBe('');
  for (const secret of [MARK, DEFAULT_FAKE_ACCOUNT.appSecret])
    expect(stdout).not.toContain(secret);
  for (const token of sandbox.wechat.issuedTokens)
    expect(stdout).not.toContain(token);
  const { classic, stableForced } = before;
  expect(sandbox.wechat.calls).toMatchObject({ classic, stableForced });
  // Without the width of the columns.
  return { code, lines: stdout.replaceAll(/ {2,}/g, '  ').split('\n') };
}

const accounts = (...all: object[]) => ({
  WECHAT_ACCOUNTS: JSON.stringify(all),
});

describe.each(databaseServers())('--check on $kind $version', (server) => {
  it('finds all in order before the first start, and stores nothing; then the tables as well', async () => {
    const fresh = await createDatabase(server);
    const settings = {
      DATABASE_URL: fresh.url,
      ...accounts({ ...SHOP, mode: 'classic' }),
    };

    const { code, lines } = await check(settings);
    expect(lines).toEqual([
      'ok  settings  valid',
      expect.stringMatching(/^ok {2}database {2}\w+:\/\/\S+, \w+ \d+\.\d+.*$/),
      expect.stringMatching(/^ok {2}database TLS {2}not encrypted; /),
      expect.stringMatching(/^ok {2}database clock {2}\d\.\d s .*machine's$/),
      expect.stringMatching(
        /^ok {2}database tables {2}lack the table system_var and .*; the app runs CreateWechat/,
      ),
      `ok  WeChat  ${sandbox.wechat.baseUrl} answers`,
      `ok  account default (${appId})  accepted, also from this machine's IP address`,
      `ok  account shop (wx_shop)  accepted, also from this machine's IP address`,
      '',
      'No fault was found.',
      '',
    ]);
    expect(code).toBe(0);
    expect(await tablesOf(fresh.url)).toBe(0);

    const app = await sandbox.run(settings);
    await app.stop();
    const { lines: later } = await check({
      ...settings,
      DATABASE_MIGRATE: 'false',
      WECHAT_ROLE: 'reader',
    });
    expect(later).toContainEqual(
      expect.stringMatching(/^ok +database tables +there$/),
    );
    await fresh.drop();
  });

  it('names the remedy for a database that refuses the user, and for one without tables', async () => {
    const fresh = await createDatabase(server);
    const url = new URL(fresh.url);
    url.username = 'nobody_here';
    url.password = MARK;
    const refused = await check({ DATABASE_URL: url.href });
    expect(refused.code).toBe(1);
    expect(refused.lines).toContainEqual(
      expect.stringMatching(/^fault +database +DATABASE_URL: .*Correct .*user/),
    );

    const empty = await check({
      DATABASE_URL: fresh.url,
      DATABASE_MIGRATE: 'false',
    });
    expect(empty.code).toBe(1);
    expect(empty.lines).toContainEqual(
      expect.stringMatching(
        /^fault +database tables +.* lacks the table .*DATABASE_MIGRATE=true/,
      ),
    );
    await fresh.drop();
  });
});

/** How many tables a database has. */
async function tablesOf(url: string): Promise<number> {
  const schema = url.startsWith('postgres') ? 'current_schema()' : 'DATABASE()';
  const sql = `SELECT table_name FROM information_schema.tables WHERE table_schema = ${schema}`;
  return (await queryOnce(url, sql)).length;
}

describe('--check', () => {
  it('names each fault with its remedy, and goes on: wrong secrets, an IP address that is not in the whitelist', async () => {
    sandbox.wechat.inject('stable', { errcode: 40164 }, { appId: SHOP.appId });
    const { code, lines } = await check({
      WECHAT_APP_SECRET: `${MARK}-wrong`,
      ...accounts(SHOP),
    });
    expect(code).toBe(1);
    expect(lines).toEqual(
      expect.arrayContaining([
        expect.stringMatching(
          /^fault +account default .*WeChat answered 40125 .*Correct the appSecret \(WECHAT_APP_SECRET/,
        ),
        expect.stringMatching(
          /^fault +account shop .*WeChat answered 40164 .*Add this machine's IP to the whitelist/,
        ),
        '2 faults were found.',
      ]),
    );
    expect(readdirSync(sandbox.folder)).toEqual([]);
  });

  it('asks WeCom for its applications, by one call each, and makes no call for tickets', async () => {
    const { corpId, agentId } = DEFAULT_FAKE_WECOM_ACCOUNT;
    const crm = { corpId, agentId, secret: `${MARK}-of-crm` };
    sandbox.wechat.addAccount(crm);
    const { code, lines } = await check(
      accounts(
        { ...crm, name: 'crm', kind: 'wecom', tickets: ['corp', 'agent'] },
        { ...crm, name: 'old', kind: 'wecom', secret: `${MARK}-wrong` },
        { ...SHOP, tickets: ['jsapi'] },
      ),
    );
    expect(code).toBe(1);
    const { baseUrl, calls } = sandbox.wechat;
    expect(lines.slice(2)).toEqual([
      `ok  WeChat  ${baseUrl} answers`,
      `ok  WeCom  ${baseUrl} answers`,
      `ok  account default (${appId})  accepted, also from this machine's IP address`,
      `ok  account crm (${corpId}/${agentId})  accepted, also from this machine's IP address`,
      expect.stringMatching(
        /^fault {2}account old .*WeCom answered 40001 .*Correct the corpId and the secret of this application/,
      ),
      `ok  account shop (${SHOP.appId})  accepted, also from this machine's IP address`,
      '',
      '1 fault was found.',
      '',
    ]);
    expect(calls).toMatchObject({ wecomToken: 2, wecomTicket: 0, ticket: 0 });
  });

  it('says that WeChat cannot be reached, and asks for no account then', async () => {
    await sandbox.wechat.goDown();
    const { code, lines } = await check();
    expect(code).toBe(1);
    expect(lines.filter((line) => line.startsWith('fault'))).toEqual([
      expect.stringMatching(/^fault +WeChat +no response from .*ECONNREFUSED/),
    ]);
    expect(lines.join()).not.toContain('account');
  });

  it('asks for 100 accounts, and says how many it left out', async () => {
    const many = Array.from({ length: 101 }, (_, n) => ({
      name: `shop-${n}`,
      appId: `wx_shop_${n}`,
      appSecret: `${MARK}-of-shop-${n}`,
    }));
    for (const account of many.slice(0, 99)) sandbox.wechat.addAccount(account);
    const { code, lines } = await check(accounts(...many));
    expect(code).toBe(0);
    expect(lines.filter((line) => /^ok +account /.test(line))).toHaveLength(
      100,
    );
    expect(lines).toContainEqual(
      expect.stringMatching(/^left out +accounts +2 more: .* first 100$/),
    );
  });

  it('lists the settings that are wrong', async () => {
    const { code, lines } = await check({ PORT: MARK, WECHAT_ROLE: 'boss' });
    expect(code).toBe(1);
    expect(lines).toEqual([
      expect.stringMatching(/^fault {2}settings {2}PORT must be a port/),
      expect.stringMatching(/^fault {2}settings {2}WECHAT_ROLE must be /),
      '',
      '2 faults were found.',
      '',
    ]);
  });

  it('a folder for SQLite that cannot be made is a fault', async () => {
    const file = join(sandbox.folder, 'none/app.sqlite');
    const { code, lines } = await check({ DATABASE_URL: `sqlite:${file}` });
    expect(code).toBe(0);
    expect(lines).toContainEqual(
      `ok  database  sqlite:${file} does not exist yet; the app makes it`,
    );
    const closed = join(sandbox.folder, 'a-file/in/app.sqlite');
    writeFileSync(join(sandbox.folder, 'a-file'), '');
    const refused = await check({ DATABASE_URL: `sqlite:${closed}` });
    expect(refused.code).toBe(1);
    expect(refused.lines).toContainEqual(
      expect.stringMatching(
        /^fault +database +.* \(ENOTDIR\)\. .*make its folder writable\.$/,
      ),
    );
  });
});

describe('the command line', () => {
  it('prints the version, and what it knows', async () => {
    const version = await host.run({}, ['--version']);
    expect(version).toMatchObject({ code: 0, stderr: '' });
    expect(version.stdout).toMatch(/^\d+\.\d+\.\d+\n$/);
    const help = await host.run({}, ['-h']);
    expect(help).toMatchObject({ code: 0, stderr: '' });
    for (const argument of ['--check', '--help', '--version'])
      expect(help.stdout).toContain(argument);
  });

  it.each([
    [['--chek'], 'Unknown argument: --chek. '],
    [['start'], 'Unknown argument: start. '],
    [[`--key=${MARK}`], 'Unknown argument: --key. '],
    [['--check=yes'], 'Unknown argument: --check. '],
    [['--check', '--'], 'Unknown argument: --. '],
    [['--check', '--help'], 'Give one of '],
  ])('refuses %j', async (args, message) => {
    const { code, stdout, stderr } = await host.run({}, args);
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' });
    expect(stderr).toContain(message);
    expect(stderr).not.toContain(MARK);
  });
});
