import {
  DEFAULT_FAKE_ACCOUNT,
  DEFAULT_FAKE_WECOM_ACCOUNT,
  fakeAppId,
} from '../../../src/testing/index.js';
import type {
  AccountSource,
  ApiKey,
  Observations,
} from '../../../src/wechat-token/index.js';
import { KEYS, LogLines, PLATFORMS, WRONG_KEY } from '../../support/http.js';
import { askShaped } from '../../support/shaped.js';
import { type HttpReplica, World } from '../../support/world.js';

const OWN = DEFAULT_FAKE_ACCOUNT;
const CRM = DEFAULT_FAKE_WECOM_ACCOUNT;
const OA = { ...CRM, agentId: '1000003', secret: 'oa-secret-0123456789abcdef' };
const OTHER = {
  corpId: 'ww_other_corp',
  agentId: '1000002',
  secret: 'other-secret-0123456789abcdef',
};
const accounts = [
  OWN,
  { name: 'crm', kind: 'wecom', ...CRM, tickets: ['corp', 'agent'] },
  { name: 'oa', kind: 'wecom', ...OA, tickets: ['agent'] },
  { name: 'other', kind: 'wecom', ...OTHER },
] as const;

const keyFor = (...names: string[]): ApiKey => ({
  id: names.join('-'),
  key: `${names.join('-')}-key-0123456789abcdefghijklmnop`,
  scopes: ['tokens:issue'],
  accounts: names,
});
const crm = keyFor('crm');
const oa = keyFor('oa');
const both = keyFor('crm', 'oa');
const apiKeys = [KEYS.issue, KEYS.read, KEYS.shop, crm, oa, both];

