import {
  DEFAULT_FAKE_ACCOUNT,
  FakeWechat,
  KNOWN_ERRCODES,
  errmsgFor,
} from './index.js';
import type { Fault, FaultTarget, InjectOptions } from './index.js';

const { appId, appSecret } = DEFAULT_FAKE_ACCOUNT;

interface Body {
  access_token?: string;
  errcode?: number;
  errmsg?: string;
}

let wechat: FakeWechat;
beforeEach(async () => {
  wechat = await FakeWechat.start();
});
afterEach(() => wechat.stop());

function request(account = DEFAULT_FAKE_ACCOUNT) {
  return fetch(`${wechat.baseUrl}/cgi-bin/stable_token`, {
    method: 'POST',
    redirect: 'manual',
    body: stableBody(account),
  });
}

function stableBody(account = DEFAULT_FAKE_ACCOUNT) {
  return JSON.stringify({
    grant_type: 'client_credential',
    appid: account.appId,
    secret: account.appSecret,
  });
}

async function stable(account = DEFAULT_FAKE_ACCOUNT) {
  return (await (await request(account)).json()) as Body;
}

const ERRCODES = [
  -1, 40001, 40014, 42001, 40125, 40013, 41002, 41004, 40002, 43002, 40243,
  40164, 61004, 45009, 45011, 50002, 50004, 48004, 89501, 89502, 89503, 89504,
  89505, 89506, 89507, 42007, 61023, 61005, 61006,
];

describe('injected errcodes', () => {
  it.each(ERRCODES)(
    '%i comes with HTTP 200, WeChat’s sentence and a rid',
    async (errcode) => {
      wechat.inject('stable', { errcode });
      const response = await request();
      const body = (await response.json()) as Body;
      expect(response.status).toBe(200);
      expect(body.errcode).toBe(errcode);
      expect(errmsgFor(errcode)).not.toBe('unknown error');
      expect(KNOWN_ERRCODES).toContain(errcode);
      expect(body.errmsg).toMatch(/ rid: [0-9a-f]{8}-[0-9a-f]{8}-[0-9a-f]{8}$/);
      expect(body.errmsg?.split(' rid: ')[0]).toBe(errmsgFor(errcode));
      expect(wechat.issued()).toBe(0);
    },
  );

  it('40164 names the caller’s IP as the platform writes it', async () => {
    wechat.inject('stable', { errcode: 40164 });
    expect((await stable()).errmsg).toMatch(
      /^invalid ip (\d+\.\d+\.\d+\.\d+) ipv6 ::ffff:\1, not in whitelist rid: /,
    );
  });

  it('take a sentence of the test’s own', async () => {
    wechat.inject('stable', { errcode: 12345, errmsg: 'something new' });
    const { errcode, errmsg } = await stable();
    expect(errcode).toBe(12345);
    expect(errmsg).toMatch(/^something new rid: /);
  });
});

describe('which calls a fault spoils', () => {
  const busy: Fault = { errcode: -1 };

  const paths: Record<Exclude<FaultTarget, 'any'>, string> = {
    classic: `/cgi-bin/token?grant_type=client_credential&appid=${appId}&secret=${appSecret}`,
    stable: '/cgi-bin/stable_token',
    ticket: '/cgi-bin/ticket/getticket?type=jsapi&access_token=x',
    business: '/cgi-bin/user/get?access_token=x',
    wecomToken: '/cgi-bin/gettoken?corpid=x&corpsecret=y',
    wecomTicket: '/cgi-bin/get_jsapi_ticket?access_token=x',
  };
  const spoiled = async () => {
    const hit: string[] = [];
    for (const [endpoint, path] of Object.entries(paths)) {
      const response = await fetch(wechat.baseUrl + path);
      const { errcode } = (await response.json()) as Body;
      if (errcode === -1) hit.push(endpoint);
    }
    return hit;
  };

  it.each(Object.keys(paths) as (keyof typeof paths)[])(
    'those of its endpoint: %s',
    async (target) => {
      const fault = wechat.inject(target, busy, { times: Infinity });
      expect(await spoiled()).toEqual([target]);
      expect(fault.hits).toBe(1);
    },
  );

  it('those of every endpoint for any', async () => {
    wechat.inject('any', busy, { times: Infinity });
    expect(await spoiled()).toEqual(Object.keys(paths));
  });

  it('one by default', async () => {
    const codes = async (options?: InjectOptions) => {
      wechat.inject('stable', busy, options);
      const got = [];
      for (let i = 0; i < 3; i += 1) got.push((await stable()).errcode);
      return got;
    };
    expect(await codes()).toEqual([-1, undefined, undefined]);
    expect(await codes({ times: 2 })).toEqual([-1, -1, undefined]);
    expect(await codes({ times: Infinity })).toEqual([-1, -1, -1]);
  });

  it('none once it is removed', async () => {
    const fault = wechat.inject('stable', busy, { times: Infinity });
    await stable();
    fault.remove();
    expect((await stable()).errcode).toBeUndefined();
    expect(fault.hits).toBe(1);
  });

  it('in the order of injection, one at a time', async () => {
    wechat.inject('stable', { errcode: 1 });
    wechat.inject('any', { errcode: 2 });
    expect((await stable()).errcode).toBe(1);
    expect((await stable()).errcode).toBe(2);
  });

  it('those of its account, by appid or by access token', async () => {
    const other = { appId: 'wx_other', appSecret: 's2' };
    wechat.addAccount(other);
    wechat.inject('any', busy, { times: 3, appId: 'wx_other' });
    const token = wechat.otherSystemFetches('wx_other', 'classic');
    const mine = wechat.otherSystemFetches(appId, 'classic');
    const business = async (accessToken: string) => {
      const path = `/cgi-bin/user/get?access_token=${accessToken}`;
      const response = await fetch(wechat.baseUrl + path);
      return ((await response.json()) as Body).errcode;
    };
    expect((await stable()).errcode).toBeUndefined();
    expect((await stable(other)).errcode).toBe(-1);
    expect(await business(mine)).toBe(0);
    expect(await business(token)).toBe(-1);
    const query = 'grant_type=client_credential&appid=wx_other&secret=s2';
    const classic = await fetch(`${wechat.baseUrl}/cgi-bin/token?${query}`);
    expect(((await classic.json()) as Body).errcode).toBe(-1);
  });

  it('counts them as calls', async () => {
    wechat.inject('stable', { reset: true });
    await request().catch(() => {});
    expect(wechat.calls.stable).toBe(1);
  });

  it.each([0, -1, 1.5, Number.NaN])('refuses to spoil %d calls', (times) => {
    expect(() => wechat.inject('any', busy, { times })).toThrow(RangeError);
  });

  it.each<Fault>([
    { drip: { bytesPerSecond: 0 } },
    { delayMs: -1 },
    { oversize: -1 },
  ])('refuses the fault %j', (fault) => {
    expect(() => wechat.inject('any', fault)).toThrow(RangeError);
  });
});
