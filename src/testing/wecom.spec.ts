import {
  DEFAULT_FAKE_ACCOUNT,
  DEFAULT_FAKE_WECOM_ACCOUNT,
  errmsgFor,
  fakeAppId,
  FakeWechat,
  KNOWN_WECOM_ERRCODES,
  wecomErrmsgFor,
} from './index.js';
import type {
  FakeWechatOptions,
  FakeWecomAccount,
  IssueNotice,
} from './index.js';

const APP = DEFAULT_FAKE_WECOM_ACCOUNT;
const SIBLING = { ...APP, agentId: '1000003', secret: 'sibling-secret' };
const STRANGER = { ...APP, corpId: 'ww_other_corp', secret: 'strange-secret' };
const [app, sibling, stranger] = [APP, SIBLING, STRANGER].map(fakeAppId) as [
  string,
  string,
  string,
];
const official = DEFAULT_FAKE_ACCOUNT.appId;
/** How WeCom ends the message of an errcode. */
const ending = (errcode: number) =>
  new RegExp(
    `, hint: \\[\\d{25}\\], from ip: 203\\.0\\.113\\.7, more info at https://open\\.work\\.weixin\\.qq\\.com/devtool/query\\?e=${errcode}$`,
  );

interface Body {
  access_token: string;
  ticket: string;
  expires_in: number;
  errcode: number;
  errmsg: string;
}

let wechat: FakeWechat;
const start = async (options: FakeWechatOptions = {}) => {
  const accounts = [DEFAULT_FAKE_ACCOUNT, APP, SIBLING, STRANGER];
  wechat = await FakeWechat.start({ accounts, ...options });
};
afterEach(() => wechat.stop());

async function get(path: string, params: Record<string, string>) {
  const query = new URLSearchParams(params).toString();
  const response = await fetch(`${wechat.baseUrl}${path}?${query}`);
  expect(response.status).toBe(200);
  return (await response.json()) as Body;
}

function getToken(account: FakeWecomAccount = APP, changes = {}) {
  const credentials = { corpid: account.corpId, corpsecret: account.secret };
  return get('/cgi-bin/gettoken', { ...credentials, ...changes });
}

const tokenOf = async (account?: FakeWecomAccount) =>
  (await getToken(account)).access_token;
const corpTicket = (token: string) =>
  get('/cgi-bin/get_jsapi_ticket', { access_token: token });
const agentTicket = (token: string) =>
  get('/cgi-bin/ticket/get', { access_token: token, type: 'agent_config' });
const business = (token: string) =>
  get('/cgi-bin/user/get', { access_token: token });
const jsapiTicket = (token: string) =>
  get('/cgi-bin/ticket/getticket', { access_token: token, type: 'jsapi' });

describe('GET /cgi-bin/gettoken', () => {
  it('answers a long random token and its life, with errcode 0', async () => {
    await start();
    expect(await getToken()).toEqual({
      errcode: 0,
      errmsg: 'ok',
      access_token: expect.stringMatching(/^[A-Za-z0-9_-]{200,}$/),
      expires_in: 7200,
    });
  });

  it('repeats the token until its end, and its full life with it', async () => {
    await start();
    const token = await tokenOf();
    wechat.advance(7100);
    expect(await getToken()).toMatchObject({
      access_token: token,
      expires_in: 7200,
    });
    wechat.advance(100);
    const next = await tokenOf();
    expect(next).not.toBe(token);
    expect(wechat.issuedTokens).toEqual([token, next]);
    expect((await business(token)).errcode).toBe(42001);
  });

  it('wecomRepeatedLife rest: says what is left of the life', async () => {
    await start({ wecomRepeatedLife: 'rest' });
    const token = await tokenOf();
    wechat.advance(3600);
    const again = await getToken();
    expect(again.access_token).toBe(token);
    expect(again.expires_in).toBeLessThanOrEqual(3600);
    expect(again.expires_in).toBeGreaterThan(0);
  });

  it('gives each application a token of its own', async () => {
    await start();
    const tokens = [
      await tokenOf(APP),
      await tokenOf(SIBLING),
      await tokenOf(STRANGER),
    ];
    expect(new Set(tokens).size).toBe(3);
    wechat.drop(app);
    expect(tokens.map((token) => wechat.accepts(token))).toEqual([
      false,
      true,
      true,
    ]);
  });

  it.each([
    ['41002 without a corpid', { corpid: '' }, 41002, 'corpid missing'],
    ['40013 for an unknown corpid', { corpid: 'ww' }, 40013, 'invalid corpid'],
    ['41004 without a secret', { corpsecret: '' }, 41004, 'corpsecret missing'],
    [
      '40001 for a bad secret',
      { corpsecret: 'x' },
      40001,
      'invalid credential',
    ],
    [
      '40001 for the secret of another corp',
      { corpsecret: STRANGER.secret },
      40001,
      'invalid credential',
    ],
  ])('answers %s, and issues nothing', async (_, changes, errcode, errmsg) => {
    await start();
    const body = await getToken(APP, changes);
    expect(body.errcode).toBe(errcode);
    expect(body.errmsg).toMatch(ending(errcode));
    expect(body.errmsg.split(', hint')[0]).toBe(errmsg);
    expect(body.access_token).toBeUndefined();
    expect(wechat.issued()).toBe(0);
  });

  it('counts the limit of a minute by corp, and not for bad credentials', async () => {
    await start({ wecomTokensPerMinute: 2 });
    await getToken(APP, { corpsecret: 'wrong' });
    await getToken(APP);
    await getToken(SIBLING);
    expect((await getToken(APP)).errcode).toBe(45009);
    expect((await getToken(STRANGER)).errcode).toBe(0);
    wechat.advance(60);
    expect((await getToken(APP)).errcode).toBe(0);
  });

  it('does not know WeChat’s accounts, nor the reverse', async () => {
    await start();
    const { appId, appSecret } = DEFAULT_FAKE_ACCOUNT;
    const asCorp = { corpid: appId, corpsecret: appSecret };
    expect((await getToken(APP, asCorp)).errcode).toBe(40013);
    const asAppId = {
      grant_type: 'client_credential',
      appid: app,
      secret: APP.secret,
    };
    expect((await get('/cgi-bin/token', asAppId)).errcode).toBe(40013);
  });
});

