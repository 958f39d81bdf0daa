import { DEFAULT_FAKE_ACCOUNT, FakeWechat } from './index.js';
import type { FakeWechatOptions } from './index.js';

const { appId, appSecret } = DEFAULT_FAKE_ACCOUNT;
/** 20:00 in China: no test crosses midnight unless it means to. */
const EVENING = new Date('2025-03-01T12:00:00Z');

interface Body {
  access_token: string;
  expires_in: number;
  errcode: number;
  errmsg: string;
}

let wechat: FakeWechat;
const start = async (options: FakeWechatOptions = {}) => {
  wechat = await FakeWechat.start({ startAt: EVENING, ...options });
};
afterEach(() => wechat.stop());

async function get(path: string, params: Record<string, string>) {
  const query = new URLSearchParams(params).toString();
  const response = await fetch(`${wechat.baseUrl}${path}?${query}`);
  expect(response.status).toBe(200);
  return (await response.json()) as Body;
}

function fetchToken(changes: Record<string, string> = {}) {
  return get('/cgi-bin/token', {
    grant_type: 'client_credential',
    appid: appId,
    secret: appSecret,
    ...changes,
  });
}

async function codeFor(token: string) {
  const body = await get('/cgi-bin/get_api_domain_ip', { access_token: token });
  return body.errcode ?? 0;
}

describe('GET /cgi-bin/token', () => {
  it('answers a long random token and its life', async () => {
    await start();
    const body = await fetchToken();
    expect(Object.keys(body)).toEqual(['access_token', 'expires_in']);
    expect(body.access_token).toMatch(/^[A-Za-z0-9_-]{136,}$/);
    expect(body.expires_in).toBe(7200);
    expect(await codeFor(body.access_token)).toBe(0);
  });

  it('rotates at every call', async () => {
    await start();
    const values = new Set<string>();
    for (let i = 0; i < 5; i += 1)
      values.add((await fetchToken()).access_token);
    expect(values.size).toBe(5);
    expect(wechat.issued()).toBe(5);
    expect(wechat.issuedTokens).toEqual([...values]);
  });

  it('lets the old token and the new one both work for five minutes', async () => {
    await start();
    const old = (await fetchToken()).access_token;
    const fresh = (await fetchToken()).access_token;
    wechat.advance(299);
    expect(await codeFor(old)).toBe(0);
    expect(await codeFor(fresh)).toBe(0);
    wechat.advance(1);
    expect(await codeFor(old)).toBe(40001);
    expect(await codeFor(fresh)).toBe(0);
  });

  it('does not lengthen the life of an old token by the overlap', async () => {
    await start();
    const old = (await fetchToken()).access_token;
    wechat.advance(7100);
    await fetchToken();
    wechat.advance(99);
    expect(await codeFor(old)).toBe(0);
    wechat.advance(1);
    expect(await codeFor(old)).toBe(42001);
  });

  it('keeps only the newest two tokens', async () => {
    await start();
    const first = (await fetchToken()).access_token;
    const second = (await fetchToken()).access_token;
    const third = (await fetchToken()).access_token;
    expect(await codeFor(first)).toBe(40001);
    expect(await codeFor(second)).toBe(0);
    expect(await codeFor(third)).toBe(0);
  });

  it('ends a token with 42001 when its life has ended', async () => {
    await start({ lifeSeconds: 60 });
    const { access_token, expires_in } = await fetchToken();
    expect(expires_in).toBe(60);
    wechat.advance(59);
    expect(await codeFor(access_token)).toBe(0);
    wechat.advance(1);
    expect(await codeFor(access_token)).toBe(42001);
  });

  it('takes a third of a short life as the overlap', async () => {
    await start({ lifeSeconds: 60 });
    const old = (await fetchToken()).access_token;
    await fetchToken();
    wechat.advance(19);
    expect(await codeFor(old)).toBe(0);
    wechat.advance(1);
    expect(await codeFor(old)).toBe(40001);
  });

  it.each([
    ['40002 for another grant type', { grant_type: 'password' }, 40002],
    ['41002 without an appid', { appid: '' }, 41002],
    ['40013 for an unknown appid', { appid: 'wx_nobody' }, 40013],
    ['41004 without a secret', { secret: '' }, 41004],
    ['40125 for a wrong secret', { secret: 'wrong-secret-77' }, 40125],
  ])('answers %s, and issues nothing', async (_, changes, errcode) => {
    await start();
    const body = await fetchToken(changes);
    expect(body.errcode).toBe(errcode);
    expect(body.errmsg).toMatch(/ rid: [0-9a-f]{8}-[0-9a-f]{8}-[0-9a-f]{8}$/);
    expect(body.errmsg).not.toContain('secret-');
    expect(body.access_token).toBeUndefined();
    expect(wechat.issued()).toBe(0);
  });

  it('refuses the old secret once it was changed; tokens stay good', async () => {
    await start();
    const { access_token } = await fetchToken();
    wechat.changeSecret(appId, 'another');
    expect((await fetchToken()).errcode).toBe(40125);
    expect(await codeFor(access_token)).toBe(0);
    expect((await fetchToken({ secret: 'another' })).expires_in).toBe(7200);
  });

  it('allows 2000 calls a day by default', async () => {
    await start();
    // 10 at a time: quick, and no more sockets than a machine likes.
    for (let i = 0; i < 200; i += 1) {
      await Promise.all(Array.from({ length: 10 }, () => fetchToken()));
    }
    expect(wechat.issued()).toBe(2000);
    const refused = await fetchToken();
    expect(refused.errcode).toBe(45009);
    expect(refused.errmsg).toContain('reach max api daily quota limit');
    expect(wechat.issued()).toBe(2000);
  });

  it('gives the quota back at midnight in China, not in UTC', async () => {
    await start({
      classicDailyQuota: 1,
      startAt: new Date('2025-03-01T15:58:00Z'),
    });
    await fetchToken();
    wechat.advance(60);
    expect((await fetchToken()).errcode).toBe(45009);
    wechat.advance(60);
    expect((await fetchToken()).expires_in).toBe(7200);
    wechat.advance(8 * 3600 + 60); // past midnight UTC: the same China day
    expect((await fetchToken()).errcode).toBe(45009);
  });

  it('counts the quota of each account alone, and not for bad credentials', async () => {
    await start({ classicDailyQuota: 1 });
    wechat.addAccount({ appId: 'wx_other', appSecret: 's2' });
    expect((await fetchToken({ secret: 'wrong' })).errcode).toBe(40125);
    expect((await fetchToken()).expires_in).toBe(7200);
    expect((await fetchToken()).errcode).toBe(45009);
    const other = await fetchToken({ appid: 'wx_other', secret: 's2' });
    expect(other.expires_in).toBe(7200);
  });
});
