import { connect } from 'node:net';
import { DEFAULT_FAKE_ACCOUNT, FakeWechat } from './index.js';
import type { FakeWechatOptions } from './index.js';

interface Body {
  access_token: string;
}

let wechat: FakeWechat;
const start = async (options: FakeWechatOptions = {}) => {
  wechat = await FakeWechat.start(options);
};
beforeEach(() => start());
afterEach(() => wechat.stop());

async function stable(account = DEFAULT_FAKE_ACCOUNT) {
  const response = await fetch(`${wechat.baseUrl}/cgi-bin/stable_token`, {
    method: 'POST',
    body: JSON.stringify({
      grant_type: 'client_credential',
      appid: account.appId,
      secret: account.appSecret,
    }),
  });
  return ((await response.json()) as Body).access_token;
}

async function errorCode(promise: Promise<unknown>): Promise<unknown> {
  const error: unknown = await promise.then(
    () => new Error('it was answered'),
    (reason: unknown) => reason,
  );
  return (error as { cause?: { code?: unknown } }).cause?.code;
}

describe('life cycle', () => {
  it('goes down and comes back on the same port with all it knew', async () => {
    const token = await stable();
    const { baseUrl } = wechat;
    await wechat.goDown();
    expect(await errorCode(stable())).toBe('ECONNREFUSED');
    await wechat.goDown();
    await wechat.comeBack();
    await wechat.comeBack();
    expect(wechat.baseUrl).toBe(baseUrl);
    expect(await stable()).toBe(token);
    expect(wechat.calls.stable).toBe(2);
  });

  it('going down cuts open connections', async () => {
    const fault = wechat.inject('stable', { hang: true });
    const hanging = errorCode(stable());
    await vi.waitFor(() => expect(fault.hits).toBe(1));
    await wechat.goDown();
    expect(await hanging).toMatch(/UND_ERR_SOCKET|ECONNRESET/);
  });

  it('stop ends at once, whatever hangs, drips, waits or never ends', async () => {
    wechat.inject('any', { hang: true });
    wechat.inject('any', { drip: { bytesPerSecond: 1 } });
    wechat.inject('any', { delayMs: 60_000 });
    const last = wechat.inject('any', { endless: true });
    const calls = Promise.allSettled([stable(), stable(), stable(), stable()]);
    // And one that is only connected, and one that never ends its request.
    const { port } = new URL(wechat.baseUrl);
    const idle = connect(Number(port), '127.0.0.1');
    const half = connect(Number(port), '127.0.0.1');
    half.write(
      'POST /cgi-bin/stable_token HTTP/1.1\r\ncontent-length: 9\r\n\r\n',
    );
    const closed = [idle, half].map(
      (socket) =>
        new Promise((resolve) =>
          socket
            .resume()
            .on('error', () => {})
            .on('close', resolve),
        ),
    );
    await vi.waitFor(() => expect(last.hits).toBe(1));
    const before = performance.now();
    await wechat.stop();
    const results = await calls;
    await Promise.all(closed);
    expect(performance.now() - before).toBeLessThan(4000);
    expect(results.map(({ status }) => status)).toEqual(
      Array.from({ length: 4 }, () => 'rejected'),
    );
  });

  it('may be stopped again, and then does not come back', async () => {
    await wechat.stop();
    await wechat.stop();
    await expect(wechat.comeBack()).rejects.toThrow('stopped');
    expect(await errorCode(stable())).toBe('ECONNREFUSED');
  });

  it('is disposed of as a resource', async () => {
    await wechat[Symbol.asyncDispose]();
    expect(await errorCode(stable())).toBe('ECONNREFUSED');
  });

  it('takes the port and the accounts that it is given', async () => {
    const { port } = new URL(wechat.baseUrl);
    await wechat.stop();
    const account = { appId: 'wx_mine', appSecret: 's3' };
    await start({ port: Number(port), accounts: [account] });
    expect(wechat.baseUrl).toBe(`http://127.0.0.1:${port}`);
    expect(await stable(account)).toBe(wechat.currentToken('wx_mine'));
    expect(await stable()).toBeUndefined();
  });
});