describe('GET /cgi-bin/get_jsapi_ticket', () => {
  it('answers one ticket for all applications of the corp, always with its full life', async () => {
    await start();
    const [mine, siblings] = [await tokenOf(APP), await tokenOf(SIBLING)];
    const first = await corpTicket(mine);
    expect(first).toEqual({
      errcode: 0,
      errmsg: 'ok',
      ticket: expect.stringMatching(/^[A-Za-z0-9_-]{80,}$/),
      expires_in: 7200,
    });
    wechat.advance(3600);
    expect(await corpTicket(siblings)).toEqual(first);
    expect((await corpTicket(await tokenOf(STRANGER))).ticket).not.toBe(
      first.ticket,
    );
    wechat.advance(3600);
    expect((await corpTicket(await tokenOf(APP))).ticket).not.toBe(
      first.ticket,
    );
  });

  it('allows 400 calls an hour per corp by default', async () => {
    await start();
    const [mine, siblings] = [await tokenOf(APP), await tokenOf(SIBLING)];
    for (let i = 0; i < 40; i += 1) {
      await Promise.all(Array.from({ length: 5 }, () => corpTicket(mine)));
      await Promise.all(Array.from({ length: 5 }, () => corpTicket(siblings)));
    }
    const refused = await corpTicket(siblings);
    expect(refused.errcode).toBe(45009);
    expect(refused.errmsg).toMatch(ending(45009));
    expect((await corpTicket(await tokenOf(STRANGER))).errcode).toBe(0);
    wechat.advance(3600);
    expect((await corpTicket(mine)).errcode).toBe(0);
  });
});

describe('GET /cgi-bin/ticket/get', () => {
  it('answers a ticket for each application, always with its full life', async () => {
    await start();
    const [mine, siblings] = [await tokenOf(APP), await tokenOf(SIBLING)];
    const first = await agentTicket(mine);
    expect(first).toMatchObject({ errcode: 0, errmsg: 'ok', expires_in: 7200 });
    wechat.advance(3600);
    expect(await agentTicket(mine)).toEqual(first);
    const tickets = [
      first.ticket,
      (await agentTicket(siblings)).ticket,
      (await corpTicket(mine)).ticket,
    ];
    expect(new Set(tickets).size).toBe(3);
  });

  it('allows 100 calls an hour per application by default', async () => {
    await start();
    const [mine, siblings] = [await tokenOf(APP), await tokenOf(SIBLING)];
    for (let i = 0; i < 10; i += 1) {
      await Promise.all(Array.from({ length: 10 }, () => agentTicket(mine)));
    }
    expect((await agentTicket(mine)).errcode).toBe(45009);
    expect((await agentTicket(siblings)).errcode).toBe(0);
    expect((await corpTicket(mine)).errcode).toBe(0);
    wechat.advance(3600);
    expect((await agentTicket(mine)).errcode).toBe(0);
  });

  it('says that it does not model other types', async () => {
    await start();
    const token = await tokenOf();
    const response = await fetch(
      `${wechat.baseUrl}/cgi-bin/ticket/get?access_token=${token}&type=jsapi`,
    );
    expect(response.status).toBe(501);
    expect(wechat.ticketsIssued()).toBe(0);
  });
});

