import { DEFAULT_FAKE_ACCOUNT, FakeWechat } from './index.js';
import type { FakeWechatOptions } from './index.js';

const { appId, appSecret } = DEFAULT_FAKE_ACCOUNT;
/** 08:00 in China: no test crosses midnight unless it means to. */
const MORNING = new Date('2025-03-01T00:00:00Z');
const FORCE = { force_refresh: true };

interface Body {
  access_token: string;
  expires_in: number;
  errcode: number;
  errmsg: string;
}

let wechat: FakeWechat;
const start = async (options: FakeWechatOptions = {}) => {
  wechat = await FakeWechat.start({ startAt: MORNING, ...options });
};
afterEach(() => wechat.stop());

async function post(body: string) {
  const response = await fetch(`${wechat.baseUrl}/cgi-bin/stable_token`, {
    method: 'POST',
    body,
  });
  expect(response.status).toBe(200);
  return (await response.json()) as Body;
}

function fetchToken(changes: Record<string, unknown> = {}) {
  return post(
    JSON.stringify({
      grant_type: 'client_credential',
      appid: appId,
      secret: appSecret,
      ...changes,
    }),
  );
}

async function codeFor(token: string) {
  const response = await fetch(
    `${wechat.baseUrl}/cgi-bin/get_api_domain_ip?access_token=${token}`,
  );
  return ((await response.json()) as Body).errcode ?? 0;
}

describe('POST /cgi-bin/stable_token in normal mode', () => {
  it('answers the same token with what is left of its life', async () => {
    await start();
    const first = await fetchToken();
    expect(first.access_token).toMatch(/^[A-Za-z0-9_-]{136,}$/);
    expect(first.expires_in).toBe(7200);
    wechat.advance(1000.5);
    const again = await fetchToken({ force_refresh: false });
    expect(again.access_token).toBe(first.access_token);
    expect(Number.isInteger(again.expires_in)).toBe(true);
    expect(again.expires_in).toBeGreaterThanOrEqual(6190);
    expect(again.expires_in).toBeLessThanOrEqual(6199);
    expect(wechat.issued()).toBe(1);
  });

  it('is safe to call in parallel from any number of machines', async () => {
    await start();
    const bodies = await Promise.all(
      Array.from({ length: 50 }, () => fetchToken()),
    );
    expect(new Set(bodies.map((body) => body.access_token)).size).toBe(1);
    expect(wechat.issued()).toBe(1);
  });

  it('rotates in the last five minutes, not before; both work in them', async () => {
    await start();
    const old = (await fetchToken()).access_token;
    wechat.advance(6890);
    expect((await fetchToken()).access_token).toBe(old);
    wechat.advance(10);
    const fresh = await fetchToken();
    expect(fresh.access_token).not.toBe(old);
    expect(fresh.expires_in).toBe(7200);
    wechat.advance(290);
    expect(await codeFor(old)).toBe(0);
    expect(await codeFor(fresh.access_token)).toBe(0);
    wechat.advance(10);
    expect(await codeFor(old)).toBe(42001);
    expect(await codeFor(fresh.access_token)).toBe(0);
  });

  it('rotates once in that window, however many ask', async () => {
    await start({ lifeSeconds: 60, overlapSeconds: 10 });
    await fetchToken();
    wechat.advance(50);
    await Promise.all(Array.from({ length: 10 }, () => fetchToken()));
    expect(wechat.issued()).toBe(2);
  });

  it('shares nothing with the classic tokens of the account', async () => {
    await start();
    const stable = (await fetchToken()).access_token;
    wechat.otherSystemFetches(appId, 'classic');
    const classic = wechat.otherSystemFetches(appId, 'classic');
    wechat.advance(600);
    expect(await codeFor(stable)).toBe(0);
    expect((await fetchToken()).access_token).toBe(stable);
    await fetchToken(FORCE);
    expect(await codeFor(classic)).toBe(0);
  });

  it('answers 43002 to GET', async () => {
    await start();
    const query = `grant_type=client_credential&appid=${appId}&secret=${appSecret}`;
    const response = await fetch(
      `${wechat.baseUrl}/cgi-bin/stable_token?${query}`,
    );
    const body = (await response.json()) as Body;
    expect(body.errcode).toBe(43002);
    expect(body.errmsg).toMatch(/^require POST method rid: /);
  });

  it.each(['{"grant_type":', '', '[]', '"text"', 'null'])(
    'answers 47001 to the malformed body %j',
    async (text) => {
      await start();
      expect((await post(text)).errcode).toBe(47001);
    },
  );

  it.each([
    ['40002 for another grant type', { grant_type: 'password' }, 40002],
    ['41002 without an appid', { appid: undefined }, 41002],
    ['40013 for an unknown appid', { appid: 'wx_nobody' }, 40013],
    ['41004 without a secret', { secret: undefined }, 41004],
    ['40125 for a wrong secret', { secret: 'wrong-secret-77' }, 40125],
  ])('answers %s, and issues nothing', async (_, changes, errcode) => {
    await start();
    const body = await fetchToken(changes);
    expect(body.errcode).toBe(errcode);
    expect(body.errmsg).toMatch(/ rid: [0-9a-f]{8}-[0-9a-f]{8}-[0-9a-f]{8}$/);
    expect(body.errmsg).not.toContain('secret-');
    expect(wechat.issued()).toBe(0);
  });

  it('answers 45011 over the limit of a minute, until the minute ends', async () => {
    await start({ stablePerMinute: 3 });
    for (let i = 0; i < 3; i += 1) {
      expect((await fetchToken()).errcode).toBeUndefined();
    }
    expect((await fetchToken()).errcode).toBe(45011);
    wechat.advance(60);
    expect((await fetchToken()).errcode).toBeUndefined();
  });

  it('answers 45009 over the limit of a day, until midnight in China', async () => {
    await start({
      stablePerDay: 2,
      startAt: new Date('2025-03-01T15:58:00Z'),
    });
    await fetchToken();
    await fetchToken();
    wechat.advance(60);
    expect((await fetchToken()).errcode).toBe(45009);
    wechat.advance(60);
    expect((await fetchToken()).errcode).toBeUndefined();
  });
});

