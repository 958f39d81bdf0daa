import WechatAPI from 'co-wechat-api';
import { OfficialAccount } from 'node-easywechat';
import { API_KEY } from '../support/app-sandbox.js';
import { hostedPythonClient } from './python-client.js';
import type { SdkClient } from './sdk-clients.js';
import { type OwnAccount, SharedApp } from './shared-app.js';
import { routeTokensTo, type WechatRouter } from './wechat-router.js';

interface Host {
  /** Where the SDK finds WeChat: the router. */
  readonly url: string;
  readonly appId: string;
  /** What it has in place of the AppSecret. */
  readonly secret: string;
  /** For its own cache. */
  readonly folder: string;
}
type SetUp = (host: Host) => Promise<SdkClient> | SdkClient;

const coWechatApi: SetUp = ({ url, appId, secret }) => {
  const api = new WechatAPI(appId, secret);
  api.prefix = `${url}/cgi-bin/`;
  return { call: async () => void (await api.getMenu()) };
};

const nodeEasywechat =
  (use_stable_access_token: boolean): SetUp =>
  ({ url, appId, secret, folder }) => {
    const app = new OfficialAccount({
      app_id: appId,
      secret,
      use_stable_access_token,
      http: { baseURL: url },
      file_cache: {
        path: folder,
        dirMode: 0o777,
        fileMode: 0o666,
        ext: '.cache',
      },
    });
    return {
      call: async () => {
        const response = await app.getClient().get('cgi-bin/menu/get');
        const { errcode } = response.toObject() as { errcode: number };
        if (errcode !== 0) throw new Error(`errcode ${errcode}`);
      },
    };
  };

let shared: SharedApp;
let router: WechatRouter;
beforeAll(async () => {
  shared = await SharedApp.start();
  router = await routeTokensTo(shared.app.url, shared.wechat.baseUrl);
});
afterAll(async () => {
  await router[Symbol.asyncDispose]();
  await shared[Symbol.asyncDispose]();
});

/** SDKs as they are: their host is set, and their secret is an API key. */
describe.each<[string, SetUp]>([
  ['co-wechat-api', coWechatApi],
  ['node-easywechat', nodeEasywechat(false)],
  ['node-easywechat in stable mode', nodeEasywechat(true)],
  ['wechatpy', hostedPythonClient],
])('%s with our app as its host', (name, setUp) => {
  let own: OwnAccount;
  let clients: (SdkClient & Partial<AsyncDisposable>)[];

  beforeEach(() => {
    own = shared.nextAccount();
    clients = [];
  });
  afterEach(async () => {
    for (const client of clients) await client[Symbol.asyncDispose]?.();
  });

  async function client(secret = API_KEY): Promise<SdkClient> {
    const { folder } = shared.sandbox;
    const { appId } = own;
    const made = await setUp({ url: router.url, appId, secret, folder });
    clients.push(made);
    return made;
  }

  it('calls WeChat with our token, and WeChat issues nothing for it', async () => {
    const sdk = await client();
    for (let call = 0; call < 5; call += 1) await sdk.call();
    // Another process of the same program, with an empty cache.
    await (await client()).call();
    expect(own).toMatchObject({ business: 6, refused: 0, issued: 1 });
    expect(shared.wechat.calls.classic).toBe(0);
  });

  it("reports a wrong key in WeChat's words", async () => {
    const sdk = await client('wrong-key-0123456789');
    await expect(sdk.call()).rejects.toThrow(/invalid appsecret/);
    expect(own.business).toBe(0);
  });

  const asksAgain = !name.startsWith('node-easywechat');
  it(`${asksAgain ? 'asks again' : 'does not ask again until its copy ends'} when its copy of the token is dead`, async () => {
    const sdk = await client();
    await sdk.call();
    await renewedForAnother(shared, own);
    if (asksAgain) await sdk.call();
    else await expect(sdk.call()).rejects.toThrow('40001');
    // The server tries the token that is reported, and the SDK uses its copy.
    expect(own).toMatchObject({ refused: 2, issued: 2 });
    expect(shared.wechat.calls.classic).toBe(0);
  });
});

/** WeChat ends the token; another program reports that, and so the app has a new one. */
async function renewedForAnother(
  { app, wechat }: SharedApp,
  { appId, tokenName }: OwnAccount,
): Promise<void> {
  const value = wechat.currentToken(appId);
  wechat.dropSilently(appId);
  const response = await fetch(
    `${app.url}/wechat-tokens/${tokenName}/rejected`,
    {
      method: 'POST',
      headers: {
        authorization: `Bearer ${API_KEY}`,
        'content-type': 'application/json',
      },
      body: JSON.stringify({ value }),
    },
  );
  expect(response.ok).toBe(true);
}
