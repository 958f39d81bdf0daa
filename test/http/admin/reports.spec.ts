import { randomUUID } from 'node:crypto';
import { DEFAULT_FAKE_ACCOUNT } from '../../../src/testing/index.js';
import type {
  AdminView,
  FleetSummary,
  Problem,
  QuotaView,
  TokenPage,
  TokenStats,
} from '../../../src/wechat-token/index.js';
import { bearer, KEYS, PLATFORMS, posted, SHOP } from '../../support/http.js';
import { watchStatements } from '../../support/many-accounts.js';
import {
  type HttpReplica,
  type ReplicaOptions,
  World,
} from '../../support/world.js';

const OWN = DEFAULT_FAKE_ACCOUNT;
const NAME = 'access_token';
const SHOPS = 'access_token:shop';
const accounts = [OWN, SHOP];
const http = { apiKeys: Object.values(KEYS) };

describe.each(PLATFORMS)('what was counted, on %s', (_platform, adapter) => {
  let world: World;
  let app: HttpReplica;
  beforeEach(async () => {
    world = await World.create({ wechat: { accounts } });
  });
  afterEach(() => world[Symbol.asyncDispose]());

  async function start(options: ReplicaOptions = {}): Promise<void> {
    app = await world.httpReplica(adapter(), { accounts, http, ...options });
    await app.accountCheck.check();
    await app.journal.settled();
  }
  const ask = (path: string, key = KEYS.all) =>
    fetch(`${app.url}/admin/wechat-tokens${path}`, { headers: bearer(key) });
  async function get<Body>(path: string, key = KEYS.all): Promise<Body> {
    const response = await ask(path, key);
    expect(response.status).toBe(200);
    expect(response.headers.get('cache-control')).toBe('no-store');
    return (await response.json()) as Body;
  }
  const refresh = (name: string, body: unknown = {}) =>
    fetch(
      `${app.url}/admin/wechat-tokens/${name}/refresh`,
      posted(body, bearer(KEYS.all)),
    );
  async function problem(response: Response, status: number): Promise<Problem> {
    expect(response.status).toBe(status);
    expect(response.headers.get('content-type')).toContain('problem+json');
    return (await response.json()) as Problem;
  }
  const total = (hours: TokenStats['hours'], outcome: 'refreshed' | 'failed') =>
    hours.reduce((sum, hour) => sum + hour[outcome], 0);
  const kept = () => world.clock.advance(3_600_000);

  it('is in the summary: all tokens, or those of the caller', async () => {
    await start();
    // The answer of a moment ago would be given again.
    await world.advance(60);
    world.wechat.inject('stable', { errcode: -1 });
    expect((await refresh(SHOPS)).status).toBe(502);
    await app.journal.settled();

    const all = await get<FleetSummary>('/summary');
    expect(all).toMatchObject({
      at: expect.stringMatching(/^\d{4}-.*Z$/),
      total: 2,
      wechat: { state: 'degraded', failures: { transient: 1 } },
      database: { kind: 'sqlite', latencyMs: expect.any(Number) },
      replica: { id: expect.any(String), role: 'refresher' },
    });
    expect(all.statuses).toEqual({
      expired: 0,
      missing: 0,
      'cooling-down': 1,
      due: 0,
      refreshing: 0,
      valid: 1,
    });
    expect(all.hours).toHaveLength(24);
    expect(total(all.hours, 'refreshed')).toBe(2);
    expect(total(all.hours, 'failed')).toBe(1);
    expect(all.leaseHolders).toEqual([
      {
        owner: all.replica.id,
        tokens: 2,
        lastAt: expect.stringMatching(/:00:00\.000Z$/),
      },
    ]);

    const shops = await get<FleetSummary>('/summary', KEYS.shop);
    expect(shops).toMatchObject({ total: 1, leaseHolders: [] });
    expect(shops.statuses['cooling-down']).toBe(1);
    expect(total(shops.hours, 'refreshed')).toBe(1);
  });

  it('is summed up for nothing on an empty database', async () => {
    await start();
    await world.sql('DELETE FROM system_var');
    await world.sql('DELETE FROM token_hour');
    for (const key of [KEYS.all, KEYS.shop]) {
      kept();
      const summary = await get<FleetSummary>('/summary', key);
      expect(summary).toMatchObject({
        total: 0,
        wechat: { state: 'idle', failures: {} },
        leaseHolders: [],
      });
      expect(summary.hours.map(({ latencyMs }) => latencyMs)).toEqual(
        Array(24).fill(null),
      );
    }
  });

  it('is summed up once, however many ask, and again when a second and twenty times its cost have passed', async () => {
    await start();
    const statements = watchStatements(app);
    const scans = () => statements.count('countStatuses');
    // Time stands still but for the test.
    const now = vi.spyOn(world.clock, 'now');
    let at = world.clock.now() + 10_000;
    now.mockImplementation(() => at);
    await Promise.all(Array.from({ length: 5 }, () => ask('/summary')));
    expect(scans()).toBe(1);
    at += 999;
    await ask('/summary');
    expect(scans()).toBe(1);
    at += 1;
    await ask('/summary');
    expect(scans()).toBe(2);
    now.mockRestore();
  });

  it('is in the statistics of a token, in 168 hours, with the budget of forced renewals', async () => {
    await start();
    expect((await refresh(NAME, { force: true })).status).toBe(200);
    await app.journal.settled();
    const stats = await get<TokenStats>(`/${NAME}/stats`);
    expect(stats.name).toBe(NAME);
    expect(stats.hours).toHaveLength(168);
    expect(total(stats.hours, 'refreshed')).toBe(2);
    const instants = stats.hours.map(({ hour }) => Date.parse(hour));
    for (const [index, instant] of instants.entries())
      expect(instant - (instants[index - 1] ?? instant - 3_600_000)).toBe(
        3_600_000,
      );
    expect(stats.forced).toEqual({
      today: 1,
      limit: 20,
      left: 19,
      resetsAt: expect.stringMatching(/T16:00:00\.\d{3}Z$/),
    });
    expect(
      total((await get<TokenStats>(`/${SHOPS}/stats`)).hours, 'failed'),
    ).toBe(0);

    await problem(await ask('/access_token:nobody/stats'), 404);
    await problem(await ask(`/${NAME}/stats`, KEYS.shop), 403);
    await problem(await ask(`/${NAME}/stats`, KEYS.issue), 403);
    await problem(await ask('/summary', KEYS.issue), 403);
  });

  it('is counted as well as can be: without the table the events stay', async () => {
    await start();
    await world.sql('DROP TABLE token_hour');
    expect((await refresh(NAME, { force: true })).status).toBe(200);
    await app.journal.settled();
    const events = await get<{ items: { type: string }[] }>(`/${NAME}/events`);
    expect(events.items[0]).toMatchObject({ type: 'refreshed' });
    await problem(await ask(`/${NAME}/stats`), 503);
  });

  it('includes what WeChat itself has counted, for those who may refresh', async () => {
    await start();
    const quota = await get<QuotaView>(`/${NAME}/quota`, KEYS.refresh);
    expect(quota.name).toBe(NAME);
    expect(quota.items.map(({ path }) => path)).toEqual([
      '/cgi-bin/token',
      '/cgi-bin/stable_token',
      '/cgi-bin/ticket/getticket',
    ]);
    for (const { dailyLimit, used, remain, error } of quota.items) {
      expect(error).toBeNull();
      expect(remain).toBe(Number(dailyLimit) - Number(used));
    }
    expect(quota.items[1]?.used).toBe(1);
    await problem(await ask(`/${NAME}/quota`, KEYS.read), 403);
    await problem(await ask(`/${SHOPS}x/quota`), 404);

    // A token that the platform refuses is renewed on the way.
    world.wechat.drop(OWN.appId);
    await get(`/${NAME}/quota`);

    // WeChat's word on one path is not an error of the others.
    world.wechat.inject('business', { errcode: 76022 });
    const { items } = await get<QuotaView>(`/${NAME}/quota`);
    expect(items.map(({ error }) => error?.errcode)).toEqual([
      76022,
      undefined,
      undefined,
    ]);
    expect(items[0]).toMatchObject({ dailyLimit: null, used: null });
  });

  it('does not burn the quota that it shows', async () => {
    await start();
    const before = world.wechat.calls.business;
    await Promise.all(Array.from({ length: 10 }, () => ask(`/${NAME}/quota`)));
    expect(world.wechat.calls.business - before).toBeLessThanOrEqual(5 * 3);
    for (let i = 0; i < 5; i++) await ask(`/${NAME}/quota`);
    expect(world.wechat.calls.business - before).toBe(5 * 3);
    const refused = await problem(await ask(`/${NAME}/quota`), 429);
    expect(refused.retryAfter).toBeGreaterThan(0);
    // Another appid has its own.
    expect((await ask(`/${SHOPS}/quota`)).status).toBe(200);
    world.clock.advance(120_000);
    expect((await ask(`/${NAME}/quota`)).status).toBe(200);

    await world.wechat.goDown();
    const away = await problem(await ask(`/${SHOPS}/quota`), 502);
    expect(away.errcode).toBeUndefined();
  });

  it('R10: a reader asks WeChat nothing', async () => {
    await start();
    await app.close();
    app = await world.httpReplica(adapter(), {
      accounts,
      http,
      role: 'reader',
    });
    const { total: before } = world.wechat.calls;
    const { detail } = await problem(await ask(`/${NAME}/quota`), 503);
    expect(detail).toContain('reader');
    expect(world.wechat.calls.total).toBe(before);
    const summary = await get<FleetSummary>('/summary');
    expect(summary.replica.role).toBe('reader');
  });
});

