import { connect } from 'node:net';
import { DEFAULT_FAKE_ACCOUNT, FakeWechat } from './index.js';

const { appId, appSecret } = DEFAULT_FAKE_ACCOUNT;

interface Body {
  access_token?: string;
  errcode?: number;
}

let wechat: FakeWechat;
beforeEach(async () => {
  wechat = await FakeWechat.start();
});
afterEach(() => wechat.stop());

function request() {
  return fetch(`${wechat.baseUrl}/cgi-bin/stable_token`, {
    method: 'POST',
    redirect: 'manual',
    body: stableBody(),
  });
}

function stableBody() {
  return JSON.stringify({
    grant_type: 'client_credential',
    appid: appId,
    secret: appSecret,
  });
}

async function stable() {
  return (await (await request()).json()) as Body;
}

/** The stable call on a raw socket: what came, when, and how it ended. */
async function rawCall() {
  const { port } = new URL(wechat.baseUrl);
  const socket = connect(Number(port), '127.0.0.1');
  const body = stableBody();
  socket.write(
    `POST /cgi-bin/stable_token HTTP/1.1\r\nhost: fake\r\ncontent-length: ${body.length}\r\n\r\n${body}`,
  );
  const parts: string[] = [];
  let end = 'open';
  socket.on('data', (data) => parts.push(data.toString()));
  socket.on(
    'error',
    (error: NodeJS.ErrnoException) => (end = error.code ?? ''),
  );
  socket.on('end', () => (end = 'FIN'));
  await new Promise((resolve) => socket.on('close', resolve));
  return { parts, text: parts.join(''), end };
}

describe('broken HTTP', () => {
  it('status: a gateway’s HTML page, or the body given', async () => {
    wechat.inject('stable', { status: 502 });
    const page = await request();
    expect(page.status).toBe(502);
    expect(page.headers.get('content-type')).toContain('text/html');
    expect(await page.text()).toContain('<title>502</title>');
    wechat.inject('stable', { status: 500, body: 'oops' });
    const own = await request();
    expect([own.status, await own.text()]).toEqual([500, 'oops']);
    expect(wechat.issued()).toBe(0);
  });

  it('body: HTTP 200 with garbage', async () => {
    wechat.inject('stable', { body: '{"access_token":' });
    const response = await request();
    expect(response.status).toBe(200);
    expect(await response.text()).toBe('{"access_token":');
    expect(wechat.issued()).toBe(0);
  });

  it('redirect: 302 to the address', async () => {
    wechat.inject('stable', { redirect: 'https://example.com/elsewhere' });
    const response = await request();
    expect(response.status).toBe(302);
    expect(response.headers.get('location')).toBe(
      'https://example.com/elsewhere',
    );
    expect(wechat.issued()).toBe(0);
  });

  it('truncate: acts, and ends before the length that it promised', async () => {
    wechat.inject('stable', { truncate: true });
    const { text, end } = await rawCall();
    const [head = '', body = ''] = text.split('\r\n\r\n');
    const promised = Number(/content-length: (\d+)/i.exec(head)?.[1]);
    expect(body).toMatch(/^\{"access_token":"/);
    expect(body.length).toBeGreaterThan(0);
    expect(body.length).toBeLessThan(promised);
    expect(end).toBe('FIN');
    expect(wechat.issued()).toBe(1);
  });

  it('oversize: acts, and pads the real answer to so many bytes', async () => {
    wechat.inject('stable', { oversize: 1_000_000 });
    const text = await (await request()).text();
    expect(text.length).toBe(1_000_000);
    expect((JSON.parse(text) as Body).access_token).toBe(
      wechat.currentToken(appId),
    );
  });

  it('endless: a body that begins like JSON and goes on', async () => {
    wechat.inject('stable', { endless: true });
    const response = await request();
    const reader = response.body?.getReader();
    let text = '';
    while (text.length < 200_000) {
      const part = await reader?.read();
      expect(part?.done).toBe(false);
      text += Buffer.from(part?.value ?? []).toString();
    }
    await reader?.cancel();
    expect(text).toMatch(/^\{"errcode":0,"errmsg":"x+$/);
    expect(wechat.issued()).toBe(0);
  });
});

describe('broken connections', () => {
  it('reset: a TCP reset, and nothing was done', async () => {
    wechat.inject('stable', { reset: true });
    expect(await rawCall()).toMatchObject({ text: '', end: 'ECONNRESET' });
    expect(wechat.issued()).toBe(0);
  });

  it('lostAnswer: the token is issued, and then a TCP reset', async () => {
    wechat.inject('stable', { lostAnswer: true });
    expect(await rawCall()).toMatchObject({ text: '', end: 'ECONNRESET' });
    expect(wechat.issued()).toBe(1);
    expect((await stable()).access_token).toBe(wechat.issuedTokens[0]);
  });

  it('hang: the request is taken and never answered', async () => {
    const fault = wechat.inject('stable', { hang: true });
    const given = AbortSignal.timeout(200);
    const call = fetch(`${wechat.baseUrl}/cgi-bin/stable_token`, {
      method: 'POST',
      body: stableBody(),
      signal: given,
    });
    await expect(call).rejects.toHaveProperty('name', 'TimeoutError');
    expect(fault.hits).toBe(1);
    expect(wechat.issued()).toBe(0);
    expect((await stable()).errcode).toBeUndefined();
  });

  it('delayMs: acts at once, and answers late', async () => {
    wechat.inject('stable', { delayMs: 300 });
    const before = performance.now();
    let answered = false;
    const call = stable().finally(() => (answered = true));
    await vi.waitFor(() => expect(wechat.issued()).toBe(1), { interval: 5 });
    expect(answered).toBe(false);
    const { access_token } = await call;
    expect(performance.now() - before).toBeGreaterThanOrEqual(295);
    expect(access_token).toBe(wechat.currentToken(appId));
  });

  it('drip: the real answer, slowly and never in a burst', async () => {
    wechat.inject('stable', { drip: { bytesPerSecond: 200 } });
    const before = performance.now();
    const response = await request();
    const parts: number[] = [];
    let text = '';
    const reader = response.body?.getReader();
    for (;;) {
      const part = await reader?.read();
      if (!part || part.done) break;
      parts.push(part.value.length);
      text += Buffer.from(part.value).toString();
    }
    const seconds = (performance.now() - before) / 1000;
    expect((JSON.parse(text) as Body).access_token).toBe(
      wechat.currentToken(appId),
    );
    expect(seconds).toBeGreaterThanOrEqual(text.length / 200 / 1.2);
    expect(Math.max(...parts)).toBeLessThan(text.length / 2);
  });
});