describe('WeCom’s refusals of a token', () => {
  const calls: [string, (token: string) => Promise<Body>][] = [
    ['get_jsapi_ticket', corpTicket],
    ['ticket/get', agentTicket],
    ['a business call', business],
  ];

  it.each(calls)('on %s', async (_, call) => {
    await start();
    expect((await call('')).errcode).toBe(41001);
    expect((await call('nonsense')).errcode).toBe(40014);

    const dropped = await tokenOf();
    expect((await call(dropped)).errcode).toBe(0);
    wechat.drop(app);
    expect((await call(dropped)).errcode).toBe(40014);

    const expired = await tokenOf();
    wechat.advance(7200);
    const refused = await call(expired);
    expect(refused.errcode).toBe(42001);
    expect(refused.errmsg).toMatch(ending(42001));

    const revoked = await tokenOf();
    wechat.rejectAllTokens(app, true);
    expect((await call(revoked)).errcode).toBe(40014);
    wechat.rejectAllTokens(app, false);
    expect((await call(revoked)).errcode).toBe(0);
    expect(wechat.refused).toBe(5);
  });

  it('40014 for a token of the other platform, dead or alive', async () => {
    await start();
    const theirs = wechat.otherSystemFetches(official, 'classic');
    const mine = await tokenOf();
    const codes = async () =>
      (
        await Promise.all([
          corpTicket(theirs),
          agentTicket(theirs),
          jsapiTicket(mine),
        ])
      ).map(({ errcode }) => errcode);
    expect(await codes()).toEqual([40014, 40014, 40014]);
    wechat.drop();
    expect(await codes()).toEqual([40014, 40014, 40014]);
    wechat.advance(7200);
    expect(await codes()).toEqual([40014, 40014, 40014]);
    expect(wechat.ticketsIssued()).toBe(0);
  });

  it('a business call is answered for the platform of its token', async () => {
    await start();
    const mine = await tokenOf();
    const theirs = wechat.otherSystemFetches(official, 'stable-forced');
    expect(await business(mine)).toEqual({
      errcode: 0,
      errmsg: 'ok',
      path: '/cgi-bin/user/get',
      method: 'GET',
      body: null,
    });
    wechat.drop();
    expect(await business(mine)).toMatchObject({
      errcode: 40014,
      errmsg: expect.stringMatching(ending(40014)),
    });
    expect(await business(theirs)).toMatchObject({
      errcode: 40001,
      errmsg: expect.stringMatching(/ rid: /),
    });
  });
});