describe.each(PLATFORMS)('a search of the list, on %s', (_p, adapter) => {
  it('has the worst first, by pages, filters, and says what is wrong with a bad one', async () => {
    await using world = await World.create({ wechat: { accounts } });
    const app = await world.httpReplica(adapter(), { accounts, http });
    await app.accountCheck.check();
    const ask = (query: string, key = KEYS.all) =>
      fetch(`${app.url}/admin/wechat-tokens?${query}`, {
        headers: bearer(key),
      });
    const page = async (query: string, key = KEYS.all) => {
      const response = await ask(query, key);
      expect(response.status).toBe(200);
      const { items, next } = (await response.json()) as TokenPage;
      return [items.map(({ name }: AdminView) => name), next];
    };
    await world.sql(
      `UPDATE system_var SET next_attempt_at = strftime('%Y-%m-%d %H:%M:%f', 'now', '+1 hour') WHERE name = '${SHOPS}'`,
    );

    expect(await page('order=urgency')).toEqual([[SHOPS, NAME], null]);
    const [, next = null] = await page('order=urgency&limit=1');
    expect(next).toBe(`2:${SHOPS}`);
    expect(await page(`order=urgency&limit=1&after=${String(next)}`)).toEqual([
      [NAME],
      null,
    ]);
    expect(await page('order=urgency', KEYS.shop)).toEqual([[SHOPS], null]);
    expect(await page('status=valid,due')).toEqual([[NAME], null]);
    expect(await page('status=cooling-down&kind=access_token')).toEqual([
      [SHOPS],
      null,
    ]);
    expect(await page('kind=jsapi_ticket')).toEqual([[], null]);
    expect(await page(`search=${SHOP.appId.slice(2, 7)}`)).toEqual([
      [SHOPS],
      null,
    ]);
    expect(await page('search=access', KEYS.shop)).toEqual([[SHOPS], null]);
    expect(await page(`name=${SHOPS},${NAME},site:1`)).toEqual([
      [NAME, SHOPS],
      null,
    ]);
    expect(await page(`name=${SHOPS},${NAME}&limit=1`)).toEqual([[NAME], NAME]);
    expect(await page(`name=${NAME}`, KEYS.shop)).toEqual([[], null]);
    expect(await page(`name=${NAME}&status=due`)).toEqual([[], null]);

    const names = Array.from({ length: 101 }, () => randomUUID()).join();
    for (const [field, query] of Object.entries({
      order: 'order=age',
      status: 'status=valid,broken',
      kind: 'kind=official-account',
      search: `search=${'x'.repeat(101)}`,
      name: `name=${names}`,
      after: `order=urgency&after=${NAME}`,
      limit: 'limit=101',
    })) {
      const response = await ask(query);
      expect([field, response.status]).toEqual([field, 400]);
      const { errors } = (await response.json()) as Problem;
      expect(errors?.map((error) => error.field)).toEqual([field]);
    }
  });
});
