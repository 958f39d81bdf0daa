import {
  DEFAULT_FAKE_ACCOUNT,
  DEFAULT_FAKE_WECOM_ACCOUNT,
} from '../../../src/testing/index.js';
import type { Observations } from '../../../src/wechat-token/index.js';
import { ApiKeyAuthenticator } from '../../../src/wechat-token/http/auth/api-key-authenticator.js';
import { fingerprint } from '../../../src/wechat-token/common/fingerprint.js';
import { PlatformClients } from '../../../src/wechat-token/http/wechat-shaped/platform-clients.js';
import { ShapedAnswers } from '../../../src/wechat-token/http/wechat-shaped/shaped-answers.js';
import { WECHAT } from '../../../src/wechat-token/http/wechat-shaped/shaped-platforms.js';
import { ticketAnswer } from '../../../src/wechat-token/http/wechat-shaped/ticket-answer.js';
import {
  bearer,
  KEYS,
  LogLines,
  PLATFORMS,
  SHOP,
  WRONG_KEY,
} from '../../support/http.js';
import { askShaped } from '../../support/shaped.js';
import { type HttpReplica, World } from '../../support/world.js';

const OWN = DEFAULT_FAKE_ACCOUNT;
const WECOM = DEFAULT_FAKE_WECOM_ACCOUNT;
const TWO = { ...KEYS.issue, id: 'two', accounts: ['default', 'shop'] };
const two = { ...TWO, key: 'two-key-0123456789abcdefghijklmnop' };
const accounts = [
  { ...OWN, tickets: ['jsapi', 'wx_card'] },
  { ...SHOP, tickets: ['jsapi'] },
  { name: 'crm', kind: 'wecom', ...WECOM },
] as const;
const JSAPI = { type: 'jsapi' };

