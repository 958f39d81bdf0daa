import {
  DEFAULT_FAKE_ACCOUNT,
  DEFAULT_FAKE_WECOM_ACCOUNT,
  fakeAppId,
} from '../../src/testing/index.js';
import {
  isWechatApiError,
  type TokenSource,
} from '../../src/wechat-token/index.js';
import { World } from '../support/world.js';

const PATH = '/cgi-bin/user/get';
const CRM = DEFAULT_FAKE_WECOM_ACCOUNT;
const ACCOUNTS = [
  { name: 'default', ...DEFAULT_FAKE_ACCOUNT },
  { kind: 'wecom', name: 'crm', ...CRM },
] as const;
const NOWHERE = 'http://127.0.0.1:9';

const open = () =>
  World.create({ wechat: { accounts: [DEFAULT_FAKE_ACCOUNT, CRM] } });
const ofCrm = { account: 'crm' };

/** A platform of the app's own, with an account that has only this token. */
function ownSource(kind: string): TokenSource {
  return {
    id: 'own',
    kind,
    accountKind: 'own',
    platform: { name: 'Own', baseUrl: NOWHERE },
    errcodes: new Map(),
    repeatedCall: 'same',
    canForce: false,
    mayCallInParallel: true,
    isEarlyCallHarmless: true,
    marginSeconds: 60,
    rejectionHealedBy: 'call',
    serves: (account) => account.kind === 'own',
    issue: async () => ({ value: 'own-token', expiresIn: 7200 }),
  };
}

describe('WechatApiClient for an application of WeCom', () => {
  it('calls WeCom, and WeChat for an account of WeChat', async () => {
    await using world = await open();
    const wecom = await world.replica({
      accounts: ACCOUNTS,
      api: { baseUrl: NOWHERE },
    });
    expect(await wecom.api.get(PATH, ofCrm)).toMatchObject({
      errcode: 0,
      path: PATH,
    });
    const wechat = await world.replica({
      accounts: ACCOUNTS,
      api: { wecomBaseUrl: NOWHERE },
    });
    expect(await wechat.api.get(PATH)).toMatchObject({
      errcode: 0,
      path: PATH,
    });
  });

  it.each([40014, 42001])('heals %i once', async (errcode) => {
    await using world = await open();
    const { api } = await world.replica({ accounts: ACCOUNTS });
    await api.get(PATH, ofCrm);
    world.wechat.inject('business', { errcode });
    world.wechat.drop(fakeAppId(CRM));

    expect(await api.post(PATH, { a: 1 }, ofCrm)).toMatchObject({
      errcode: 0,
      body: { a: 1 },
    });
    expect(world.wechat.calls).toMatchObject({ wecomToken: 2, business: 3 });

    world.wechat.rejectAllTokens(fakeAppId(CRM), true);
    world.wechat.drop(fakeAppId(CRM));
    await expect(api.get(PATH, ofCrm)).rejects.toMatchObject({
      errcode: 40014,
      class: 'rejected',
    });
    expect(world.wechat.calls).toMatchObject({ wecomToken: 3, business: 5 });
  });

  it.each([
    ['crm', 40001, 'credentials'],
    ['crm', 42007, 'api'],
    ['crm', 50002, 'api'],
    ['crm', 301002, 'api'],
    ['crm', 60020, 'ip'],
    ['default', 40164, 'ip'],
    ['default', 61004, 'ip'],
  ] as const)(
    'of %s, %i is of class %s, and no reason to doubt the token',
    async (account, errcode, type) => {
      await using world = await open();
      const { api, tokens, journal } = await world.replica({
        accounts: ACCOUNTS.filter(({ name }) => name === account),
      });
      const token = await tokens.getAccessToken(account);
      world.wechat.inject('business', { errcode });

      const error: unknown = await api
        .get(PATH, { account })
        .catch((thrown: unknown) => thrown);

      expect(error).toSatisfy(isWechatApiError);
      expect(error).toMatchObject({ errcode, class: type });
      expect(world.wechat.calls).toMatchObject({ total: 2, business: 1 });
      expect(await tokens.getAccessToken(account)).toBe(token);
      await journal.settled();
      expect(await world.sql('SELECT type FROM token_event')).toEqual([
        { type: 'refreshed' },
      ]);
    },
  );

  it('says so for an account of a platform of the app’s own', async () => {
    await using world = await open();
    const account = {
      kind: 'own',
      name: 'shop',
      appId: 'own_app',
      appSecret: 'own-secret',
    };
    const call = async (kind: string) => {
      const accounts = [...ACCOUNTS, account];
      const { api } = await world.replica({
        accounts,
        sources: [ownSource(kind)],
      });
      return api
        .get(PATH, { account: 'shop' })
        .catch((error: unknown) => error);
    };

    for (const kind of ['access_token', 'own_token']) {
      const error = await call(kind);
      expect(error).toSatisfy(isWechatApiError);
      expect(error).toMatchObject({
        message: expect.stringMatching(/shop.*own/),
      });
    }
    expect(world.wechat.calls.total).toBe(0);
  });
});
