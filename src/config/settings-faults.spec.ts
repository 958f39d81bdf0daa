import { ACCOUNT, MARK, refuse } from '../../test/support/refused-settings.js';
import { loadSettings } from './settings.js';

const KEY = Buffer.alloc(32, 7).toString('base64');
const PORT = /^must be a port number from 0 to 65535$/;
const URL = /^must be an http or https URL .*, such as "https:/;
const DATABASE = /^must be mysql:\/\/user:password@host:3306\/database, /;
const whole = (range: string) =>
  new RegExp(`^must be an integer from ${range}$`);
const PROXY =
  /^must be a number of proxies from 0 to 32, or a list of their addresses /;
const HTTP_PROXY = /^must be an http or https URL of a proxy, such as /;
const CRON = /^must be a cron expression such as "\*\/5 \* \* \* \* \*"$/;

describe('a setting that is wrong', () => {
  it.each<[setting: string, value: string, problem: RegExp, field?: string]>([
    ['PORT', 'http', PORT],
    ['PORT', '-1', PORT],
    ['PORT', '65536', PORT],
    ['PORT', '80.5', PORT],
    ['HEADERS_TIMEOUT_MS', '0', whole('1000 to 120000')],
    ['REQUEST_TIMEOUT_MS', '300s', whole('1000 to 120000')],
    [
      'REQUEST_TIMEOUT_MS',
      '4999',
      /^must be at least HEADERS_TIMEOUT_MS, since it covers /,
    ],
    ['MAX_CONNECTIONS', '0', whole('1 to 100000')],
    ['KEEP_ALIVE_TIMEOUT_MS', '0', whole('1000 to 3600000')],
    ['KEEP_ALIVE_TIMEOUT_MS', '75s', whole('1000 to 3600000')],
    ['KEEP_ALIVE_TIMEOUT_MS', '3600001', whole('1000 to 3600000')],
    ['DATABASE_URL', 'oracle://u:p@h/d', DATABASE],
    ['DATABASE_URL', `mysql://u:${MARK}@h`, DATABASE],
    ['DATABASE_URL', `mysql://u:${MARK}%@h/d`, DATABASE],
    ['DATABASE_URL', `postgres://u:${MARK}@h`, DATABASE],
    [
      'DATABASE_URL',
      `postgresql://u:${MARK}@h/d?sslcert=${MARK}&schema=x`,
      /^has parameters that are not known \(sslcert, schema\); remove /,
    ],
    ...[
      `mysql://u:${MARK}@h/d?charset=${MARK}`,
      `mariadb://u:${MARK}@h/d?charset=${MARK}#`,
      `sqlite:${MARK}.sqlite?charset=true`,
    ].map((url): [string, string, RegExp] => [
      'DATABASE_URL',
      url,
      /^has parameters that are not known \(charset(, #)?\); remove /,
    ]),
    ['DATABASE_URL', `mysql://u:${MARK}@h/d%`, DATABASE],
    ['DATABASE_URL', `mysql://u:${MARK}/@h/d`, DATABASE],
    // Read as they stand, what begins the password is a port: none, or 4711.
    ['DATABASE_URL', `mysql://root:/${MARK}@db/app`, DATABASE],
    ['DATABASE_URL', `mysql://root:4711/${MARK}@db:3306/app`, DATABASE],
    ['DATABASE_URL', `mysql://root:4711/${MARK}?@db:3306/app`, DATABASE],
    ['DATABASE_URL', `mysql://root:4711/${MARK}#@db:3306/app`, DATABASE],
    ['DATABASE_URL', 'sqlite:', DATABASE],
    ['DATABASE_MIGRATE', 'yes', /^must be one of true, false$/],
    ['LOG_LEVEL', 'info', /^must be one of .*debug, log, warn, error, fatal$/],
    ['LOG_FORMAT', 'xml', /^must be one of auto, json, pretty$/],
    ['METRICS', 'yes', /^must be one of open, key, off$/],
    ['METRICS', 'key', /^is "key", but there are no API keys; set API_KEYS /],
    ['AUDIT', 'none', /^must be one of all, sampled, off$/],
    ['TRUST_PROXY', 'true', PROXY],
    ['TRUST_PROXY', '33', PROXY],
    ['TRUST_PROXY', '-1', PROXY],
    ['TRUST_PROXY', '10.0.0.0/33', PROXY],
    ['TRUST_PROXY', '10.0.0.0/0', PROXY],
    ['TRUST_PROXY', 'fd00::/129', PROXY],
    ['TRUST_PROXY', '10.0.0.1,proxy.example', PROXY],
    ['TRUST_PROXY', '10.0.0.1,', PROXY],
    ['TRUST_PROXY', '10.0.0.0/8/8', PROXY],
    ['WECHAT_TOKEN_MODE', 'Stable', /^must be one of stable, classic$/],
    ['WECHAT_ROLE', 'writer', /^must be "refresher" or "reader"$/],
    ['WECHAT_API_BASE_URL', 'api.weixin.qq.com', URL],
    ['WECHAT_API_BASE_URL', 'ftp://api.weixin.qq.com', URL],
    ['WECHAT_API_BASE_URL', 'https://h/?x=1', URL],
    ['WECOM_API_BASE_URL', 'qyapi.weixin.qq.com', URL],
    ['WECHAT_API_BASE_URL', `https://u:${MARK}@h/`, URL],
    [
      'WECHAT_API_FALLBACK_URLS',
      'https://a.example,b',
      URL,
      'WECHAT_API_FALLBACK_URLS[1]',
    ],
    ['WECHAT_PROXY_URL', `user:${MARK}@10.0.0.5:3128`, HTTP_PROXY],
    ['WECHAT_PROXY_URL', `socks5://u:${MARK}@10.0.0.5`, HTTP_PROXY],
    ['WECHAT_PROXY_URL', `http://u:${MARK}%@10.0.0.5`, HTTP_PROXY],
    ['WECHAT_PROXY_URL', `http://u:${MARK}/@10.0.0.5`, HTTP_PROXY],
    ['WECHAT_PROXY_URL', 'http://10.0.0.5:3128/path', HTTP_PROXY],
    ['WECHAT_PROXY_URL', '"http://10.0.0.5:3128"', HTTP_PROXY],
    ['WECHAT_REFRESH_CRON', 'every minute', CRON],
    ['WECHAT_REFRESH_CRON', '61 * * * * *', CRON],
    ['WECHAT_REFRESH_MARGIN_SECONDS', '0', whole('1 to 86400')],
    ['WECHAT_CONFIRM_SECONDS', '-1', whole('0 to 86400')],
    ['WECHAT_LEASE_SECONDS', '0.5', whole('1 to 3600')],
    ['WECHAT_REQUEST_TIMEOUT_MS', '5s', whole('100 to 120000')],
    ['WECHAT_SYNC_INTERVAL_MS', '1', whole('50 to 60000')],
    [
      'WECHAT_LEASE_SECONDS',
      '5',
      /^must be greater than 10: a renewal may make two calls to the platform of up to 5 s each .*; raise it, or lower the timeout$/,
    ],
    ['TOKEN_ENCRYPTION_KEYS', KEY, /^must be "id:key,id:key" with keys of 32 /],
    ['TOKEN_ENCRYPTION_KEYS', `a:${KEY}:b`, /^must be "id:key,id:key" with /],
    [
      'TOKEN_ENCRYPTION_KEYS',
      `a:${KEY},b:${MARK}`,
      /^must be 32 bytes in base64 \(generate it with: openssl rand -base64 32\)$/,
      'TOKEN_ENCRYPTION_KEYS[1].key',
    ],
    [
      'TOKEN_ENCRYPTION_KEYS',
      `a b:${KEY}`,
      /^must be 1 to 32 letters, digits, /,
      'TOKEN_ENCRYPTION_KEYS[0].id',
    ],
    [
      'TOKEN_ENCRYPTION_KEYS',
      `a:${KEY},a:${KEY}`,
      /^"a" is the id of another key; key ids must be unique$/,
      'TOKEN_ENCRYPTION_KEYS[1].id',
    ],
  ])('%s=%s is reported by its name and what it must be', (...row) => {
    const [setting, value, problem, field = setting] = row;
    const { faults, message } = refuse({ ...ACCOUNT, [setting]: value });
    expect(faults).toEqual([
      { field, problem: expect.stringMatching(problem) },
    ]);
    expect(message).toBe(
      `nestjs-wechat-token cannot start because of invalid settings:\n  - ${field}: ${faults[0]?.problem}`,
    );
  });
});

describe('a secret with what was copied with it', () => {
  const spoiled = [
    '"',
    "'",
    '`',
    ' ',
    '\t',
    '\n',
    '\u00a0',
    '\u200b',
    '\ufeff',
    '\u0000',
    '\u201c',
    '\u00e9',
  ];
  const SPOILED = /^contains a quote, a blank, an invisible character /;
  const ENCRYPTION_KEY =
    /^must be (?:32 bytes in base64|1 to 32 letters|"id:key,id:key" with)/;
  const API_KEY = /^of "a" must be at least 32 printable ASCII /;
  const APP_ID = /^must be the appid from the platform's console, /;
  const account = (fields: object) =>
    JSON.stringify([
      { name: 'shop', appId: 'wx_a', appSecret: MARK, ...fields },
    ]);

  it.each(
    spoiled.flatMap((sign): [string, string, string, RegExp][] => {
      // The blanks around a setting are dropped.
      const within = `${MARK}-012${sign}3456789`;
      const key = {
        id: 'a',
        // A quote may be a part of a key: this one is too short as well.
        key: `${MARK}-0123456789${sign}`,
        scopes: ['tokens:issue'],
      };
      return [
        ['WECHAT_APP_SECRET', within, 'WECHAT_APP_SECRET', SPOILED],
        ['WECHAT_APP_ID', `wx${sign}1`, 'WECHAT_APP_ID', APP_ID],
        [
          'WECHAT_ACCOUNTS',
          account({ appSecret: `${MARK}${sign}` }),
          'WECHAT_ACCOUNTS[0].appSecret',
          SPOILED,
        ],
        [
          'WECHAT_ACCOUNTS',
          account({ appId: `${sign}wx` }),
          'WECHAT_ACCOUNTS[0].appId',
          APP_ID,
        ],
        ['API_KEYS', JSON.stringify([key]), 'API_KEYS[0].key', API_KEY],
        [
          'TOKEN_ENCRYPTION_KEYS',
          `a:${KEY.slice(0, 9)}${sign}${KEY.slice(9)}`,
          'TOKEN_ENCRYPTION_KEYS[0].key',
          ENCRYPTION_KEY,
        ],
      ];
    }),
  )(
    '%s=%j is refused at start, and not shown',
    (setting, value, field, problem) => {
      const { faults } = refuse({ ...ACCOUNT, [setting]: value });
      expect(faults).toEqual([
        { field, problem: expect.stringMatching(problem) },
      ]);
    },
  );
});

describe('a lease', () => {
  const TWO_HOSTS = 'https://a.example,https://b.example';

  // One deadline bounds a call, however many hosts it tries.
  it.each(['', TWO_HOSTS])(
    'must exceed two calls of the request timeout, with the fallback hosts "%s"',
    (WECHAT_API_FALLBACK_URLS) => {
      const times = (WECHAT_LEASE_SECONDS: string) => ({
        ...ACCOUNT,
        WECHAT_API_FALLBACK_URLS,
        WECHAT_REQUEST_TIMEOUT_MS: '5000',
        WECHAT_LEASE_SECONDS,
      });
      expect(refuse(times('10')).faults).toEqual([
        {
          field: 'WECHAT_LEASE_SECONDS',
          problem: expect.stringMatching(
            /^must be greater than 10: .* 5 s each /,
          ),
        },
      ]);
      expect(loadSettings(times('11')).wechatToken).toMatchObject({
        api: { timeoutMs: 5000 },
        refresh: { leaseSeconds: 11 },
      });
    },
  );
});

describe('credentials', () => {
  it('that are missing are reported with the way to try the app without them', () => {
    for (const none of [{}, { WECHAT_ACCOUNTS: '[]' }])
      expect(refuse(none).message).toMatch(
        /\n {2}- WECHAT_APP_ID: is missing; set WECHAT_APP_ID and WECHAT_APP_SECRET, or WECHAT_ACCOUNTS .*npm run demo\)$/,
      );
  });

  it.each([
    [{ WECHAT_APP_ID: 'wx_one' }, 'WECHAT_APP_SECRET', /^is missing; /],
    [{ WECHAT_APP_SECRET: MARK }, 'WECHAT_APP_ID', /^must be the appid from /],
    [
      { ...ACCOUNT, WECHAT_APP_ID: 'wx one' },
      'WECHAT_APP_ID',
      /^must be the app/,
    ],
  ])('that are incomplete: %o', (environment, field, problem) => {
    expect(refuse(environment).faults).toEqual([
      { field, problem: expect.stringMatching(problem) },
    ]);
  });
});

it('all faults are reported together, each once', () => {
  const { faults } = refuse({
    PORT: 'x',
    DATABASE_URL: `mysql://u:${MARK}@h`,
    DATABASE_MIGRATE: '1',
    LOG_LEVEL: 'x',
    WECHAT_APP_SECRET: MARK,
    WECHAT_ACCOUNTS: JSON.stringify([
      { name: 'a', appId: 'wx_a' },
      { name: 'a', appId: 'wx_a', appSecret: MARK },
    ]),
    WECHAT_TOKEN_MODE: 'x',
    WECHAT_ROLE: 'x',
    WECHAT_API_BASE_URL: 'x',
    WECHAT_REFRESH_CRON: 'x',
    WECHAT_REQUEST_TIMEOUT_MS: '40000',
    TOKEN_ENCRYPTION_KEYS: `a:${MARK}`,
    API_KEYS: `[{"id":"a","key":"${MARK}"},{"id":"a"}]`,
  });
  expect(faults.map(({ field }) => field).toSorted()).toEqual([
    'API_KEYS[0].key',
    'API_KEYS[0].scopes',
    'API_KEYS[1].id',
    'API_KEYS[1].key',
    'API_KEYS[1].scopes',
    'DATABASE_MIGRATE',
    'DATABASE_URL',
    'LOG_LEVEL',
    'PORT',
    'TOKEN_ENCRYPTION_KEYS[0].key',
    'WECHAT_ACCOUNTS[0].appSecret',
    'WECHAT_ACCOUNTS[1].name',
    'WECHAT_API_BASE_URL',
    'WECHAT_APP_ID',
    'WECHAT_LEASE_SECONDS',
    'WECHAT_REFRESH_CRON',
    'WECHAT_ROLE',
    'WECHAT_TOKEN_MODE',
  ]);
});

it('faults of the module are reported even when there are no accounts', () => {
  const fields = refuse({ WECHAT_ROLE: 'x' }).faults.map(({ field }) => field);
  expect(fields).toEqual(['WECHAT_APP_ID', 'WECHAT_ROLE']);
});