describe('the methods of FakeWechat, for an application', () => {
  it('dropSilently: gettoken answers the dead token until its end', async () => {
    await start();
    const dead = await tokenOf();
    wechat.dropSilently(app);
    expect(await tokenOf()).toBe(dead);
    expect((await business(dead)).errcode).toBe(40014);
    expect(wechat.currentToken(app)).toBe(dead);
    wechat.advance(7200);
    expect(wechat.accepts(await tokenOf())).toBe(true);
  });

  it('changeSecret: the old secret gets 40001, and is counted for the application', async () => {
    await start();
    const token = await tokenOf();
    wechat.changeSecret(app, 'another');
    expect((await getToken()).errcode).toBe(40001);
    expect(wechat.accepts(token)).toBe(true);
    const renewed = await getToken(APP, { corpsecret: 'another' });
    expect(renewed.access_token).toBe(token);
    expect(wechat.callsFor(app).wecomToken).toBe(3);
    expect(() => wechat.changeSecret(app, SIBLING.secret)).toThrow(
      /^FakeWechat: ww_fake_corp\/1000003 has this secret already\./,
    );
  });

  it('calls, callsFor: by application, by corp for a secret that is nobody’s', async () => {
    await start();
    const token = await tokenOf();
    await corpTicket(token);
    await agentTicket(token);
    await business(token);
    await getToken(SIBLING);
    await getToken(APP, { corpsecret: 'nobody’s' });
    const mine = { total: 4, wecomToken: 1, wecomTicket: 2, business: 1 };
    expect(wechat.callsFor(app)).toMatchObject(mine);
    expect(wechat.callsFor(sibling)).toMatchObject({ total: 1, wecomToken: 1 });
    expect(wechat.callsFor(APP.corpId)).toMatchObject({ total: 1 });
    expect(wechat.calls).toMatchObject({
      total: 6,
      wecomToken: 3,
      wecomTicket: 2,
      business: 1,
      classic: 0,
      stable: 0,
      ticket: 0,
    });
  });

  it('currentToken, issued, otherSystemFetches, onIssue', async () => {
    await start();
    const notices: IssueNotice[] = [];
    wechat.onIssue((notice) => notices.push(notice));
    expect(wechat.currentToken(app)).toBeUndefined();
    const theirs = wechat.otherSystemFetches(app, 'wecom');
    expect(await tokenOf()).toBe(theirs);
    await tokenOf(SIBLING);
    expect(wechat.currentToken(app, 'wecom')).toBe(theirs);
    expect([wechat.issued(), wechat.issued(app)]).toEqual([2, 1]);
    expect(notices).toMatchObject([
      { appId: app, kind: 'wecom', forced: false },
      { appId: sibling, kind: 'wecom', forced: false },
    ]);
    expect(wechat.callsFor(app).wecomToken).toBe(1);
  });

  it('drop of a kind leaves the other platform alone', async () => {
    await start();
    const mine = await tokenOf();
    const theirs = wechat.otherSystemFetches(official, 'classic');
    wechat.drop(undefined, 'wecom');
    expect([mine, theirs].map((token) => wechat.accepts(token))).toEqual([
      false,
      true,
    ]);
  });

  it('name an application that does not exist, and a kind that it does not have', async () => {
    await start();
    expect(() => wechat.currentToken(APP.corpId)).toThrow(
      /^FakeWechat has no account ww_fake_corp\.$/,
    );
    expect(() => wechat.drop(app, 'stable')).toThrow(
      /^FakeWechat: ww_fake_corp\/1000002 has tokens of kind wecom, not stable\.$/,
    );
    expect(() => wechat.otherSystemFetches(official, 'wecom')).toThrow(
      /^FakeWechat: wx_fake_app has tokens of kind stable and classic, not wecom\.$/,
    );
    expect(() => wechat.addAccount(APP)).toThrow(
      /^FakeWechat already has an account ww_fake_corp\/1000002\.$/,
    );
    const twin = { ...APP, agentId: '1000004' };
    expect(() => wechat.addAccount(twin)).toThrow(/has this secret already/);
    expect(() => wechat.currentToken(fakeAppId(twin))).toThrow('1000004');
  });

  it('are not among the accounts unless given', async () => {
    wechat = await FakeWechat.start();
    expect((await getToken()).errcode).toBe(40013);
    wechat.addAccount(APP);
    expect((await getToken()).errcode).toBe(0);
  });

  it.each([
    { wecomTokensPerMinute: -1 },
    { wecomRepeatedLife: 'half' as 'full' },
  ])('refuses the options %j', async (options) => {
    const [name] = Object.keys(options);
    await expect(FakeWechat.start(options)).rejects.toThrow(name);
  });
});

describe('faults on WeCom’s endpoints', () => {
  it.each(KNOWN_WECOM_ERRCODES)(
    '%i comes with HTTP 200 and WeCom’s sentence',
    async (errcode) => {
      await start();
      wechat.inject('wecomToken', { errcode });
      const { errmsg } = await getToken();
      expect(errmsg.split(', hint')[0]).toBe(wecomErrmsgFor(errcode));
      expect(wecomErrmsgFor(errcode)).not.toBe('unknown error');
      expect(errmsg).toMatch(ending(errcode));
      expect(wechat.issued()).toBe(0);
    },
  );

  it('a sentence of the test’s own keeps WeCom’s ending', async () => {
    await start();
    wechat.inject('any', { errcode: 1, errmsg: 'new' }, { appId: app });
    expect((await getToken(SIBLING)).errcode).toBe(0);
    expect((await getToken()).errmsg).toMatch(/^new, hint: /);
  });

  it('a business call gets the sentence of the platform of its token', async () => {
    await start();
    const mine = await tokenOf();
    const theirs = wechat.otherSystemFetches(official, 'classic');
    wechat.inject('business', { errcode: 50002 }, { times: 2 });
    expect((await business(mine)).errmsg).toContain(wecomErrmsgFor(50002));
    expect((await business(theirs)).errmsg).toContain(errmsgFor(50002));
    expect(errmsgFor(50002)).not.toBe(wecomErrmsgFor(50002));
  });

  it('wecomTicket spoils both tickets and those alone, of one application', async () => {
    await start();
    const [mine, other] = [await tokenOf(), await tokenOf(STRANGER)];
    const busy = { errcode: -1 };
    wechat.inject('wecomTicket', busy, { times: 2, appId: stranger });
    const codes = [
      corpTicket(mine),
      agentTicket(other),
      business(other),
      corpTicket(other),
    ];
    expect((await Promise.all(codes)).map(({ errcode }) => errcode)).toEqual([
      0, -1, 0, -1,
    ]);
  });
});
