import { execFileSync } from 'node:child_process';
import {
  chmodSync,
  mkdtempSync,
  rmSync,
  truncateSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  ACCOUNT,
  MARK,
  refuse,
  refuseFiles,
} from '../../test/support/refused-settings.js';
import { loadSettings, readSettings } from './settings.js';

const account = (fields: object) =>
  JSON.stringify([{ name: 'shop', appId: 'wx_a', appSecret: MARK, ...fields }]);
const application = (fields: object) =>
  JSON.stringify([
    { name: 'crm', kind: 'wecom', corpId: 'ww_a', secret: MARK, ...fields },
  ]);
const apiKey = (fields: object) =>
  JSON.stringify([
    {
      id: 'a',
      key: `${MARK}-0123456789abcdefghijklmnop`,
      scopes: ['tokens:issue'],
      ...fields,
    },
  ]);

describe('a list that is wrong', () => {
  it.each<[setting: string, value: string, field: string, problem: RegExp]>([
    [
      'WECHAT_ACCOUNTS',
      `{"a":"${MARK}"`,
      '',
      /^must be a JSON array such as \[\{/,
    ],
    ['WECHAT_ACCOUNTS', `"${MARK}"`, '', /^must be a JSON array such as \[\{/],
    [
      'WECHAT_ACCOUNTS',
      `["${MARK}"]`,
      '[0]',
      /^must be an object with the fields name, kind, /,
    ],
    [
      'WECHAT_ACCOUNTS',
      '[null]',
      '[0]',
      /^must be an object with the fields name, kind, /,
    ],
    [
      'WECHAT_ACCOUNTS',
      account({ secret: MARK, [MARK]: 1 }),
      '[0]',
      /^has an unknown field; remove it, .* \(known: name, kind, appId, appSecret, mode, tickets\)$/,
    ],
    [
      'WECHAT_ACCOUNTS',
      account({ name: 'a b' }),
      '[0].name',
      /^must be 1 to 64 letters, /,
    ],
    [
      'WECHAT_ACCOUNTS',
      account({ name: undefined }),
      '[0].name',
      /^"default" is the name of another account; account names must be unique$/,
    ],
    [
      'WECHAT_ACCOUNTS',
      account({ appId: '' }),
      '[0].appId',
      /^must be the appid from /,
    ],
    [
      'WECHAT_ACCOUNTS',
      account({ appId: undefined }),
      '[0].appId',
      /^must be the appid from the platform's console, such as /,
    ],
    [
      'WECHAT_ACCOUNTS',
      account({ appId: 5 }),
      '[0].appId',
      /^must be the appid from /,
    ],
    [
      'WECHAT_ACCOUNTS',
      account({ appSecret: undefined }),
      '[0].appSecret',
      /^is missing; a refresher needs the AppSecret /,
    ],
    [
      'WECHAT_ACCOUNTS',
      account({ appSecret: 5 }),
      '[0].appSecret',
      /^must be a string; put the AppSecret in quotes$/,
    ],
    [
      'WECHAT_ACCOUNTS',
      account({ mode: 'old' }),
      '[0].mode',
      /^must be "stable" or "classic"$/,
    ],
    [
      'WECHAT_ACCOUNTS',
      account({ kind: 'shop' }),
      '[0].kind',
      /^must be "official-account", .*"mobile-app" or "wecom"$/,
    ],
    [
      'WECHAT_ACCOUNTS',
      account({ tickets: ['jsapi', 'jsapi'] }),
      '[0].tickets',
      /^must be a list of "jsapi", "wx_card", each at most once/,
    ],
    [
      'WECHAT_ACCOUNTS',
      account({ tickets: ['corp'] }),
      '[0].tickets[0]',
      /^must be "jsapi" or "wx_card"/,
    ],
    [
      'WECHAT_ACCOUNTS',
      application({ corpId: 'ww a' }),
      '[0].corpId',
      /^must be the corpid of the corporation, .* "My Company"/,
    ],
    [
      'WECHAT_ACCOUNTS',
      application({ agentId: 'crm' }),
      '[0].agentId',
      /^must be the AgentId of the application, such as "1000002"/,
    ],
    [
      'WECHAT_ACCOUNTS',
      application({ tickets: ['agent'] }),
      '[0].agentId',
      /^is missing; the ticket "agent" /,
    ],
    [
      'WECHAT_ACCOUNTS',
      application({ tickets: 'corp' }),
      '[0].tickets',
      /^must be a list of "corp", "agent"/,
    ],
    [
      'WECHAT_ACCOUNTS',
      application({ secret: undefined }),
      '[0].secret',
      /^is missing; a refresher needs /,
    ],
    [
      'WECHAT_ACCOUNTS',
      application({ mode: 'classic' }),
      '[0]',
      /^has an unknown field; remove it, .* \(known: name, kind, corpId, agentId, secret, tickets\)$/,
    ],
    [
      'WECHAT_ACCOUNTS',
      application({ appId: 'wx_a' }),
      '[0]',
      /^has an unknown field; .* \(known: name, kind, corpId, /,
    ],
    ['API_KEYS', '{}', '', /^must be a JSON array such as \[\{"id":/],
    [
      'API_KEYS',
      '[1]',
      '[0]',
      /^must be an object with the fields id, key, scopes, accounts$/,
    ],
    ['API_KEYS', apiKey({ id: '' }), '[0].id', /^must be a string of 1 to 64 /],
    [
      'API_KEYS',
      apiKey({ key: MARK }),
      '[0].key',
      /^of "a" must be at least 32 printable ASCII characters .* \(generate one with: openssl rand -hex 32\)$/,
    ],
    [
      'API_KEYS',
      apiKey({ scopes: [] }),
      '[0].scopes',
      /^must be a list of at least one of tokens:read, tokens:refresh, /,
    ],
    [
      'API_KEYS',
      apiKey({ scopes: ['tokens:issue', 'all'] }),
      '[0].scopes[1]',
      /^must be "tokens:read", "tokens:refresh" or "tokens:issue"$/,
    ],
    [
      'API_KEYS',
      apiKey({ accounts: [] }),
      '[0].accounts',
      /^must be a list of at least one account name; omit it to allow all /,
    ],
  ])('%s=%s is reported by its place', (setting, value, place, problem) => {
    const { faults } = refuse({ ...ACCOUNT, [setting]: value });
    expect(faults).toEqual([
      { field: setting + place, problem: expect.stringMatching(problem) },
    ]);
  });
});

describe.each([
  ['WECHAT_ACCOUNTS', '[{"appId":5,"appSecret":"SeCrEt"}]', '[0].appId'],
  [
    'API_KEYS',
    '[{"id":"a","key":"SeCrEt","scopes":["tokens:read"]}]',
    '[0].key',
  ],
])('%s_FILE', (setting, content, place) => {
  const name = `${setting}_FILE`;
  const rest = setting === 'API_KEYS' ? ACCOUNT : {};
  let path: string;
  beforeAll(() => {
    path = join(mkdtempSync(join(tmpdir(), 'wechat-faults-')), 'list.json');
  });
  afterAll(() => rmSync(join(path, '..'), { recursive: true }));

  it('must be a file that can be read', async () => {
    expect(
      (await refuseFiles({ ...rest, [name]: '/no/such/file' })).faults,
    ).toEqual([
      {
        field: name,
        problem: expect.stringMatching(
          /cannot be read \(ENOENT\); correct the /,
        ),
      },
    ]);
  });

  it.each(['{', `"${MARK}"`])(
    'must hold a JSON array, not %o',
    async (text) => {
      writeFileSync(path, text);
      expect((await refuseFiles({ ...rest, [name]: path })).faults).toEqual([
        {
          field: name,
          problem: expect.stringMatching(/^must be a JSON array /),
        },
      ]);
    },
  );

  it('is named in faults of its content', async () => {
    writeFileSync(path, content);
    expect((await refuseFiles({ ...rest, [name]: path })).faults).toMatchObject(
      [{ field: name + place }],
    );
  });

  it(`is not set together with ${setting}`, async () => {
    writeFileSync(path, content);
    const both = { ...rest, [name]: path, [setting]: content };
    expect((await refuseFiles(both)).faults).toEqual([
      {
        field: name,
        problem: `is set together with ${setting}; set only one of them`,
      },
    ]);
  });

  it('is not empty', async () => {
    writeFileSync(path, ' \n');
    expect((await refuseFiles({ ...rest, [name]: path })).faults).toEqual([
      { field: name, problem: 'names an empty file' },
    ]);
  });

  it('is a regular file', async () => {
    const pipe = `${path}.pipe`;
    execFileSync('mkfifo', [pipe]);
    for (const other of [pipe, '/dev/null', join(path, '..')])
      expect((await refuseFiles({ ...rest, [name]: other })).faults).toEqual([
        { field: name, problem: expect.stringMatching(/no regular file/) },
      ]);
  });

  it('is not larger than 16 MiB', async () => {
    writeFileSync(path, '');
    truncateSync(path, 16 * 1024 * 1024 + 1);
    expect((await refuseFiles({ ...rest, [name]: path })).faults).toEqual([
      { field: name, problem: 'names a file of more than 16 MiB' },
    ]);
  });
});

describe('a setting in a file', () => {
  let folder: string;
  beforeAll(() => (folder = mkdtempSync(join(tmpdir(), 'wechat-files-'))));
  afterAll(() => rmSync(folder, { recursive: true }));
  const file = (text: string, mode = 0o600) => {
    const path = join(folder, 'setting');
    writeFileSync(path, text);
    chmodSync(path, mode);
    return path;
  };
  const KEY = `k:${Buffer.alloc(32, 7).toString('base64')}`;

  it.each([
    ['WECHAT_APP_SECRET', `${MARK}-own`],
    ['TOKEN_ENCRYPTION_KEYS', KEY],
    ['DATABASE_URL', 'sqlite:x/y.sqlite'],
  ])('%s_FILE is read as %s is', async (setting, text) => {
    const { [setting]: _, ...rest } = { ...ACCOUNT } as Record<string, string>;
    const read = await readSettings({
      ...rest,
      [`${setting}_FILE`]: file(`${text}\n`),
    });
    expect(read).toEqual(loadSettings({ ...rest, [setting]: text }));
  });

  it.each([
    ['WECHAT_APP_SECRET', `${MARK} own`, ''],
    ['TOKEN_ENCRYPTION_KEYS', `k:${MARK}`, '[0].key'],
    ['DATABASE_URL', `mysql://u:${MARK}@`, ''],
  ])('is named in faults of its content: %s', async (setting, text, place) => {
    const { [setting]: _, ...rest } = { ...ACCOUNT } as Record<string, string>;
    const settings = { ...rest, [`${setting}_FILE`]: file(text) };
    expect((await refuseFiles(settings)).faults).toMatchObject([
      { field: `${setting}_FILE${place}` },
    ]);
  });

  it('that others may write is warned of', async () => {
    const settings = {
      ...ACCOUNT,
      TOKEN_ENCRYPTION_KEYS_FILE: file(KEY, 0o622),
    };
    expect((await readSettings(settings)).warnings).toEqual([
      {
        field: 'TOKEN_ENCRYPTION_KEYS_FILE',
        problem: expect.stringMatching(/^may be written by others/),
      },
    ]);
    file(KEY, 0o644);
    expect((await readSettings(settings)).warnings).toEqual([]);
  });
});