describe.each(PLATFORMS)(
  'GET /cgi-bin/ticket/getticket on %s',
  (_platform, adapter) => {
    let world: World;
    let app: HttpReplica;
    const log = new LogLines();
    const reads: Observations['read'][] = [];

    beforeAll(async () => {
      world = await World.create({ wechat: { accounts: [OWN, SHOP, WECOM] } });
      app = await world.httpReplica(adapter(), {
        accounts,
        http: { apiKeys: [...Object.values(KEYS), two] },
        observer: { read: (observation) => void reads.push(observation) },
        logger: log,
      });
      await app.accountCheck.check();
    });
    afterAll(() => world[Symbol.asyncDispose]());

    const ask = (params: Record<string, string>, method?: string) =>
      askShaped(`${app.url}/cgi-bin/ticket/getticket`, params, method);
    const token = async (appid: string = OWN.appId) => {
      const grant_type = 'client_credential';
      const params = { grant_type, appid, secret: KEYS.issue.key };
      const answer = await askShaped(`${app.url}/cgi-bin/token`, params);
      return answer.access_token ?? '';
    };
    const ticketOf = (appId: string, type: 'jsapi' | 'wx_card') => ({
      errcode: 0,
      errmsg: 'ok',
      ticket: world.wechat.currentTicket(appId, type),
      expires_in: expect.any(Number) as number,
    });

    it('R1: needs no promise while the token and the ticket are in memory', async () => {
      const token = await app.tokens.getAccessToken();
      const question = {
        platform: WECHAT,
        platformId: undefined,
        kind: 'jsapi_ticket',
        route: 'a test',
        sender: { method: 'GET', url: '/', headers: {}, query: {}, params: {} },
        shape: ticketAnswer,
      };
      const found = app.module.get(PlatformClients).byToken(token, question);
      const answers = app.module.get(ShapedAnswers);
      // Not in memory before it is asked for.
      await answers.answer(question, found);
      expect(answers.answer(question, found)).toEqual(
        ticketOf(OWN.appId, 'jsapi'),
      );
    });

    it("is the ticket of the account whose managed token is sent, in WeChat's shape", async () => {
      const own = await token();
      const jsapi = await ask({ access_token: own, ...JSAPI });
      expect(jsapi).toEqual(ticketOf(OWN.appId, 'jsapi'));
      expect(jsapi.expires_in).toBeGreaterThan(6000);
      expect(jsapi.expires_in).toBeLessThanOrEqual(7200);
      expect(await ask({ access_token: own, type: 'wx_card' })).toEqual(
        ticketOf(OWN.appId, 'wx_card'),
      );
      const shops = await token(SHOP.appId);
      expect(await ask({ access_token: shops, ...JSAPI })).toEqual(
        ticketOf(SHOP.appId, 'jsapi'),
      );
    });

    it('costs one call of WeChat for each ticket, however often it is asked for', async () => {
      const access_token = await token();
      await Promise.all(
        Array.from({ length: 20 }, () => ask({ access_token, ...JSAPI })),
      );
      expect(world.wechat.callsFor(OWN.appId).ticket).toBe(2);
      expect(world.wechat.callsFor(SHOP.appId).ticket).toBe(1);
    });

    it.each([
      ['one account', KEYS.shop.key, {}, SHOP],
      ['one account, with its appid', KEYS.shop.key, SHOP, SHOP],
      ['all accounts, with an appid', KEYS.issue.key, OWN, OWN],
      ['all accounts, which is the default one', KEYS.issue.key, {}, OWN],
      ['two accounts, with an appid', two.key, SHOP, SHOP],
    ])('takes an API key for %s', async (_what, access_token, of, account) => {
      const params = { access_token, ...JSAPI };
      const asked = 'appId' in of ? { ...params, appid: of.appId } : params;
      expect(await ask(asked)).toEqual(ticketOf(account.appId, 'jsapi'));
    });

    it.each([
      [41001, 'without a token', {}],
      [41001, 'with an empty one', { access_token: '' }],
      [40001, 'with a token that is none', { access_token: 'a-token' }],
      [40001, 'with the AppSecret', { access_token: OWN.appSecret }],
      [41002, 'with a key for two accounts', { access_token: two.key }],
      [
        40013,
        "with another account's appid",
        { access_token: KEYS.shop.key, appid: OWN.appId },
      ],
      [
        40013,
        'with an unknown appid',
        { access_token: KEYS.issue.key, appid: 'wx_none' },
      ],
      [
        40013,
        'with a corpid',
        { access_token: KEYS.issue.key, appid: WECOM.corpId },
      ],
      [
        40013,
        'with a key that is not for tokens',
        { access_token: KEYS.read.key, appid: OWN.appId },
      ],
      [40097, 'without a type', { access_token: KEYS.shop.key, type: '' }],
      [40097, 'of another type', { access_token: KEYS.shop.key, type: '2' }],
    ])('is %i %s', async (errcode, _when, params) => {
      const answer = await ask({ ...JSAPI, ...params });
      expect(answer).toEqual({ errcode, errmsg: expect.any(String) });
      expect(answer.errmsg).not.toBe('');
    });

    it('is 43001 for a POST', async () => {
      const access_token = await token();
      expect(await ask({ access_token, ...JSAPI }, 'POST')).toEqual({
        errcode: 43001,
        errmsg: 'require GET method',
      });
    });

    it('is 48001 for a ticket that is not set, and the log says what to set', async () => {
      const access_token = await token(SHOP.appId);
      expect(await ask({ access_token, type: 'wx_card' })).toEqual({
        errcode: 48001,
        errmsg:
          'api unauthorized: this account has no wx_card_ticket here; add "wx_card" to its setting "tickets"',
      });
      expect(log.text).toContain('token not issued');
      expect(log.text).toContain('wx_card_ticket:shop');
      expect(log.text).toMatch(/needs the account's setting `tickets`/);
      expect(world.wechat.callsFor(SHOP.appId).ticket).toBe(1);
    });

    it('is 48001 for the token of a WeCom application, which has no such ticket', async () => {
      const access_token = await app.tokens.getAccessToken('crm');
      expect(await ask({ access_token, ...JSAPI })).toMatchObject({
        errcode: 48001,
      });
    });

    it('is reported as a read: by the key, or by the fingerprint of the token', async () => {
      reads.length = 0;
      const access_token = await token();
      await ask({ access_token, ...JSAPI });
      await ask({ access_token: KEYS.shop.key, ...JSAPI });
      const route = 'GET /cgi-bin/ticket/getticket';
      const own = world.wechat.currentTicket(OWN.appId, 'jsapi') ?? '';
      const shops = world.wechat.currentTicket(SHOP.appId, 'jsapi') ?? '';
      expect(reads.slice(1)).toEqual([
        {
          name: 'jsapi_ticket',
          fingerprint: fingerprint(own),
          actor: `token ${fingerprint(access_token)}`,
          address: expect.stringContaining('127.0.0.1') as string,
          route,
        },
        expect.objectContaining({
          name: 'jsapi_ticket:shop',
          fingerprint: fingerprint(shops),
          actor: 'shop',
          route,
        }),
      ]);
    });

    it('is also at /wechat-tokens/jsapi_ticket:shop', async () => {
      const at = (name: string, key = KEYS.issue) =>
        fetch(`${app.url}/wechat-tokens/${name}`, { headers: bearer(key) });
      const found = await at('jsapi_ticket:shop', KEYS.shop);
      expect(found.status).toBe(200);
      expect(await found.json()).toMatchObject({
        name: 'jsapi_ticket:shop',
        value: world.wechat.currentTicket(SHOP.appId, 'jsapi'),
      });
      const crm = await at('access_token:crm');
      expect(await crm.json()).toMatchObject({
        value: await app.tokens.getAccessToken('crm'),
      });
      expect((await at('jsapi_ticket', KEYS.shop)).status).toBe(403);
      for (const name of [
        'wx_card_ticket:shop',
        'jsapi_ticket:crm',
        'corp_ticket:crm',
        'jsapi_ticket:none',
        'no_ticket:shop',
      ])
        expect((await at(name)).status, name).toBe(404);
    });

    it('R15: no token, ticket or key is in the log', () => {
      for (const { key } of Object.values(KEYS))
        expect(log.text).not.toContain(key);
      for (const secret of world.wechat.issuedTokens)
        expect(log.text).not.toContain(secret);
      const ticket = world.wechat.currentTicket(OWN.appId, 'jsapi');
      expect(log.text).not.toContain(ticket);
    });
  },
);

describe.each(PLATFORMS)(
  'a token that has been replaced, on %s',
  (_platform, adapter) => {
    let world: World;
    let app: HttpReplica;
    beforeEach(async () => {
      world = await World.create();
      const http = { apiKeys: [KEYS.issue, KEYS.shop] };
      const [own] = accounts;
      app = await world.httpReplica(adapter(), { accounts: [own], http });
      await app.accountCheck.check();
    });
    afterEach(() => world[Symbol.asyncDispose]());

    const ask = (access_token: string) =>
      askShaped(`${app.url}/cgi-bin/ticket/getticket`, {
        access_token,
        appid: OWN.appId,
        ...JSAPI,
      });

    it('is 40001 for as many clients and as often as it is sent; its address may go on', async () => {
      const old = await app.tokens.getAccessToken();
      world.wechat.dropSilently();
      await app.tokens.invalidate(old);
      const answers = await Promise.all(
        Array.from({ length: 150 }, () => ask(old)),
      );
      expect(new Set(answers.map(({ errcode }) => errcode))).toEqual(
        new Set([40001]),
      );
      expect(await ask(await app.tokens.getAccessToken())).toMatchObject({
        errcode: 0,
      });
      expect(await ask(KEYS.issue.key)).toMatchObject({ errcode: 0 });
      // Nor does it count as a wrong API key.
      const wrong = bearer({ key: WRONG_KEY });
      const url = `${app.url}/wechat-tokens/access_token`;
      expect((await fetch(url, { headers: wrong })).status).toBe(401);
    });

    it('is not guessed at: a hundred different values a minute are answered, then 45011', async () => {
      const authenticator = app.module.get(ApiKeyAuthenticator);
      for (let n = 0; n < 100; n++)
        void authenticator.authenticateInToken(`${WRONG_KEY}-${n}`, {
          ip: '127.0.0.1',
        });
      expect((await ask(WRONG_KEY)).errcode).toBe(45011);
      // What is right is let in.
      expect(await ask(KEYS.issue.key)).toMatchObject({ errcode: 0 });
      const current = await app.tokens.getAccessToken();
      expect(await ask(current)).toMatchObject({ errcode: 0 });
      await world.skip(61);
      expect((await ask(WRONG_KEY)).errcode).toBe(40001);
    });

    it('is "system error" while WeChat gives no ticket', async () => {
      world.wechat.inject('ticket', { errcode: 45009 }, { times: Infinity });
      world.wechat.dropTicket(OWN.appId, 'jsapi');
      await world.advance(7300);
      expect(await ask(KEYS.issue.key)).toEqual({
        errcode: -1,
        errmsg: 'system error',
      });
    });
  },
);
