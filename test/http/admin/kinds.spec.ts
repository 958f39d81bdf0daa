import {
  DEFAULT_FAKE_ACCOUNT,
  DEFAULT_FAKE_WECOM_ACCOUNT,
} from '../../../src/testing/index.js';
import type {
  AdminView,
  EventPage,
  FleetSummary,
  Problem,
  TokenPage,
} from '../../../src/wechat-token/index.js';
import { bearer, KEYS, PLATFORMS, posted, SHOP } from '../../support/http.js';
import { type HttpReplica, World } from '../../support/world.js';

const OWN = DEFAULT_FAKE_ACCOUNT;
const APPLICATION = DEFAULT_FAKE_WECOM_ACCOUNT;
const { corpId, agentId } = APPLICATION;
/** Has no agentid in the settings, and the secret is wrong. */
const OLD = { name: 'old', kind: 'wecom', corpId, secret: 'outdated' } as const;
const accounts = [
  { ...OWN, tickets: ['jsapi', 'wx_card'] },
  { ...SHOP, kind: 'mini-game' },
  { ...APPLICATION, name: 'crm', kind: 'wecom', tickets: ['corp', 'agent'] },
  OLD,
] as const;
const NAMES = [
  'access_token',
  'access_token:crm',
  'access_token:old',
  'access_token:shop',
  'agent_ticket:crm',
  'corp_ticket:crm',
  'jsapi_ticket',
  'wx_card_ticket',
];

describe.each(PLATFORMS)('tokens of every kind, on %s', (_, adapter) => {
  let world: World;
  let app: HttpReplica;
  beforeAll(async () => {
    world = await World.create({
      wechat: { accounts: [OWN, SHOP, APPLICATION] },
    });
    app = await world.httpReplica(adapter(), {
      accounts,
      http: { apiKeys: Object.values(KEYS) },
    });
    await app.accountCheck.check();
    await app.journal.settled();
  });
  afterAll(() => world[Symbol.asyncDispose]());

  const ask = (path: string, key = KEYS.all) =>
    fetch(`${app.url}/admin/wechat-tokens${path}`, { headers: bearer(key) });
  async function get<Body>(path: string, key = KEYS.all): Promise<Body> {
    const response = await ask(path, key);
    expect(response.status).toBe(200);
    return (await response.json()) as Body;
  }
  const names = async (query: string, key = KEYS.all) => {
    const { items } = await get<TokenPage>(`?${query}`, key);
    return items.map(({ name }) => name);
  };
  const refresh = (name: string, body: unknown) =>
    fetch(
      `${app.url}/admin/wechat-tokens/${name}/refresh`,
      posted(body, bearer(KEYS.all)),
    );

  it('are shown with their platform and source, and whether they can be forced', async () => {
    const { items } = await get<TokenPage>('');
    const shown = items.map((view) => [
      view.name,
      view.platform,
      view.source,
      view.canForce,
      view.status,
    ]);
    expect(shown).toEqual([
      ['access_token', 'WeChat', 'stable', true, 'valid'],
      ['access_token:crm', 'WeCom', 'wecom', false, 'valid'],
      ['access_token:old', 'WeCom', null, false, 'missing'],
      ['access_token:shop', 'WeChat', 'stable', true, 'valid'],
      ['agent_ticket:crm', 'WeCom', 'wecom-agent', false, 'valid'],
      ['corp_ticket:crm', 'WeCom', 'wecom-corp', false, 'valid'],
      ['jsapi_ticket', 'WeChat', 'jsapi', false, 'valid'],
      ['wx_card_ticket', 'WeChat', 'wx_card', false, 'valid'],
    ]);
    expect(await get<AdminView>('/agent_ticket:crm')).toMatchObject({
      account: 'crm',
      appId: corpId,
      agentId,
      kind: 'wecom',
    });
    expect(await get<AdminView>('/access_token:old')).toMatchObject({
      appId: corpId,
      agentId: null,
      lastError: { class: 'credentials', errcode: 40001 },
    });
    const game = await get<AdminView>('/access_token:shop');
    expect([game.kind, game.agentId]).toEqual(['mini-game', null]);
  });

  it('are found by their kind, and by the corpid and the agentid', async () => {
    expect(await names('')).toEqual(NAMES);
    expect(await names('kind=agent_ticket')).toEqual(['agent_ticket:crm']);
    expect(await names('kind=jsapi_ticket&order=urgency')).toEqual([
      'jsapi_ticket',
    ]);
    const found = await names(`search=${corpId}/${agentId}`);
    expect(found).toEqual([
      'access_token:crm',
      'agent_ticket:crm',
      'corp_ticket:crm',
    ]);
    const { kinds } = await get<FleetSummary>('/summary');
    expect(kinds).toEqual([
      'access_token',
      'agent_ticket',
      'corp_ticket',
      'jsapi_ticket',
      'wx_card_ticket',
    ]);
    const ofShop = await get<FleetSummary>('/summary', KEYS.shop);
    expect(ofShop.kinds).toEqual(['access_token']);
  });

  it('have a history, and are refreshed without force; with it, 409 says why not', async () => {
    for (const name of ['jsapi_ticket', 'access_token:crm']) {
      const forced = await refresh(name, { force: true });
      expect(forced.status).toBe(409);
      const { title, detail } = (await forced.json()) as Problem;
      expect(title).toBe('Conflict');
      expect(detail).toMatch(/has no call that ends .* Refresh it without/);

      const asked = await refresh(name, {});
      expect(asked.status).toBe(200);
      expect(await asked.json()).toMatchObject({ outcome: 'unchanged', name });
      await app.journal.settled();
      const { items } = await get<EventPage>(`/${name}/events`);
      // What was refused has left no trace, and spent nothing.
      expect(items.map(({ type }) => type)).toEqual(['asked', 'refreshed']);
      expect(await get<AdminView>(`/${name}`)).toMatchObject({
        forcedToday: 0,
      });
    }
    expect(world.wechat.calls.stableForced).toBe(0);
  });

  it("only an access token of WeChat's has a quota", async () => {
    const before = world.wechat.calls.total;
    for (const name of [
      'jsapi_ticket',
      'access_token:crm',
      'corp_ticket:crm',
    ]) {
      const response = await ask(`/${name}/quota`);
      expect(response.status).toBe(404);
      const { detail } = (await response.json()) as Problem;
      expect(detail).toContain('"access_token"');
    }
    expect(world.wechat.calls.total).toBe(before);
    expect((await ask('/access_token:shop/quota')).status).toBe(200);
  });
});