describe.each(PLATFORMS)('a client of WeCom on %s', (_platform, adapter) => {
  let world: World;
  let app: HttpReplica;
  const log = new LogLines();
  const reads: Observations['read'][] = [];

  beforeAll(async () => {
    world = await World.create({
      wechat: { accounts: [OWN, CRM, OA, OTHER] },
    });
    app = await world.httpReplica(adapter(), {
      accounts,
      http: { apiKeys },
      observer: { read: (observation) => void reads.push(observation) },
      logger: log,
    });
    await app.accountCheck.check();
  });
  afterAll(() => world[Symbol.asyncDispose]());

  const ask = (
    path: string,
    params: Record<string, string> = {},
    method?: string,
  ) => askShaped(`${app.url}/cgi-bin/${path}`, params, method);
  const gettoken = (corpsecret: string, more: Record<string, string> = {}) =>
    ask('gettoken', { corpid: CRM.corpId, corpsecret, ...more });
  const tokenOf = (app: typeof CRM) => ({
    errcode: 0,
    errmsg: 'ok',
    access_token: world.wechat.currentToken(fakeAppId(app)),
    expires_in: expect.any(Number) as number,
  });
  const ticketOf = (app: typeof CRM, type: 'corp' | 'agent') => ({
    errcode: 0,
    errmsg: 'ok',
    ticket: world.wechat.currentTicket(fakeAppId(app), type),
    expires_in: expect.any(Number) as number,
  });

  describe('GET /cgi-bin/gettoken', () => {
    it("is the token of the key's application, in WeCom's shape", async () => {
      const answer = await gettoken(crm.key);
      expect(answer).toEqual(tokenOf(CRM));
      expect(answer.expires_in).toBeGreaterThan(6000);
      expect(answer.expires_in).toBeLessThanOrEqual(7200);
    });

    it('two applications of one corporation never share a token', async () => {
      const [one, two] = [await gettoken(crm.key), await gettoken(oa.key)];
      expect(two).toEqual(tokenOf(OA));
      expect(one.access_token).not.toBe(two.access_token);
    });

    it.each([
      ['several', both.key],
      ['all', KEYS.issue.key],
    ])(
      'a key for %s applications must say which: by agentid',
      async (_which, key) => {
        expect(await gettoken(key)).toEqual({
          errcode: 40001,
          errmsg:
            'this API key is for several applications of the corporation: limit it by "accounts" to one of them, or send agentid too',
        });
        const { agentId: agentid } = OA;
        expect(await gettoken(key, { agentid })).toEqual(tokenOf(OA));
        expect(await gettoken(key, { agentid: '9' })).toMatchObject({
          errcode: 40056,
        });
      },
    );

    it('a key for all may leave that out where the corporation has one application', async () => {
      const { corpId: corpid } = OTHER;
      expect(await gettoken(KEYS.issue.key, { corpid })).toEqual(
        tokenOf(OTHER),
      );
    });

    it.each([
      [41002, 'without a corpid', { corpid: '' }],
      [41004, 'without a secret', { corpsecret: '' }],
      [40001, 'with a wrong key', { corpsecret: WRONG_KEY }],
      [40001, 'with the secret itself', { corpsecret: CRM.secret }],
      [40013, 'with an unknown corpid', { corpid: 'ww_none' }],
      [40013, 'with the appid of an official account', { corpid: OWN.appId }],
      [40013, 'with a key for others', { corpsecret: KEYS.shop.key }],
      [40013, 'with a key not for tokens', { corpsecret: KEYS.read.key }],
      [40013, 'with another corpid', { corpid: OTHER.corpId }],
      [40056, "with another's agentid", { agentid: OA.agentId }],
    ])('is %i %s', async (errcode, _when, params) => {
      const answer = await gettoken(crm.key, params);
      expect(answer).toEqual({ errcode, errmsg: expect.any(String) });
    });

    it.each(['corpid', 'corpsecret', 'agentid'])(
      'is an error when %s is there twice',
      async (name) => {
        const query = new URLSearchParams({
          corpid: CRM.corpId,
          corpsecret: crm.key,
          agentid: CRM.agentId,
        });
        query.append(name, query.get(name) ?? '');
        const url = `${app.url}/cgi-bin/gettoken?${query.toString()}`;
        const response = await fetch(url);
        expect(response.status).toBe(200);
        expect(await response.json()).toHaveProperty(
          'errcode',
          {
            corpid: 41002,
            corpsecret: 41004,
            agentid: 40056,
          }[name],
        );
      },
    );
  });

  describe('tickets', () => {
    const corpTicket = (params: Record<string, string>) =>
      ask('get_jsapi_ticket', params);
    const agentTicket = (params: Record<string, string>) =>
      ask('ticket/get', { type: 'agent_config', ...params });

    it('are those of the application whose managed token is sent', async () => {
      const { access_token = '' } = await gettoken(crm.key);
      expect(await corpTicket({ access_token })).toEqual(ticketOf(CRM, 'corp'));
      expect(await agentTicket({ access_token })).toEqual(
        ticketOf(CRM, 'agent'),
      );
      const { access_token: oas = '' } = await gettoken(oa.key);
      expect(await agentTicket({ access_token: oas })).toEqual(
        ticketOf(OA, 'agent'),
      );
    });

    it('are given for an API key too: of one application, or with corpid and agentid', async () => {
      expect(await agentTicket({ access_token: oa.key })).toEqual(
        ticketOf(OA, 'agent'),
      );
      const access_token = KEYS.issue.key;
      const { corpId: corpid, agentId: agentid } = CRM;
      expect(await corpTicket({ access_token, corpid, agentid })).toEqual(
        ticketOf(CRM, 'corp'),
      );
      expect(await corpTicket({ access_token, corpid })).toMatchObject({
        errcode: 40001,
        errmsg: expect.stringContaining('several applications') as string,
      });
      expect(await corpTicket({ access_token })).toMatchObject({
        errcode: 41002,
      });
      // An agentid alone is never left unread.
      for (const key of [access_token, oa.key])
        expect(await agentTicket({ access_token: key, agentid })).toMatchObject(
          { errcode: 41002 },
        );
    });

    it('cost one call of WeCom each', () => {
      const crms = world.wechat.callsFor(fakeAppId(CRM));
      const oas = world.wechat.callsFor(fakeAppId(OA));
      expect([crms.wecomTicket, oas.wecomTicket]).toEqual([2, 1]);
      expect([crms.wecomToken, oas.wecomToken]).toEqual([1, 1]);
    });

    it.each([
      [41001, 'without a token', {}],
      [40014, 'with an old token', { access_token: 'an-old-token' }],
      [40014, 'with the secret', { access_token: CRM.secret }],
      [40058, 'of another type', { access_token: crm.key, type: 'jsapi' }],
    ])('are %i %s', async (errcode, _when, params) => {
      expect(await agentTicket(params)).toEqual({
        errcode,
        errmsg: expect.any(String),
      });
    });

    it('are 48002 where they are not set, and the log says what to set', async () => {
      expect(await corpTicket({ access_token: oa.key })).toEqual({
        errcode: 48002,
        errmsg:
          'api unauthorized: this account has no corp_ticket here; add "corp" to its setting "tickets"',
      });
      expect(log.text).toContain('corp_ticket:oa');
      expect(log.text).toMatch(/needs the account's setting `tickets`/);
    });
  });

  it.each(['gettoken', 'get_jsapi_ticket', 'ticket/get'])(
    'POST /cgi-bin/%s is 43001',
    async (path) => {
      expect(await ask(path, { corpid: CRM.corpId }, 'POST')).toEqual({
        errcode: 43001,
        errmsg: 'require GET method',
      });
    },
  );

  it('is reported with each read', async () => {
    reads.length = 0;
    const { access_token = '' } = await gettoken(crm.key);
    await ask('get_jsapi_ticket', { access_token });
    await ask('ticket/get', { access_token: crm.key, type: 'agent_config' });
    expect(reads).toMatchObject([
      {
        name: 'access_token:crm',
        actor: 'crm',
        route: 'GET /cgi-bin/gettoken',
      },
      {
        name: 'corp_ticket:crm',
        actor: expect.stringMatching(/^token [0-9a-f]{8}$/) as string,
        route: 'GET /cgi-bin/get_jsapi_ticket',
      },
      {
        name: 'agent_ticket:crm',
        actor: 'crm',
        route: 'GET /cgi-bin/ticket/get',
      },
    ]);
  });

  it('R15: no token or key is in the log', () => {
    for (const { key } of apiKeys) expect(log.text).not.toContain(key);
    for (const token of world.wechat.issuedTokens)
      expect(log.text).not.toContain(token);
  });
});

it("applications in an app's own tables are told apart as well", async () => {
  const source: AccountSource = {
    find: (name) => accounts.find((one) => 'name' in one && one.name === name),
    list: () => accounts,
  };
  await using world = await World.create({
    wechat: { accounts: [OWN, CRM, OA, OTHER] },
  });
  for (const [, adapter] of PLATFORMS) {
    const app = await world.httpReplica(adapter(), {
      accounts: source,
      http: { apiKeys },
    });
    const gettoken = (corpsecret: string) =>
      askShaped(`${app.url}/cgi-bin/gettoken`, {
        corpid: CRM.corpId,
        corpsecret,
      });
    expect(await gettoken(both.key)).toMatchObject({ errcode: 40001 });
    const { access_token = '' } = await gettoken(oa.key);
    expect(access_token).toBe(world.wechat.currentToken(fakeAppId(OA)));
  }
});

it.each(PLATFORMS)(
  "on %s the routes are also there with the app's own guards, which do not ask for a key in the URL",
  async (_platform, adapter) => {
    await using world = await World.create({
      wechat: { accounts: [OWN, CRM, OA, OTHER] },
    });
    const http = { apiKeys, guards: [{ canActivate: () => true }] };
    const app = await world.httpReplica(adapter(), { accounts, http });
    const ask = (
      path: string,
      params: Record<string, string>,
      method?: string,
    ) => askShaped(`${app.url}/cgi-bin/${path}`, params, method);
    const { corpId: corpid } = CRM;
    const { access_token = '' } = await ask('gettoken', {
      corpid,
      corpsecret: crm.key,
    });
    expect(access_token).toBe(world.wechat.currentToken(fakeAppId(CRM)));
    const answers = [
      await ask('get_jsapi_ticket', { access_token }),
      await ask('ticket/get', { access_token, type: 'agent_config' }),
      await ask('ticket/getticket', { access_token, type: 'jsapi' }),
      await ask('ticket/getticket', {}, 'POST'),
      await ask('gettoken', {}, 'POST'),
    ];
    expect(answers.map(({ errcode }) => errcode)).toEqual([
      0, 0, 48001, 43001, 43001,
    ]);
  },
);
