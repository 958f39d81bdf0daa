import { Logger } from '@nestjs/common';
import {
  isAccountSourceError,
  isUnknownAccountError,
} from '../common/errors.js';
import { toAccount, type WechatAccount } from './account.js';
import type { AccountSource } from './account-source.js';
import { Accounts } from './accounts.js';
import { ListedAccounts } from './listed-accounts.js';

const SECRET = 'the-password-of-the-database';
const shop: WechatAccount = {
  name: 'shop',
  appId: 'wx_shop',
  appSecret: 'shop-secret',
};

const sourceOf = (source: Partial<AccountSource>): AccountSource => ({
  find: () => undefined,
  list: () => [],
  ...source,
});
const fail = () => {
  throw new TypeError(`no connection with ${SECRET}`);
};
async function* failLate() {
  yield shop;
  await Promise.reject(new RangeError(SECRET));
}

async function errorOf(work: Promise<unknown>): Promise<Error> {
  const error: unknown = await work.catch((reason: unknown) => reason);
  if (!(error instanceof Error)) throw new Error('nothing was thrown');
  expect(`${error.stack} ${JSON.stringify(error)}`).not.toContain(SECRET);
  expect(error.cause).toBeUndefined();
  return error;
}

async function all<Item>(items: AsyncIterable<Item>): Promise<Item[]> {
  const found: Item[] = [];
  for await (const item of items) found.push(item);
  return found;
}

