import { createHash } from 'node:crypto';
import { DEFAULT_FAKE_ACCOUNT, FakeWechat } from './index.js';
import type { FakeWechatOptions, IssueNotice } from './index.js';

const { appId, appSecret } = DEFAULT_FAKE_ACCOUNT;
const EVENING = new Date('2025-03-01T12:00:00Z');

interface Body {
  access_token: string;
  errcode: number;
}

let wechat: FakeWechat;
const start = async (options: FakeWechatOptions = {}) => {
  wechat = await FakeWechat.start({ startAt: EVENING, ...options });
};
beforeEach(() => start());
afterEach(() => wechat.stop());

async function stable(force = false, account = DEFAULT_FAKE_ACCOUNT) {
  const response = await fetch(`${wechat.baseUrl}/cgi-bin/stable_token`, {
    method: 'POST',
    body: JSON.stringify({
      grant_type: 'client_credential',
      appid: account.appId,
      secret: account.appSecret,
      force_refresh: force,
    }),
  });
  return ((await response.json()) as Body).access_token;
}

async function classic() {
  const query = `grant_type=client_credential&appid=${appId}&secret=${appSecret}`;
  const response = await fetch(`${wechat.baseUrl}/cgi-bin/token?${query}`);
  return ((await response.json()) as Body).access_token;
}

async function codeFor(token: string) {
  const response = await fetch(
    `${wechat.baseUrl}/cgi-bin/user/get?access_token=${token}`,
  );
  return ((await response.json()) as Body).errcode;
}

describe('dropped tokens', () => {
  it('drop: live tokens get 40001, the next normal call issues a new one', async () => {
    const [a, b] = [await stable(), await classic()];
    wechat.drop();
    expect([await codeFor(a), await codeFor(b)]).toEqual([40001, 40001]);
    expect(wechat.currentToken(appId)).toBeUndefined();
    const fresh = await stable();
    expect(fresh).not.toBe(a);
    expect(await codeFor(fresh)).toBe(0);
  });

  it('drop: of one account and kind alone', async () => {
    const other = { appId: 'wx_other', appSecret: 's2' };
    wechat.addAccount(other);
    const mine = [await stable(), await classic()];
    const theirs = await stable(false, other);
    wechat.drop(appId, 'stable');
    expect(mine.map((token) => wechat.accepts(token))).toEqual([false, true]);
    expect(wechat.accepts(theirs)).toBe(true);
  });

  it('dropSilently: normal mode answers the dead token; force helps', async () => {
    const dead = await stable();
    wechat.dropSilently(appId);
    expect(await codeFor(dead)).toBe(40001);
    expect(await stable()).toBe(dead);
    expect(wechat.currentToken(appId)).toBe(dead);
    const fresh = await stable(true);
    expect(fresh).not.toBe(dead);
    expect(await codeFor(fresh)).toBe(0);
  });

  it('rejectAllTokens: old and new tokens are refused until it is off', async () => {
    const other = { appId: 'wx_other', appSecret: 's2' };
    wechat.addAccount(other);
    const old = await stable();
    wechat.rejectAllTokens(appId, true);
    const fresh = await stable(true);
    expect([await codeFor(old), await codeFor(fresh)]).toEqual([40001, 40001]);
    expect(await codeFor(await stable(false, other))).toBe(0);
    wechat.rejectAllTokens(appId, false);
    expect(await codeFor(fresh)).toBe(0);
  });
});

describe('another system on the same account', () => {
  it('classic: rotates our token away after the overlap', async () => {
    const ours = await classic();
    const theirs = wechat.otherSystemFetches(appId, 'classic');
    expect(await codeFor(ours)).toBe(0);
    wechat.advance(300);
    expect(await codeFor(ours)).toBe(40001);
    expect(await codeFor(theirs)).toBe(0);
    expect(wechat.currentToken(appId, 'classic')).toBe(theirs);
  });

  it('stable-forced: kills our token at once, and takes none of our budget', async () => {
    const ours = await stable();
    const theirs = wechat.otherSystemFetches(appId, 'stable-forced');
    expect(await codeFor(ours)).toBe(40001);
    expect(await stable()).toBe(theirs);
    expect(await stable(true)).not.toBe(theirs);
    expect(wechat.calls.stable).toBe(3);
  });
});

