import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { resolveOptions } from '../wechat-token/options/options.schema.js';
import { type Environment, loadSettings, readSettings } from './settings.js';

const ACCOUNT = { WECHAT_APP_ID: 'wx_one', WECHAT_APP_SECRET: 'secret-one' };
const KEY_1 = Buffer.alloc(32, 1).toString('base64');
const KEY_2 = Buffer.alloc(32, 2).toString('base64');

const load = (environment: Environment = {}) =>
  loadSettings({ ...ACCOUNT, ...environment });
/** What the module makes of them, defaults filled in. */
const engine = (environment: Environment = {}) =>
  resolveOptions(load(environment).wechatToken).settings;

describe('the settings of the app', () => {
  let folder: string;
  beforeAll(() => (folder = mkdtempSync(join(tmpdir(), 'wechat-settings-'))));
  afterAll(() => rmSync(folder, { recursive: true }));

  const file = (name: string, content: unknown) => {
    const path = join(folder, name);
    writeFileSync(path, JSON.stringify(content));
    return path;
  };

  it('needs no more than the credentials of one account', () => {
    expect(load()).toMatchObject({
      port: 3000,
      host: '127.0.0.1',
      keepAliveTimeoutMs: 75_000,
      database: { type: 'better-sqlite3', path: 'data/wechat-token.sqlite' },
      migrate: true,
      logLevel: 'log',
      trustProxy: [],
    });
    expect(load().wechatToken.accounts).toEqual([
      { appId: 'wx_one', appSecret: 'secret-one', mode: 'stable' },
    ]);
    expect(engine()).toMatchObject({
      role: 'refresher',
      api: {
        baseUrl: 'https://api.weixin.qq.com',
        fallbackUrls: [],
        timeoutMs: 5000,
      },
      refresh: {
        cron: '*/5 * * * * *',
        marginSeconds: undefined,
        confirmMs: 300_000,
        leaseMs: 30_000,
        syncIntervalMs: 1000,
      },
      encryptionKeys: [],
    });
    expect(engine().http.apiKeys.current()).toEqual([]);
  });

  it.each<[Environment, unknown]>([
    [{ PORT: '0' }, { port: 0 }],
    [{ PORT: '65535' }, { port: 65_535 }],
    [{ TRUST_PROXY: '0' }, { trustProxy: 0 }],
    [{ TRUST_PROXY: '2' }, { trustProxy: 2 }],
    [{ TRUST_PROXY: 'loopback' }, { trustProxy: ['loopback'] }],
    [
      { TRUST_PROXY: '10.0.0.5, 192.168.0.0/16,fd00::/8, ::1' },
      { trustProxy: ['10.0.0.5', '192.168.0.0/16', 'fd00::/8', '::1'] },
    ],
    [{ HOST: '0.0.0.0' }, { host: '0.0.0.0' }],
    [{ KEEP_ALIVE_TIMEOUT_MS: '1000' }, { keepAliveTimeoutMs: 1000 }],
    [{ DATABASE_MIGRATE: 'false' }, { migrate: false }],
    [{ LOG_LEVEL: 'debug' }, { logLevel: 'debug' }],
    [{}, { logFormat: 'auto', metrics: 'open', audit: 'sampled' }],
    [
      { LOG_FORMAT: 'json', METRICS: 'off', AUDIT: 'all' },
      { logFormat: 'json', metrics: 'off', audit: 'all' },
    ],
    [
      { DATABASE_URL: 'sqlite:a/b.sqlite' },
      { database: { type: 'better-sqlite3', path: 'a/b.sqlite' } },
    ],
    [
      { DATABASE_URL: 'sqlite:///abs/b.sqlite' },
      { database: { type: 'better-sqlite3', path: '/abs/b.sqlite' } },
    ],
    [
      { DATABASE_URL: 'mysql://u:p%40@h:1/d' },
      {
        database: {
          type: 'mysql',
          url: 'mysql://u:p%40@h:1/d',
          server: {
            host: 'h',
            port: 1,
            username: 'u',
            password: 'p@',
            database: 'd',
          },
        },
      },
    ],
    [
      { DATABASE_URL: 'mariadb://u@h/d' },
      { database: { type: 'mariadb', url: 'mariadb://u@h/d' } },
    ],
    ...['postgres://u:p%40@[::1]:1/d', 'postgresql://u@h/d'].map(
      (url): [Environment, unknown] => [
        { DATABASE_URL: url },
        { database: { type: 'postgres', url } },
      ],
    ),
    [
      { DATABASE_URL: 'mysql://[2001:db8::1]:3306/d%20b' },
      {
        database: {
          server: { host: '2001:db8::1', port: 3306, database: 'd b' },
        },
      },
    ],
  ])('reads %o', (environment, expected) => {
    expect(load(environment)).toMatchObject(expected as object);
  });

  it.each<[Environment, unknown]>([
    [{ WECHAT_ROLE: 'reader' }, { role: 'reader' }],
    [
      { WECHAT_API_BASE_URL: 'https://proxy:8443/wx/' },
      { api: { baseUrl: 'https://proxy:8443/wx' } },
    ],
    [
      { WECHAT_API_FALLBACK_URLS: 'https://a.example, https://b.example,' },
      { api: { fallbackUrls: ['https://a.example', 'https://b.example'] } },
    ],
    [{}, { api: { wecomBaseUrl: 'https://qyapi.weixin.qq.com' } }],
    [
      { WECOM_API_BASE_URL: 'https://proxy:8443/qy/' },
      { api: { wecomBaseUrl: 'https://proxy:8443/qy' } },
    ],
    [{ WECHAT_REQUEST_TIMEOUT_MS: '250' }, { api: { timeoutMs: 250 } }],
    [
      { WECHAT_PROXY_URL: 'http://u:p%40@10.0.0.5:3128/' },
      { api: { proxyUrl: 'http://u:p%40@10.0.0.5:3128/' } },
    ],
    [{ WECHAT_REFRESH_CRON: '0 * * * *' }, { refresh: { cron: '0 * * * *' } }],
    [
      { WECHAT_REFRESH_MARGIN_SECONDS: '60' },
      { refresh: { marginSeconds: 60 } },
    ],
    [{ WECHAT_CONFIRM_SECONDS: '0' }, { refresh: { confirmMs: 0 } }],
    [{ WECHAT_LEASE_SECONDS: '12' }, { refresh: { leaseMs: 12_000 } }],
    [{ WECHAT_SYNC_INTERVAL_MS: '500' }, { refresh: { syncIntervalMs: 500 } }],
  ])('hands %o to the module', (environment, expected) => {
    expect(engine(environment)).toMatchObject(expected as object);
  });

  it('takes a setting that is empty, or of blanks, for one that is not set', () => {
    const names = [
      'WECHAT_PROXY_URL KEEP_ALIVE_TIMEOUT_MS',
      'PORT HOST DATABASE_URL DATABASE_MIGRATE LOG_LEVEL WECHAT_ROLE TRUST_PROXY',
      'WECHAT_ACCOUNTS WECHAT_ACCOUNTS_FILE WECHAT_TOKEN_MODE',
      'WECHAT_API_BASE_URL WECHAT_API_FALLBACK_URLS WECOM_API_BASE_URL',
      'WECHAT_REFRESH_CRON',
      'WECHAT_REFRESH_MARGIN_SECONDS WECHAT_CONFIRM_SECONDS',
      'WECHAT_LEASE_SECONDS WECHAT_REQUEST_TIMEOUT_MS',
      'WECHAT_SYNC_INTERVAL_MS TOKEN_ENCRYPTION_KEYS API_KEYS API_KEYS_FILE',
    ].flatMap((line) => line.split(' '));
    for (const blank of ['', ' \t'])
      expect(load(Object.fromEntries(names.map((n) => [n, blank])))).toEqual(
        load(),
      );
  });

  it('drops the blanks and the line end around a value', () => {
    expect(load({ WECHAT_APP_SECRET: ' secret-one\n', PORT: '80 ' })).toEqual({
      ...load(),
      port: 80,
    });
  });

  describe('accounts', () => {
    const shop = { name: 'shop', appId: 'wx_shop', appSecret: 'secret-shop' };

    it('come from WECHAT_APP_ID and WECHAT_ACCOUNTS together', () => {
      const { accounts } = load({
        WECHAT_ACCOUNTS: JSON.stringify([{ ...shop, kind: 'mini-program' }]),
      }).wechatToken;
      expect(accounts).toEqual([
        { appId: 'wx_one', appSecret: 'secret-one', mode: 'stable' },
        { ...shop, kind: 'mini-program', mode: 'stable' },
      ]);
    });

    it('come from the file that WECHAT_ACCOUNTS_FILE names', async () => {
      const path = file('accounts.json', [shop]);
      const { wechatToken } = await readSettings({
        WECHAT_ACCOUNTS_FILE: path,
      });
      expect(wechatToken.accounts).toEqual([{ ...shop, mode: 'stable' }]);
    });

    it('have the mode of WECHAT_TOKEN_MODE unless they name their own', () => {
      const { accounts } = load({
        WECHAT_TOKEN_MODE: 'classic',
        WECHAT_ACCOUNTS: JSON.stringify([
          shop,
          { ...shop, name: 'other', mode: 'stable' },
        ]),
      }).wechatToken;
      expect(accounts).toMatchObject([
        { mode: 'classic' },
        { mode: 'classic' },
        { mode: 'stable' },
      ]);
    });

    it('of WeCom have no mode, and ids that are strings or numbers', () => {
      const application = {
        name: 'crm',
        kind: 'wecom',
        corpId: 'ww_corp',
        secret: 'secret-crm',
      } as const;
      const accounts = [
        { ...application, agentId: 1_000_002, tickets: ['corp', 'agent'] },
        { ...application, name: 'contacts' },
        { ...shop, tickets: ['jsapi', 'wx_card'] },
      ];
      const { wechatToken } = load({
        WECHAT_TOKEN_MODE: 'classic',
        WECHAT_ACCOUNTS: JSON.stringify(accounts),
      });
      expect(wechatToken.accounts).toEqual([
        { appId: 'wx_one', appSecret: 'secret-one', mode: 'classic' },
        ...accounts.slice(0, 2),
        { ...accounts[2], mode: 'classic' },
      ]);
    });

    it('of a reader need no secret', () => {
      expect(
        loadSettings({ WECHAT_APP_ID: 'wx_one', WECHAT_ROLE: 'reader' })
          .wechatToken.accounts,
      ).toEqual([{ appId: 'wx_one', mode: 'stable' }]);
    });
  });

  it('reads API keys from API_KEYS and from a file', async () => {
    const keys = [
      { id: 'a', key: '0123456789'.repeat(4), scopes: ['tokens:issue'] },
      {
        id: 'b',
        key: `sha256:${'5e'.repeat(32)}`,
        scopes: ['tokens:read', 'tokens:refresh'],
        accounts: ['default'],
      },
    ];
    const path = file('keys.json', keys);
    for (const setting of [
      { API_KEYS: JSON.stringify(keys) },
      { API_KEYS_FILE: path },
    ]) {
      const { wechatToken } = await readSettings({ ...ACCOUNT, ...setting });
      const { settings } = resolveOptions(wechatToken);
      expect(settings.http.apiKeys.current()).toEqual(keys);
    }
  });

  it('reads encryption keys in their order: the first encrypts', () => {
    const TOKEN_ENCRYPTION_KEYS = `new:${KEY_2}, old:${KEY_1}`;
    const { encryptionKeys } = engine({ TOKEN_ENCRYPTION_KEYS });
    const bytes = encryptionKeys.map(({ id, key }) => [id, key.export()]);
    expect(bytes).toEqual([
      ['new', Buffer.alloc(32, 2)],
      ['old', Buffer.alloc(32, 1)],
    ]);
  });
});
