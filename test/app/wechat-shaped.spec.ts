import {
  API_KEY,
  apiKeys,
  AppSandbox,
  askToken,
  tokenAnswer,
  type WechatAnswer,
} from '../support/app-sandbox.js';
import type { AppProcess } from '../support/run-app.js';

const OWN = { appId: 'wx_own', appSecret: 'own-secret-0123456789abcdef' };
const SHOP = { appId: 'wx_shop', appSecret: 'shop-secret-0123456789abcdef' };
const SHOP_KEY = 'shop-key-0123456789abcdefghijklmnop';
const READ_KEY = 'read-key-0123456789abcdefghijklmnop';
const WRONG_KEY = 'wrong-key-0123456789';

const REFUSALS: Readonly<Record<number, string>> = {
  40002: 'invalid grant_type',
  40013: 'invalid appid',
  40125: 'invalid appsecret',
  41002: 'appid missing',
  41004: 'appsecret missing',
};

describe('GET /cgi-bin/token', () => {
  let sandbox: AppSandbox;
  let app: AppProcess;

  beforeAll(async () => {
    sandbox = await AppSandbox.create({ accounts: [OWN, SHOP] });
    // The account has a token, a part of whose life has passed, when the app starts.
    sandbox.wechat.otherSystemFetches(OWN.appId, 'stable-forced');
    sandbox.wechat.advance(1000);
    app = await sandbox.run({
      WECHAT_APP_ID: OWN.appId,
      WECHAT_APP_SECRET: OWN.appSecret,
      WECHAT_ACCOUNTS: JSON.stringify([{ name: 'shop', ...SHOP }]),
      API_KEYS: apiKeys(
        { id: 'all', key: API_KEY },
        { id: 'shop', key: SHOP_KEY, accounts: ['shop'] },
        { id: 'reader', key: READ_KEY, scopes: ['tokens:read'] },
      ),
      LOG_LEVEL: 'verbose',
    });
  });
  afterAll(() => sandbox[Symbol.asyncDispose]());

  /** Default: the app's own account. */
  const ask = (params: Parameters<typeof askToken>[1] = {}) =>
    askToken(app.url, { appid: OWN.appId, ...params });

  async function expectRefusal(response: Response, errcode: number) {
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toContain('application/json');
    expect(response.headers.get('cache-control')).toBe('no-store');
    expect(await response.json()).toEqual({
      errcode,
      errmsg: REFUSALS[errcode],
    });
  }

  it("answers in WeChat's own shape, with the token that WeChat holds", async () => {
    const response = await ask();
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toContain('application/json');
    expect(response.headers.get('cache-control')).toBe('no-store');
    expect(response.headers.has('x-powered-by')).toBe(false);
    expect(await response.json()).toEqual({
      access_token: sandbox.wechat.currentToken(OWN.appId),
      expires_in: expect.any(Number),
    });
  });

  it('returns the life that is really left', async () => {
    const { expires_in: life } = await tokenAnswer(app.url, {
      appid: OWN.appId,
    });
    expect(Number.isInteger(life)).toBe(true);
    expect(life).toBeLessThanOrEqual(6200);
    expect(life).toBeGreaterThan(6140);
  });

  it('finds the account by its appid', async () => {
    const answer = await tokenAnswer(app.url, { appid: SHOP.appId });
    expect(answer).toEqual({
      access_token: sandbox.wechat.currentToken(SHOP.appId),
      expires_in: expect.any(Number),
    });
  });

  it.each([
    [40002, 'grant_type is missing', { grant_type: undefined }],
    [40002, 'grant_type is another', { grant_type: 'authorization_code' }],
    [41002, 'appid is missing', { appid: undefined }],
    [41002, 'appid is empty', { appid: '' }],
    [41004, 'secret is missing', { secret: undefined }],
    [41004, 'secret is empty', { secret: '' }],
    [40125, 'the key is none', { secret: WRONG_KEY }],
    [40125, 'it is the AppSecret itself', { secret: OWN.appSecret }],
    [40013, 'there is no such account', { appid: 'wx_none' }],
    [40125, 'neither is right', { appid: 'wx_none', secret: WRONG_KEY }],
    [40013, "the account is not the key's", { secret: SHOP_KEY }],
    [40013, 'the key is not for tokens', { secret: READ_KEY }],
  ])('answers %i when %s', async (errcode, _when, params) => {
    await expectRefusal(await ask(params), errcode);
  });

  it.each([
    [40002, 'grant_type', 'client_credential'],
    [41002, 'appid', OWN.appId],
    [41004, 'secret', API_KEY],
  ])('answers %i when %s is there twice', async (errcode, name, value) => {
    const { url } = await ask();
    const twice = await fetch(`${url}&${name}=${value}`);
    await expectRefusal(twice, errcode);
  });

  it('lets a restricted key have the token of its own account', async () => {
    const answer = await tokenAnswer(app.url, {
      appid: SHOP.appId,
      secret: SHOP_KEY,
    });
    expect(answer.access_token).toBe(sandbox.wechat.currentToken(SHOP.appId));
  });

  it('cost one call of WeChat for each account, all this time', () => {
    expect(sandbox.wechat.callsFor(OWN.appId).total).toBe(1);
    expect(sandbox.wechat.callsFor(SHOP.appId).total).toBe(1);
  });

  it('GET /health/live asks for no key', async () => {
    const response = await fetch(`${app.url}/health/live`);
    expect(response.status).toBe(200);
    expect(response.headers.has('x-powered-by')).toBe(false);
    expect(await response.json()).toEqual({ status: 'ok' });
  });

  it('none of what was asked or answered is in the log', async () => {
    // Also of a request that the framework does not know.
    await fetch(`${app.url}/no-such-page?secret=${API_KEY}`);
    const text = app.logs() + app.stderr();
    expect(text).toContain('token refreshed');
    const keys = [API_KEY, SHOP_KEY, READ_KEY, WRONG_KEY];
    const secrets = [...keys, OWN.appSecret, SHOP.appSecret];
    for (const secret of [...secrets, ...sandbox.wechat.issuedTokens])
      expect(text).not.toContain(secret);
  });
});