describe('what the fake knows', () => {
  it('counts calls, in all and by account', async () => {
    const other = { appId: 'wx_other', appSecret: 's2' };
    wechat.addAccount(other);
    const token = await stable();
    await stable(true, other);
    await classic();
    await codeFor(token);
    await fetch(
      `${wechat.baseUrl}/cgi-bin/ticket/getticket?type=jsapi&access_token=${token}`,
    );
    expect(wechat.calls).toEqual({
      total: 5,
      classic: 1,
      stable: 2,
      stableForced: 1,
      ticket: 1,
      business: 1,
      wecomToken: 0,
      wecomTicket: 0,
    });
    expect(wechat.callsFor('wx_other')).toEqual({
      total: 1,
      classic: 0,
      stable: 1,
      stableForced: 1,
      ticket: 0,
      business: 0,
      wecomToken: 0,
      wecomTicket: 0,
    });
    expect(wechat.callsFor(appId).total).toBe(4);
    expect(wechat.callsFor('wx_nobody').total).toBe(0);
  });

  it('hands out snapshots of its counters', async () => {
    const before = wechat.calls;
    await stable();
    expect(before.total).toBe(0);
    expect(wechat.calls.total).toBe(1);
  });

  it('lists what it issued, and says what it accepts', async () => {
    const token = await stable();
    expect(wechat.issuedTokens).toEqual([token]);
    expect([wechat.issued(), wechat.issued(appId)]).toEqual([1, 1]);
    expect(wechat.currentToken(appId)).toBe(token);
    expect(wechat.currentToken(appId, 'classic')).toBeUndefined();
    expect([wechat.accepts(token), wechat.accepts('x')]).toEqual([true, false]);
    wechat.advance(7200);
    expect(wechat.accepts(token)).toBe(false);
    expect(wechat.currentToken(appId)).toBeUndefined();
    expect(wechat.refused).toBe(0);
  });

  it('reports each token to listeners by its fingerprint', async () => {
    const notices: IssueNotice[] = [];
    const unsubscribe = wechat.onIssue((notice) => notices.push(notice));
    const tokens = [await stable(), await stable(true), await classic()];
    await stable();
    unsubscribe();
    wechat.otherSystemFetches(appId, 'classic');
    expect(notices.map((n) => [n.appId, n.kind, n.forced])).toEqual([
      [appId, 'stable', false],
      [appId, 'stable', true],
      [appId, 'classic', false],
    ]);
    const sha256 = (text: string) =>
      createHash('sha256').update(text).digest('hex');
    expect(notices.map((n) => n.fingerprint)).toEqual(
      tokens.map((token) => sha256(token).slice(0, 8)),
    );
    expect(notices[0]?.at).toBeGreaterThanOrEqual(EVENING.getTime());
    expect(notices[0]?.at).toBeLessThan(EVENING.getTime() + 20_000);
  });

  it('runs its clock in real time, and forward when advanced', async () => {
    const before = wechat.now();
    await vi.waitFor(() => expect(wechat.now()).toBeGreaterThan(before + 5));
    wechat.advance(3600);
    const moved = wechat.now() - before;
    expect(moved).toBeGreaterThanOrEqual(3_600_000);
    expect(moved).toBeLessThan(3_610_000);
    expect(() => wechat.advance(-1)).toThrow(RangeError);
  });

  it('names an account that it does not have, and never a secret', () => {
    expect(() => wechat.changeSecret('wx_nobody', 'hush')).toThrow(
      /^FakeWechat has no account wx_nobody\.$/,
    );
    expect(() => wechat.drop('wx_nobody')).toThrow('wx_nobody');
    expect(() => wechat.addAccount({ appId, appSecret: 'hush' })).toThrow(
      /^FakeWechat already has an account wx_fake_app\.$/,
    );
  });

  it.each([
    { lifeSeconds: 0 },
    { lifeSeconds: 60, overlapSeconds: 31 },
    { classicDailyQuota: -1 },
    { forceSpacingSeconds: Number.NaN },
  ])('refuses the options %j', async (options) => {
    const [name] = Object.keys(options).slice(-1);
    await expect(FakeWechat.start(options)).rejects.toThrow(name);
  });
});
