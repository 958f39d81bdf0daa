import { DEFAULT_FAKE_ACCOUNT, FakeWechat } from './index.js';
import type { FakeWechatOptions } from './index.js';

const { appId } = DEFAULT_FAKE_ACCOUNT;
const EVENING = new Date('2025-03-01T12:00:00Z');

interface Body {
  errcode?: number;
  errmsg: string;
  ticket: string;
  expires_in: number;
}

let wechat: FakeWechat;
let token: string;
const start = async (options: FakeWechatOptions = {}) => {
  wechat = await FakeWechat.start({ startAt: EVENING, ...options });
  token = wechat.otherSystemFetches(appId, 'stable-forced');
};
afterEach(() => wechat.stop());

async function call(path: string, params: Record<string, string>) {
  const query = new URLSearchParams(params).toString();
  const response = await fetch(`${wechat.baseUrl}${path}?${query}`);
  expect(response.status).toBe(200);
  return (await response.json()) as Body;
}

function getTicket(type: string, accessToken = token) {
  const params = { access_token: accessToken, type };
  return call('/cgi-bin/ticket/getticket', params);
}

describe('a business call', () => {
  it('is answered with errcode 0 and what was asked', async () => {
    await start();
    const response = await fetch(
      `${wechat.baseUrl}/cgi-bin/message/custom/send?access_token=${token}`,
      { method: 'POST', body: '{"touser":"o1","msgtype":"text"}' },
    );
    expect(response.headers.get('content-type')).toContain('application/json');
    expect(await response.json()).toEqual({
      errcode: 0,
      errmsg: 'ok',
      path: '/cgi-bin/message/custom/send',
      method: 'POST',
      body: { touser: 'o1', msgtype: 'text' },
    });
    expect(wechat.refused).toBe(0);
  });

  it('get_api_domain_ip answers a list of addresses', async () => {
    await start();
    const params = { access_token: token };
    expect(await call('/cgi-bin/get_api_domain_ip', params)).toEqual({
      ip_list: [expect.any(String), expect.any(String)],
    });
  });

  it.each(['/cgi-bin/user/get', '/wxa/getwxadevinfo', '/sns/anything'])(
    'needs an access token on %s',
    async (path) => {
      await start();
      expect((await call(path, { access_token: token })).errcode).toBe(0);
      const missing = await call(path, {});
      expect(missing.errcode).toBe(41001);
      expect(missing.errmsg).toMatch(/^access_token missing rid: /);
    },
  );

  it('is refused with 40014 for a string that was never a token', async () => {
    await start();
    const params = { access_token: `${token.slice(0, -1)}!` };
    const body = await call('/cgi-bin/user/get', params);
    expect(body.errcode).toBe(40014);
    expect(body.errmsg).toMatch(/^invalid access_token rid: /);
  });

  it('is refused with 40001 for a token that is no longer the latest', async () => {
    await start();
    wechat.otherSystemFetches(appId, 'stable-forced');
    const body = await call('/cgi-bin/user/get', { access_token: token });
    expect(body.errcode).toBe(40001);
    expect(body.errmsg).toMatch(
      /^invalid credential, access_token is invalid or not latest rid: /,
    );
  });

  it('is refused with 42001 for a token past its life', async () => {
    await start();
    wechat.advance(7200);
    const body = await call('/cgi-bin/user/get', { access_token: token });
    expect(body.errcode).toBe(42001);
    expect(body.errmsg).toMatch(/^access_token expired rid: /);
  });

  it('counts its refusals', async () => {
    await start();
    await call('/cgi-bin/user/get', {});
    await call('/cgi-bin/user/get', { access_token: 'nonsense' });
    await getTicket('jsapi', 'nonsense');
    await call('/cgi-bin/user/get', { access_token: token });
    expect(wechat.refused).toBe(3);
  });

  it('to a path that WeChat does not have is HTTP 404', async () => {
    await start();
    expect((await fetch(`${wechat.baseUrl}/nowhere`)).status).toBe(404);
    expect(wechat.calls).toMatchObject({ total: 1, business: 0 });
  });
});

describe('GET /cgi-bin/ticket/getticket', () => {
  it.each(['jsapi', 'wx_card'])('answers a ticket of type %s', async (type) => {
    await start();
    expect(await getTicket(type)).toEqual({
      errcode: 0,
      errmsg: 'ok',
      ticket: expect.stringMatching(/^[A-Za-z0-9_-]{80,}$/),
      expires_in: 7200,
    });
  });

  it('keeps the types apart', async () => {
    await start();
    const jsapi = await getTicket('jsapi');
    const card = await getTicket('wx_card');
    expect(jsapi.ticket).not.toBe(card.ticket);
  });

  it('repeats the ticket with expires_in 7200 although less is left', async () => {
    await start();
    const first = await getTicket('jsapi');
    wechat.advance(7100);
    const again = await getTicket('jsapi');
    expect(again.ticket).toBe(first.ticket);
    expect(again.expires_in).toBe(7200);
    wechat.advance(100);
    const fresh = wechat.otherSystemFetches(appId, 'stable-forced');
    expect((await getTicket('jsapi', fresh)).ticket).not.toBe(first.ticket);
  });

  it('checks the access token', async () => {
    await start();
    expect((await call('/cgi-bin/ticket/getticket', {})).errcode).toBe(41001);
    expect((await getTicket('jsapi', 'nonsense')).errcode).toBe(40014);
    wechat.drop();
    expect((await getTicket('jsapi')).errcode).toBe(40001);
  });

  it('has a very limited quota, which returns at midnight in China', async () => {
    await start({
      ticketDailyQuota: 2,
      startAt: new Date('2025-03-01T15:58:00Z'),
    });
    await getTicket('jsapi');
    await getTicket('wx_card');
    wechat.advance(60);
    expect((await getTicket('jsapi')).errcode).toBe(45009);
    wechat.advance(60);
    expect((await getTicket('jsapi')).errcode).toBe(0);
  });

  it('says that it does not model other types', async () => {
    await start();
    const response = await fetch(
      `${wechat.baseUrl}/cgi-bin/ticket/getticket?access_token=${token}`,
    );
    expect(response.status).toBe(501);
  });
});