describe("an AccountSource of the app's", () => {
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

  it('R14: one that never answers has failed after five seconds', async () => {
    vi.useFakeTimers();
    try {
      const never = new Promise<undefined>(() => undefined);
      const accounts = new Accounts(sourceOf({ find: () => never }));
      const error = errorOf(accounts.get('shop'));
      await vi.advanceTimersByTimeAsync(5000);
      expect(await error).toMatchObject({
        code: 'ACCOUNT_SOURCE',
        thrown: 'TimeoutError',
      });
    } finally {
      vi.useRealTimers();
    }
  });

  it('has the defaults of an account filled in', async () => {
    const accounts = new Accounts(
      sourceOf({ find: () => ({ appId: 'wx_1', appSecret: 's' }) }),
    );
    expect(await accounts.get('default')).toEqual(
      toAccount({ appId: 'wx_1', appSecret: 's' }),
    );
  });

  it('may answer with entities, which have more fields', async () => {
    class Tenant {
      readonly id = 5;
      readonly name = 'shop';
      readonly appId = 'wx_shop';
      get appSecret() {
        return 'shop-secret';
      }
    }
    const accounts = new Accounts(sourceOf({ find: () => new Tenant() }));
    expect(await accounts.get('shop')).toEqual(toAccount(shop));
  });

  it.each([
    ['find() throws', 'TypeError', { find: fail }],
    [
      'find() rejects',
      'Error',
      {
        find: () =>
          Promise.reject(Object.assign(new Error(), { name: `${SECRET}!` })),
      },
    ],
    ['it throws no error', 'string', { find: () => Promise.reject(SECRET) }],
  ] as const)(
    'R15: is reported by the class alone when %s',
    async (_when, thrown, source) => {
      const accounts = new Accounts(sourceOf(source as Partial<AccountSource>));
      const error = await errorOf(accounts.get('shop'));
      expect(error).toSatisfy(isAccountSourceError);
      expect(error).toMatchObject({ code: 'ACCOUNT_SOURCE', thrown });
      expect(error.message).not.toContain(thrown);
    },
  );

  it.each([
    ['TypeError', { list: fail }],
    ['RangeError', { list: failLate }],
  ])(
    'R15: only the class is reported when list() throws %s',
    async (thrown, source) => {
      const accounts = new Accounts(sourceOf(source));
      for (const list of [accounts.list(), accounts.withAppId('wx_shop')])
        expect(await errorOf(all(list))).toMatchObject({ thrown });
    },
  );

  it.each([undefined, null])(
    'has no account when it says %s',
    async (nothing) => {
      const find = () => nothing as undefined;
      const accounts = new Accounts(sourceOf({ find }));
      expect(await errorOf(accounts.get('shop'))).toSatisfy(
        isUnknownAccountError,
      );
    },
  );

  it('is not asked for what is no name', async () => {
    const accounts = new Accounts(sourceOf({ find: () => shop }));
    for (const name of ['shop ', 'shöp', '', 'x'.repeat(65)])
      expect(await errorOf(accounts.get(name))).toSatisfy(
        isUnknownAccountError,
      );
  });

  it.each<[field: string, account: unknown]>([
    ['its appId', { ...shop, appId: undefined }],
    ['its appId', { ...shop, appId: SECRET.repeat(9) }],
    ['its appSecret', { ...shop, appSecret: undefined }],
    ['its appSecret', { ...shop, appSecret: [SECRET] }],
    ['its name', { ...shop, name: 'café' }],
    ['its name', { ...shop, name: SECRET }],
    ['its name', { ...shop, name: undefined }],
    ['its mode', { ...shop, mode: SECRET }],
    ['its kind', { ...shop, kind: null }],
    ['it must be an object', SECRET],
  ])(
    'whose account is invalid is reported with the account and %s',
    async (field, account) => {
      const find = () => account as WechatAccount;
      const accounts = new Accounts(sourceOf({ find }));
      const error = await errorOf(accounts.get('shop'));
      expect(error).toSatisfy(isAccountSourceError);
      expect(error).toMatchObject({ thrown: undefined });
      expect(error.message).toContain(`Invalid account "shop" from`);
      expect(error.message).toContain(field);
    },
  );

  it('needs no secret for a reader', async () => {
    const find = () => ({ name: 'shop', appId: 'wx_shop' });
    const accounts = new Accounts(sourceOf({ find }), 'reader');
    expect(await accounts.get('shop')).toMatchObject({ appSecret: '' });
  });

  it('R14: an invalid account does not affect the others, and is logged once', async () => {
    const bad = { name: 'bad', appId: '', appSecret: 's' };
    const nameless = { ...shop, name: `${SECRET}!` };
    const list = () =>
      [bad, shop, nameless, null] as unknown as WechatAccount[];
    const accounts = new Accounts(sourceOf({ list }));
    for (let times = 0; times < 3; times++)
      expect(await all(accounts.list())).toEqual([toAccount(shop)]);
    const reasons = told.map(([line]) => JSON.stringify(line));
    expect(reasons).toEqual([
      expect.stringContaining('account \\"bad\\" from'),
      expect.stringContaining('account 3 of list() from'),
      expect.stringContaining('account 4 of list() from'),
    ]);
  });

  it.each(['mini-program', 'mini-game'] as const)(
    'may give a %s tickets: a warning, once, and not a refusal',
    async (kind) => {
      const mini = { ...shop, kind, tickets: ['jsapi'] as const };
      const website = { ...mini, name: 'site', kind: 'website' } as const;
      const accounts = new Accounts(sourceOf({ list: () => [mini, website] }));
      for (let times = 0; times < 2; times++)
        expect(await all(accounts.list())).toEqual(
          [mini, website].map(toAccount),
        );
      expect(told.map(([line]) => JSON.stringify(line))).toEqual([
        expect.stringMatching(
          `unusual tickets.*"shop".*kind ${kind} .*jsapi.*official accounts`,
        ),
      ]);
    },
  );

  it('is asked by appid where it can be, and searched where not', async () => {
    const other = { ...shop, name: 'other', appId: 'wx_other' };
    const list = vi.fn(() => [shop, other]);
    const listed = new Accounts(sourceOf({ list }));
    expect(await all(listed.withAppId('wx_other'))).toEqual([toAccount(other)]);
    expect(list).toHaveBeenCalledOnce();

    // One that does not keep to it hands no other account out.
    const listByAppId = async function* () {
      yield shop;
      yield other;
    };
    const asked = new Accounts(sourceOf({ list, listByAppId }));
    expect(await all(asked.withAppId('wx_other'))).toEqual([toAccount(other)]);
    expect(list).toHaveBeenCalledOnce();
  });
});

describe('accounts of the options', () => {
  const listed = (count: number) =>
    Array.from({ length: count }, (_, n) => ({
      name: `a${n}`,
      appId: `wx_${n % (count / 2)}`,
      appSecret: 's',
    }));

  it('are prepared once, not at each lookup', async () => {
    const accounts = new Accounts(new ListedAccounts(listed(2)));
    expect(await accounts.get('a0')).toBe(await accounts.get('a0'));
  });

  it('100,000 are not scanned for one appid', async () => {
    const source = new ListedAccounts(listed(100_000));
    const list = vi.spyOn(source, 'list');
    const accounts = new Accounts(source);
    const names = (await all(accounts.withAppId('wx_7'))).map((a) => a.name);
    expect(names).toEqual(['a7', 'a50007']);
    expect(await all(accounts.withAppId('wx_none'))).toEqual([]);
    expect(list).not.toHaveBeenCalled();
  });
});
