import { Logger } from '@nestjs/common';
import { isAccountSourceError } from '../common/errors.js';
import type { Role } from '../common/settings.js';
import { Account, type ConfiguredAccount, toAccount } from './account.js';
import type { AccountSource } from './account-source.js';
import { Accounts } from './accounts.js';
import { ListedAccounts } from './listed-accounts.js';

const SECRET = 'the-secret-of-the-application';
const corp = { kind: 'wecom', corpId: 'ww_corp', secret: SECRET } as const;
const own = { kind: 'feishu', appId: 'cli_1', appSecret: SECRET };

describe('an account of WeCom', () => {
  it('is one application: its id is the corpid with the agentid, where that is known', () => {
    expect(toAccount({ ...corp, agentId: 1000002 })).toMatchObject({
      name: 'default',
      kind: 'wecom',
      appId: 'ww_corp/1000002',
      platformId: 'ww_corp',
      corpId: 'ww_corp',
      agentId: '1000002',
      appSecret: SECRET,
      tickets: [],
      isOfWechat: false,
    });
    expect(toAccount(corp)).toMatchObject({
      appId: 'ww_corp',
      platformId: 'ww_corp',
      agentId: undefined,
    });
  });

  it('has credentials of its own: two applications of one corporation differ by the secret, not by the agentid', () => {
    const { credentialId } = new Account(corp);
    expect(credentialId).toMatch(/^[0-9a-f]{8}$/);
    const same = [
      { ...corp, agentId: 7 },
      { ...corp, name: 'again' },
    ];
    for (const account of same)
      expect(new Account(account).credentialId).toBe(credentialId);
    const others = [
      { ...corp, secret: 'another' },
      { ...corp, corpId: 'ww_other' },
    ];
    for (const account of others)
      expect(new Account(account).credentialId).not.toBe(credentialId);
  });
});

describe('an account of a source of the app’s own', () => {
  it('has its appid as the id that its platform knows', () => {
    expect(toAccount({ ...own, name: 'lark' })).toMatchObject({
      name: 'lark',
      kind: 'feishu',
      appId: 'cli_1',
      platformId: 'cli_1',
      corpId: undefined,
      appSecret: SECRET,
      tickets: [],
      isOfWechat: false,
    });
  });
});

it.each([
  'official-account',
  'mini-program',
  'mini-game',
  'website',
  'mobile-app',
] as const)('an account of kind %s is one of WeChat', (kind) => {
  const account = toAccount({ kind, appId: 'wx_1', appSecret: SECRET });
  expect(account).toMatchObject({ kind, isOfWechat: true, platformId: 'wx_1' });
});

