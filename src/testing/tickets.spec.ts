import { createHash } from 'node:crypto';
import {
  DEFAULT_FAKE_ACCOUNT,
  DEFAULT_FAKE_WECOM_ACCOUNT,
  fakeAppId,
  FakeWechat,
} from './index.js';
import type { TicketType } from './index.js';
import { jsapiSignature } from './jsapi-signature.js';

const SIBLING = {
  ...DEFAULT_FAKE_WECOM_ACCOUNT,
  agentId: '1000003',
  secret: 'sibling-secret',
};
const official = fakeAppId(DEFAULT_FAKE_ACCOUNT);
const app = fakeAppId(DEFAULT_FAKE_WECOM_ACCOUNT);
const sibling = fakeAppId(SIBLING);
const TYPES: [TicketType, string, string][] = [
  ['jsapi', official, '/cgi-bin/ticket/getticket?type=jsapi'],
  ['wx_card', official, '/cgi-bin/ticket/getticket?type=wx_card'],
  ['corp', app, '/cgi-bin/get_jsapi_ticket?'],
  ['agent', app, '/cgi-bin/ticket/get?type=agent_config'],
];

let wechat: FakeWechat;
beforeEach(async () => {
  wechat = await FakeWechat.start({
    accounts: [DEFAULT_FAKE_ACCOUNT, DEFAULT_FAKE_WECOM_ACCOUNT, SIBLING],
  });
});
afterEach(() => wechat.stop());

async function ask(appId: string, path: string) {
  const mode = appId === official ? 'classic' : 'wecom';
  const token = wechat.otherSystemFetches(appId, mode);
  const response = await fetch(
    `${wechat.baseUrl}${path}&access_token=${token}`,
  );
  return ((await response.json()) as { ticket: string }).ticket;
}

describe.each(TYPES)('a ticket of type %s', (type, appId, path) => {
  it('is current from its issue to its end', async () => {
    expect(wechat.currentTicket(appId, type)).toBeUndefined();
    const ticket = await ask(appId, path);
    expect(wechat.currentTicket(appId, type)).toBe(ticket);
    expect(wechat.acceptsTicket(ticket)).toBe(true);
    wechat.advance(3600);
    expect(await ask(appId, path)).toBe(ticket);
    wechat.advance(3600);
    expect(wechat.currentTicket(appId, type)).toBeUndefined();
    expect(wechat.acceptsTicket(ticket)).toBe(false);
  });

  it('outlives the access token with which it was fetched', async () => {
    const ticket = await ask(appId, path);
    wechat.drop();
    expect(wechat.acceptsTicket(ticket)).toBe(true);
    expect(await ask(appId, path)).toBe(ticket);
  });

  it('dropTicket: the next call gives a new one', async () => {
    const dead = await ask(appId, path);
    wechat.dropTicket(appId, type);
    expect(wechat.acceptsTicket(dead)).toBe(false);
    expect(wechat.currentTicket(appId, type)).toBeUndefined();
    const ticket = await ask(appId, path);
    expect(ticket).not.toBe(dead);
    expect(wechat.ticketsIssued(appId, type)).toBe(2);
    expect(wechat.issuedTickets).toEqual([dead, ticket]);
  });

  it('otherSystemFetchesTicket: gives the ticket that all get, uncounted', async () => {
    const theirs = wechat.otherSystemFetchesTicket(appId, type);
    expect(wechat.calls.total).toBe(0);
    expect(await ask(appId, path)).toBe(theirs);
    expect(wechat.otherSystemFetchesTicket(appId, type)).toBe(theirs);
    expect(wechat.ticketsIssued()).toBe(1);
  });
});

describe('tickets issued', () => {
  it('are counted as distinct values, that of a corp once', async () => {
    for (const [, appId, path] of TYPES) await ask(appId, path);
    for (const [, appId, path] of TYPES) await ask(appId, path);
    await ask(sibling, '/cgi-bin/get_jsapi_ticket?');
    expect(wechat.ticketsIssued()).toBe(4);
    expect(wechat.ticketsIssued(undefined, 'corp')).toBe(1);
    expect(wechat.ticketsIssued(sibling)).toBe(1);
    expect(wechat.ticketsIssued(sibling, 'agent')).toBe(0);
    expect(new Set(wechat.issuedTickets).size).toBe(4);
  });

  it('of a type that the account does not have are refused', () => {
    expect(() => wechat.currentTicket(official, 'corp')).toThrow(
      /^FakeWechat: wx_fake_app has tickets of type jsapi and wx_card, not corp\.$/,
    );
    expect(() => wechat.dropTicket(app, 'jsapi')).toThrow('corp and agent');
    expect(() => wechat.ticketsIssued('wx_nobody')).toThrow('wx_nobody');
  });
});

describe('the signature of a page', () => {
  it('is that of the vector in the platform’s documentation', () => {
    const ticket =
      'sM4AOVdWfPE4DxkXGEs8VMCPGGVi4C3VM0P37wVUCFvkVAy_90u5h9nbSlYy3-Sl-HhTdfl2fzFy1AOcHKP7qg';
    const page = {
      nonceStr: 'Wm3WZYTPz0wzccnW',
      timestamp: 1414587457,
      url: 'http://mp.weixin.qq.com?params=value',
    };
    const signature = '0f9de62fce790f9a083d5c99e95740ceb90c27ed';
    expect(jsapiSignature(ticket, page)).toBe(signature);
    const withHash = { ...page, url: `${page.url}#top#end` };
    expect(jsapiSignature(ticket, withHash)).toBe(signature);
  });

  it.each([
    [official, 'jsapi'],
    [app, 'corp'],
    [app, 'agent'],
  ] as const)('of %s is accepted with its %s ticket', (appId, type) => {
    const ticket = wechat.otherSystemFetchesTicket(appId, type);
    const page = {
      url: 'https://shop.example/a?b=c d&e=%20',
      timestamp: '1414587457',
      nonceStr: 'n',
    };
    const signature = createHash('sha1')
      .update(
        `jsapi_ticket=${ticket}&noncestr=n&timestamp=1414587457&url=${page.url}`,
      )
      .digest('hex');
    const accepts = (changes = {}) =>
      wechat.acceptsJsapiSignature(appId, type, {
        ...page,
        signature,
        ...changes,
      });
    expect(accepts()).toBe(true);
    expect(accepts({ url: `${page.url}#part` })).toBe(true);
    expect(accepts({ timestamp: 1414587457 })).toBe(true);
    expect(accepts({ url: `${page.url}/` })).toBe(false);
    expect(accepts({ timestamp: 1414587458 })).toBe(false);
    expect(accepts({ nonceStr: 'm' })).toBe(false);
    expect(accepts({ signature: signature.toUpperCase() })).toBe(false);
    wechat.dropTicket(appId, type);
    expect(accepts()).toBe(false);
    wechat.otherSystemFetchesTicket(appId, type);
    expect(accepts()).toBe(false);
  });
});
