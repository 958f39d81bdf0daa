import { setTimeout as pause } from 'node:timers/promises';
import { API_KEY, apiKeys, AppSandbox } from '../support/app-sandbox.js';
import { easyWechat } from './php-client.js';
import { pythonClient } from './python-client.js';
import {
  NODE_SDKS,
  type SdkClient,
  type TokenServerAccess,
} from './sdk-clients.js';
import { type OwnAccount, SharedApp } from './shared-app.js';

const OPERATOR_KEY = 'operator-key-0123456789abcdefghijklmnop';

const keys = apiKeys(
  { id: 'sdk', key: API_KEY },
  { id: 'operator', key: OPERATOR_KEY, scopes: ['tokens:refresh'] },
);

/** In a process that lives on from call to call. */
const LASTING = [...NODE_SDKS, ['wechatpy', pythonClient] as const];
const CLIENTS = [...LASTING, ['EasyWeChat', easyWechat] as const];

describe('on our token', () => {
  let shared: SharedApp;
  let own: OwnAccount;
  let access: TokenServerAccess;
  beforeAll(async () => (shared = await SharedApp.start({ API_KEYS: keys })));
  afterAll(() => shared[Symbol.asyncDispose]());
  beforeEach(() => {
    own = shared.nextAccount();
    access = { server: shared.app.url, key: API_KEY, name: own.tokenName };
  });

  /** What an operator does after a leak: the current token ends at once. */
  async function forceRefresh(): Promise<void> {
    const response = await fetch(
      `${shared.app.url}/admin/wechat-tokens/${own.tokenName}/refresh`,
      {
        method: 'POST',
        headers: {
          authorization: `Bearer ${OPERATOR_KEY}`,
          'content-type': 'application/json',
        },
        body: JSON.stringify({ force: true, reason: 'leaked' }),
      },
    );
    expect(response.status).toBe(200);
  }

  describe.each(CLIENTS)('%s', (_name, setUp) => {
    let client: SdkClient & Partial<AsyncDisposable>;
    beforeEach(async () => {
      client = await setUp(access, shared.wechat.baseUrl);
    });
    afterEach(() => client[Symbol.asyncDispose]?.());

    it('calls WeChat, which issues nothing for it', async () => {
      for (let call = 0; call < 10; call += 1) await client.call();
      expect(own).toMatchObject({ business: 10, refused: 0, issued: 1 });
      expect(shared.wechat.calls.classic).toBe(0);
    });

    it('goes on after a forced renewal without noticing it', async () => {
      await client.call();
      await forceRefresh();
      await client.call();
      expect(own).toMatchObject({ refused: 0, issued: 2 });
    });

    it.each(['drop', 'dropSilently'] as const)(
      'reports a token that WeChat refuses, and its call succeeds all the same (%s)',
      async (drop) => {
        await client.call();
        shared.wechat[drop](own.appId);
        await client.call();
        // The server tries a token that WeChat still gives out.
        const refused = drop === 'drop' ? 1 : 2;
        expect(own).toMatchObject({ refused, issued: 2 });
        await client.call();
        expect(own.refused).toBe(refused);
      },
    );

    it('fails, and does not try for ever, when WeChat refuses every token', async () => {
      await client.call();
      shared.wechat.rejectAllTokens(own.appId, true);
      await expect(client.call()).rejects.toThrow(/40001|not latest/);
      // The client's two calls, and the server's probe.
      expect(own.refused).toBe(3);
      expect(own.issued).toBeLessThanOrEqual(2);
    });
  });

  it('twenty callers of two SDKs whose token is refused cause one renewal', async () => {
    const clients = await Promise.all(
      NODE_SDKS.map(([, setUp]) => setUp(access, shared.wechat.baseUrl)),
    );
    const callAll = () =>
      Promise.all(
        Array.from({ length: 10 }, () =>
          clients.map((client) => client.call()),
        ).flat(),
      );
    await callAll();
    shared.wechat.dropSilently(own.appId);
    await callAll();
    expect(own.refused).toBeGreaterThan(1);
    expect(own.issued).toBe(2);
  });
});

it('all of them go on through rotation after rotation', async () => {
  // Each token is renewed some 4 s before its end, so that a busy machine lets none expire.
  const rules = { lifeSeconds: 8, overlapSeconds: 4 };
  await using sandbox = await AppSandbox.create(rules);
  const { wechat } = sandbox;
  const app = await sandbox.run({
    API_KEYS: keys,
    WECHAT_REFRESH_CRON: '* * * * * *',
    WECHAT_REFRESH_MARGIN_SECONDS: '4',
  });
  const access = { server: app.url, key: API_KEY };
  const clients: (SdkClient & Partial<AsyncDisposable>)[] = await Promise.all(
    LASTING.map(([, setUp]) => setUp(access, wechat.baseUrl)),
  );
  try {
    while (wechat.issued() < 3) {
      await Promise.all(clients.map((client) => client.call()));
      await pause(100);
    }
  } finally {
    for (const client of clients) await client[Symbol.asyncDispose]?.();
  }
  expect(wechat.refused).toBe(0);
  expect(wechat.calls.classic).toBe(0);
  // Whatever was issued was issued to the app, which has kept count.
  await vi.waitFor(() =>
    expect(app.logs().match(/"token refreshed"/g)).toHaveLength(3),
  );
});
