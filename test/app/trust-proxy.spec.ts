import { AppSandbox, tokenAnswer } from '../support/app-sandbox.js';

const WRONG_KEY = 'wrong-key-0123456789';

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
      await using sandbox = await AppSandbox.create();
      const { url } = await sandbox.run({ TRUST_PROXY });
      await exhaust(url, '203.0.113.7');
      expect(await statusFor(url, '203.0.113.8')).toBe(401);
      // What a client claims himself stands in front of what the proxy adds.
      expect(await statusFor(url, '203.0.113.9, 203.0.113.7')).toBe(429);
      expect((await tokenAnswer(url)).access_token).toBeDefined();
    },
  );

  it('are counted for all together without it, whatever the header says', async () => {
    await using sandbox = await AppSandbox.create();
    const { url } = await sandbox.run();
    await exhaust(url, '203.0.113.7');
    expect(await statusFor(url, '203.0.113.8')).toBe(429);
  });
});