describe('an AccountSource with accounts of every kind', () => {
  let told: unknown[][];
  beforeEach(() => {
    told = [];
    const see = (...line: unknown[]) => told.push(line);
    Logger.overrideLogger({ log: see, warn: see, error: see });
  });
  afterEach(() => {
    expect(JSON.stringify(told)).not.toContain(SECRET);
    Logger.overrideLogger(true);
  });

  const accountsOf = (list: unknown[], role: Role = 'refresher') => {
    const source: AccountSource = {
      find: () => list[0] as ConfiguredAccount,
      list: () => list as ConfiguredAccount[],
    };
    return new Accounts(source, role, ['feishu']);
  };
  const find = (account: object, role?: Role) =>
    accountsOf([{ name: 'one', ...account }], role).get('one');
  const all = async (items: AsyncIterable<Account>) => {
    const found: Account[] = [];
    for await (const item of items) found.push(item);
    return found;
  };

  it('hands them out, with their tickets', async () => {
    const tickets = ['corp', 'agent'];
    const application = { ...corp, agentId: '7', tickets };
    expect(await find(application)).toMatchObject({ tickets, agentId: '7' });
    expect(await find(own)).toMatchObject({ kind: 'feishu', appId: 'cli_1' });
    const official = { appId: 'wx_1', appSecret: SECRET };
    expect(await find({ ...official, tickets: ['wx_card'] })).toMatchObject({
      kind: 'official-account',
      tickets: ['wx_card'],
    });
  });

  it('needs no secret for a reader, whatever the kind', async () => {
    for (const account of [
      { ...corp, secret: undefined },
      { ...own, appSecret: undefined },
    ]) {
      expect(await find(account, 'reader')).toMatchObject({ appSecret: '' });
      await expect(find(account)).rejects.toThrow(/ecret is missing/);
    }
  });

  it.each<[field: string, problem: string, account: object]>([
    ['corpId', 'from "My Company"', { ...corp, corpId: undefined }],
    ['corpId', 'from "My Company"', { ...corp, corpId: 'ww corp' }],
    ['agentId', 'must be the AgentId', { ...corp, agentId: 'the shop' }],
    ['agentId', 'must be the AgentId', { ...corp, agentId: ['7'] }],
    ['agentId', 'the ticket "agent"', { ...corp, tickets: ['agent'] }],
    ['secret', 'is missing', { ...corp, secret: undefined }],
    ['secret', 'copy the secret again', { ...corp, secret: `"${SECRET}"` }],
    ['tickets', '"corp" or "agent"', { ...corp, tickets: ['jsapi'] }],
    ['tickets', 'at most once', { ...corp, tickets: ['corp', 'corp'] }],
    [
      'tickets',
      '"jsapi" or "wx_card"',
      { appId: 'wx_1', appSecret: SECRET, tickets: ['corp'] },
    ],
    [
      'tickets',
      '"jsapi", "wx_card"',
      { appId: 'wx_1', appSecret: SECRET, tickets: 'jsapi' },
    ],
    ['appId', 'must be the appid', { ...own, appId: undefined }],
    ['appSecret', 'is missing', { ...own, appSecret: '' }],
    ['kind', '"wecom" or "feishu"', { ...own, kind: 'dingtalk' }],
  ])(
    'an account with a bad %s is refused: %s',
    async (field, problem, account) => {
      const error: unknown = await find(account).catch(
        (thrown: unknown) => thrown,
      );
      expect(error).toSatisfy(isAccountSourceError);
      const { message } = error as Error;
      expect(message).toContain(`its ${field}`);
      expect(message).toContain(problem);
      expect(message).not.toContain(SECRET);
    },
  );

  it('warns once of the ticket of a mini program, which it hands out nevertheless', async () => {
    const mini = {
      kind: 'mini-program',
      appId: 'wx_1',
      appSecret: SECRET,
      tickets: ['jsapi'],
    };
    const accounts = accountsOf([mini]);
    for (let times = 0; times < 3; times++)
      expect(await all(accounts.list())).toHaveLength(1);
    expect(told.map(([line]) => JSON.stringify(line))).toEqual([
      expect.stringMatching(/mini-program.*jsapi/),
    ]);
  });

  it('finds all applications of a corporation by its corpid', async () => {
    const list = [
      { ...corp, name: 'sales', agentId: 1, secret: 's1' },
      { ...own, name: 'lark' },
      { ...corp, name: 'staff', agentId: 2, secret: 's2' },
      { ...corp, name: 'other', corpId: 'ww_other' },
    ];
    const listed = new Accounts(new ListedAccounts(list), 'refresher', [
      'feishu',
    ]);
    for (const accounts of [listed, accountsOf(list)]) {
      const found = await all(accounts.withAppId('ww_corp'));
      expect(found.map(({ name }) => name)).toEqual(['sales', 'staff']);
      const staff = await accounts.findByAppId(
        'ww_corp',
        ({ appSecret }) => appSecret === 's2',
      );
      expect(staff?.name).toBe('staff');
      expect(
        await accounts.findByAppId('ww_corp/2', () => true),
      ).toBeUndefined();
      expect((await accounts.findByAppId('cli_1', () => true))?.name).toBe(
        'lark',
      );
    }
  });
});