it.concurrent('is not there when no API key is configured', async () => {
  await using sandbox = await AppSandbox.create();
  const app = await sandbox.run({ API_KEYS: '' });
  const response = await askToken(app.url);
  expect(response.status).toBe(404);
  expect(await response.text()).not.toContain(API_KEY);
});

it.concurrent(
  'answers 200 callers at once, with no token there yet, from one call of WeChat',
  async () => {
    await using sandbox = await AppSandbox.create();
    sandbox.wechat.inject('stable', { delayMs: 2000 });
    const app = await sandbox.run();
    const answers = await Promise.all(
      Array.from({ length: 200 }, () => tokenAnswer(app.url)),
    );
    const [token] = sandbox.wechat.issuedTokens;
    expect(new Set(answers.map((a) => a.access_token))).toEqual(
      new Set([token]),
    );
    expect(sandbox.wechat.calls.total).toBe(1);
  },
);

it.concurrent(
  'says that the system is busy while WeChat is down, and has a token soon after',
  async () => {
    await using sandbox = await AppSandbox.create();
    await sandbox.wechat.goDown();
    const app = await sandbox.run();
    expect(await tokenAnswer(app.url)).toEqual({
      errcode: -1,
      errmsg: 'system error',
    });
    expect((await fetch(`${app.url}/health/live`)).status).toBe(200);
    await sandbox.wechat.comeBack();
    const answer = await vi.waitUntil(
      async (): Promise<WechatAnswer | undefined> => {
        const now = await tokenAnswer(app.url);
        return now.access_token === undefined ? undefined : now;
      },
      { interval: 100 },
    );
    expect(sandbox.wechat.accepts(answer.access_token ?? '')).toBe(true);
  },
);