describe('POST /cgi-bin/stable_token with force_refresh', () => {
  it('issues a new token, and the old one dies at once', async () => {
    await start();
    const old = (await fetchToken()).access_token;
    const fresh = await fetchToken(FORCE);
    expect(fresh.access_token).not.toBe(old);
    expect(fresh.expires_in).toBe(7200);
    expect(await codeFor(old)).toBe(40001);
    expect(await codeFor(fresh.access_token)).toBe(0);
    expect((await fetchToken()).access_token).toBe(fresh.access_token);
  });

  it('ends both tokens of a rotation window', async () => {
    await start({ lifeSeconds: 60, overlapSeconds: 10 });
    const old = (await fetchToken()).access_token;
    wechat.advance(50);
    const second = (await fetchToken()).access_token;
    await fetchToken(FORCE);
    expect(await codeFor(old)).toBe(40001);
    expect(await codeFor(second)).toBe(40001);
  });

  it('does not refresh within 30 s of the last forced one', async () => {
    await start();
    const first = (await fetchToken(FORCE)).access_token;
    wechat.advance(29);
    const early = await fetchToken(FORCE);
    expect(early.access_token).toBe(first);
    expect(early.errcode).toBeUndefined();
    expect(await codeFor(first)).toBe(0);
    wechat.advance(1);
    expect((await fetchToken(FORCE)).access_token).not.toBe(first);
  });

  it('refreshes 20 times a China day, and then answers as normal mode does', async () => {
    await start();
    const values = new Set<string>();
    for (let i = 0; i < 20; i += 1) {
      values.add((await fetchToken(FORCE)).access_token);
      wechat.advance(30);
    }
    expect(values.size).toBe(20);
    const over = await fetchToken(FORCE);
    expect(values.has(over.access_token)).toBe(true);
    expect(over.expires_in).toBeLessThan(7200);
    wechat.advance(17 * 3600); // 01:10 of the next day in China
    const nextDay = (await fetchToken()).access_token;
    expect((await fetchToken(FORCE)).access_token).not.toBe(nextDay);
  });

  it('does not use up the budget by calls that do not refresh', async () => {
    await start({ forceDailyBudget: 2 });
    const first = (await fetchToken(FORCE)).access_token;
    for (let i = 0; i < 5; i += 1) {
      expect((await fetchToken(FORCE)).access_token).toBe(first);
    }
    wechat.advance(30);
    expect((await fetchToken(FORCE)).access_token).not.toBe(first);
  });

  it('over its budget still issues a token where there is none', async () => {
    await start({ forceDailyBudget: 0 });
    expect((await fetchToken(FORCE)).expires_in).toBe(7200);
    expect(wechat.issued()).toBe(1);
  });

  it('takes only the boolean true for force', async () => {
    await start();
    const { access_token } = await fetchToken();
    const again = await fetchToken({ force_refresh: 'true' });
    expect(again.access_token).toBe(access_token);
    expect(wechat.calls.stableForced).toBe(0);
  });
});
