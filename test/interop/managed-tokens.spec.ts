import { setTimeout as pause } from 'node:timers/promises';
import { DEFAULT_FAKE_ACCOUNT } from '../../src/testing/index.js';
import { API_KEY, apiKeys, AppSandbox } from '../support/app-sandbox.js';
import type { AppProcess } from '../support/run-app.js';
import { pythonClient } from './python-client.js';
import { NODE_SDKS, type SdkClient } from './sdk-clients.js';

vi.setConfig({ testTimeout: 60_000 });

const OPERATOR_KEY = 'operator-key-0123456789';
const { appId } = DEFAULT_FAKE_ACCOUNT;

const keys = apiKeys(
  { id: 'sdk', key: API_KEY },
  { id: 'operator', key: OPERATOR_KEY, scopes: ['tokens:refresh'] },
);

/** What an operator does after a leak: the current token ends at once. */
async function forceRefresh(app: AppProcess): Promise<void> {
  const response = await fetch(
    `${app.url}/admin/wechat-tokens/access_token/refresh`,
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

const CLIENTS = [...NODE_SDKS, ['wechatpy', pythonClient] as const];

describe.each(CLIENTS)('%s on our token', (_name, setUp) => {
  let sandbox: AppSandbox;
  let app: AppProcess;
  let client: SdkClient & Partial<AsyncDisposable>;

  beforeEach(async () => {
    sandbox = await AppSandbox.create();
    app = await sandbox.run({ API_KEYS: keys });
    client = await setUp(
      { server: app.url, key: API_KEY },
      sandbox.wechat.baseUrl,
    );
  });
  afterEach(async () => {
    await client[Symbol.asyncDispose]?.();
    await sandbox[Symbol.asyncDispose]();
  });

  it('calls WeChat, which issues nothing for it', async () => {
    for (let call = 0; call < 10; call += 1) await client.call();
    const { wechat } = sandbox;
    expect(wechat.calls.business).toBe(10);
    expect(wechat.refused).toBe(0);
    expect(wechat.issued()).toBe(1);
    expect(wechat.calls.classic).toBe(0);
  });

  it('goes on after a forced renewal without noticing it', async () => {
    await client.call();
    await forceRefresh(app);
    await client.call();
    expect(sandbox.wechat.refused).toBe(0);
    expect(sandbox.wechat.issued()).toBe(2);
  });

  it.each(['drop', 'dropSilently'] as const)(
    'reports a token that WeChat refuses, and its call succeeds all the same (%s)',
    async (drop) => {
      await client.call();
      sandbox.wechat[drop](appId);
      await client.call();
      expect(sandbox.wechat.refused).toBe(1);
      expect(sandbox.wechat.issued()).toBe(2);
      await client.call();
      expect(sandbox.wechat.refused).toBe(1);
    },
  );

  it('fails, and does not try for ever, when WeChat refuses every token', async () => {
    await client.call();
    sandbox.wechat.rejectAllTokens(appId, true);
    await expect(client.call()).rejects.toThrow(/40001|not latest/);
    expect(sandbox.wechat.refused).toBe(2);
    expect(sandbox.wechat.issued()).toBeLessThanOrEqual(2);
  });
});

it('twenty callers of two SDKs whose token is refused cause one renewal', async () => {
  await using sandbox = await AppSandbox.create();
  const app = await sandbox.run({ API_KEYS: keys });
  const access = { server: app.url, key: API_KEY };
  const clients = await Promise.all(
    NODE_SDKS.map(([, setUp]) => setUp(access, sandbox.wechat.baseUrl)),
  );
  const callAll = () =>
    Promise.all(
      Array.from({ length: 10 }, () =>
        clients.map((client) => client.call()),
      ).flat(),
    );
  await callAll();
  sandbox.wechat.dropSilently(appId);
  await callAll();
  expect(sandbox.wechat.refused).toBeGreaterThan(1);
  expect(sandbox.wechat.issued()).toBe(2);
});

it('all of them go on through rotation after rotation', async () => {
  await using sandbox = await AppSandbox.create({ lifeSeconds: 6 });
  const { wechat } = sandbox;
  const app = await sandbox.run({
    API_KEYS: keys,
    WECHAT_REFRESH_CRON: '* * * * * *',
  });
  const access = { server: app.url, key: API_KEY };
  const clients: (SdkClient & Partial<AsyncDisposable>)[] = await Promise.all(
    CLIENTS.map(([, setUp]) => setUp(access, wechat.baseUrl)),
  );
  try {
    while (wechat.issued() < 4) {
      await Promise.all(clients.map((client) => client.call()));
      await pause(20);
    }
  } finally {
    for (const client of clients) await client[Symbol.asyncDispose]?.();
  }
  expect(wechat.refused).toBe(0);
  expect(wechat.calls.classic).toBe(0);
  // Whatever was issued was issued to the app, which has kept count.
  await vi.waitFor(() =>
    expect(app.logs().match(/"token refreshed"/g)).toHaveLength(4),
  );
});
