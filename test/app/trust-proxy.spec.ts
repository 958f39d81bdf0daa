import { createApp } from '../../src/app.js';
import { openDatabase } from '../../src/config/database.js';
import { loadSettings } from '../../src/config/settings.js';
import { AppSandbox, tokenAnswer } from '../support/app-sandbox.js';

const WRONG_KEY = 'wrong-key-0123456789';

/** The app in this process, with these settings besides the usual ones. */
async function start(others: Readonly<Record<string, string>> = {}) {
  const sandbox = await AppSandbox.create();
  const settings = loadSettings(
    sandbox.settings({ LOG_LEVEL: 'fatal', ...others }),
  );
  const dataSource = await openDatabase(settings.database, settings.migrate);
  const app = await createApp(settings, dataSource);
  await app.listen(0, settings.host);
  return {
    url: await app.getUrl(),
    [Symbol.asyncDispose]: async () => {
      await app.close();
      await sandbox[Symbol.asyncDispose]();
    },
  };
}

/** The response to a client behind the proxy with a wrong key. */
async function statusFor(url: string, client: string): Promise<number> {
  const response = await fetch(`${url}/wechat-tokens/access_token`, {
    headers: {
      authorization: `Bearer ${WRONG_KEY}`,
      'x-forwarded-for': client,
    },
  });
  return response.status;
}

async function exhaust(url: string, client: string): Promise<void> {
  for (let attempt = 0; attempt < 10; attempt++)
    expect(await statusFor(url, client)).toBe(401);
  expect(await statusFor(url, client)).toBe(429);
}

describe('wrong keys behind a proxy', () => {
  it.each(['127.0.0.1', 'loopback', '10.0.0.0/8,127.0.0.0/8', '1'])(
    'are counted for each client with TRUST_PROXY=%s',
    async (TRUST_PROXY) => {
      await using app = await start({ TRUST_PROXY });
      const { url } = app;
      await exhaust(url, '203.0.113.7');
      expect(await statusFor(url, '203.0.113.8')).toBe(401);
      // What a client claims himself stands in front of what the proxy adds.
      expect(await statusFor(url, '203.0.113.9, 203.0.113.7')).toBe(429);
      expect((await tokenAnswer(url)).access_token).toBeDefined();
    },
  );

  it.each([
    ['203.0.113.7:4711', '127.0.0.1'],
    ['203.0.113.7:4711, 10.0.0.5:80', '127.0.0.1,10.0.0.5'],
    ['[2001:db8::1]:4711, [fd00::5]:80', '127.0.0.1,fd00::/8'],
    ['[2001:db8::1], [fd00::5]', '127.0.0.1,fd00::/8'],
    ['unknown', '127.0.0.1'],
  ])(
    'are counted without the ports and brackets of %s',
    async (client, TRUST_PROXY) => {
      await using app = await start({ TRUST_PROXY });
      const { url } = app;
      await exhaust(url, client);
      const [bare] = client.replace(/[[\]]|:\d+(?=,|$)/g, '').split(',');
      // What is no address counts as the proxy's own.
      const same = bare === 'unknown' ? '127.0.0.1' : bare;
      expect(await statusFor(url, same ?? '')).toBe(429);
      expect(await statusFor(url, '203.0.113.8')).toBe(401);
    },
  );

  it('are counted for all together without it, whatever the header says', async () => {
    await using app = await start();
    const { url } = app;
    await exhaust(url, '203.0.113.7');
    expect(await statusFor(url, '203.0.113.8')).toBe(429);
  });
});
