import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { wechatTokenMetrics } from '../../src/prometheus/index.js';
import {
  DEFAULT_FAKE_ACCOUNT,
  DEFAULT_FAKE_WECOM_ACCOUNT,
  ManualClock,
} from '../../src/testing/index.js';
import { shops, started } from '../support/many-accounts.js';
import { PROJECT } from '../support/build.js';
import { World } from '../support/world.js';

const read = (file: string) => readFileSync(join(PROJECT, file), 'utf8');

/** The value of each series, such as `wechat_token_renewals_total{outcome="refreshed",class=""}`. */
async function scrape({ registry }: ReturnType<typeof wechatTokenMetrics>) {
  const text = await registry.metrics();
  const lines = text.split('\n').filter((line) => /^\w/.test(line));
  return {
    text,
    series: new Map(
      lines.map((line) => {
        const end = line.lastIndexOf(' ');
        return [line.slice(0, end), Number(line.slice(end + 1))] as const;
      }),
    ),
  };
}

describe('the metrics', () => {
  it('follow a token through its life, and hold no secret', async () => {
    const clock = new ManualClock();
    const metrics = wechatTokenMetrics({ now: () => clock.now() });
    await using world = await World.create();
    const { tokens, refresher, accountCheck } = await world.replica({
      observer: metrics.observer,
    });
    await accountCheck.check();
    const first = await tokens.getAccessToken();
    await tokens.getAccessToken();
    const second = await tokens.invalidate(first);
    await clock.advance(60_000);
    await world.advance(31);
    await refresher.refresh('access_token', { force: true });
    await clock.advance(10_000);
    world.wechat.inject('stable', { errcode: 40164, errmsg: 'ip' });
    await world.advance(11);
    await expect(refresher.refresh('access_token')).rejects.toThrow('40164');

    const value = async (series: string) =>
      (await scrape(metrics)).series.get(`wechat_token_${series}`);
    const renewals = (outcome: string, failureClass = '') =>
      value(`renewals_total{outcome="${outcome}",class="${failureClass}"}`);
    expect(await renewals('refreshed')).toBe(3);
    expect(await renewals('failed', 'ip')).toBe(1);
    expect(await renewals('failed', 'quota')).toBe(0);
    expect(await value('cache_hits_total')).toBe(2);
    expect(await value('rejections_total')).toBe(1);
    expect(await value('held_tokens')).toBe(1);
    expect(await value('last_success_age_seconds')).toBe(10);
    expect(await value('pending_writes')).toBe(0);
    expect(await value('wait_duration_seconds_count{outcome="served"}')).toBe(
      1,
    );
    expect(await value('wait_duration_seconds_count{outcome="failed"}')).toBe(
      0,
    );
    const call = 'upstream_calls_total{path="/cgi-bin/stable_token"';
    expect(await value(`${call},outcome="refused",errcode="40164"}`)).toBe(1);
    const statement = 'statement="storeRenewed"';
    expect(
      await value(`database_statements_total{${statement},outcome="ok"}`),
    ).toBe(3);
    const left = await value('lowest_seconds_left');
    expect(left).toBeGreaterThan(7000);
    expect(left).toBeLessThanOrEqual(7200);
    expect(await value('seconds_left{name="access_token"}')).toBeGreaterThan(
      7000,
    );
    // The scrape before has asked for it.
    await vi.waitFor(async () =>
      expect(await value('forced_renewals_left{name="access_token"}')).toBe(18),
    );
    await world.advance(8000);
    expect(await value('lowest_seconds_left')).toBeLessThan(0);
    const { text } = await scrape(metrics);
    for (const secret of [first, second, DEFAULT_FAKE_ACCOUNT.appSecret])
      expect(text).not.toContain(secret);
  });

  it('show a ticket and a token of WeCom as they show an access token', async () => {
    const metrics = wechatTokenMetrics();
    const { corpId, agentId, secret } = DEFAULT_FAKE_WECOM_ACCOUNT;
    const crm = {
      name: 'crm',
      kind: 'wecom',
      corpId,
      agentId,
      secret,
    } as const;
    await using world = await World.create({
      wechat: { accounts: [DEFAULT_FAKE_ACCOUNT, DEFAULT_FAKE_WECOM_ACCOUNT] },
    });
    const { accountCheck, refresher } = await world.replica({
      accounts: [{ ...DEFAULT_FAKE_ACCOUNT, tickets: ['jsapi'] }, crm],
      observer: metrics.observer,
    });
    await accountCheck.check();
    await world.advance(11);
    world.wechat.inject('wecomToken', { errcode: 45033 });
    const refused = refresher.refresh('access_token:crm');
    await expect(refused).rejects.toThrow('45033');

    const { series } = await scrape(metrics);
    const left = (name: string) =>
      series.get(`wechat_token_seconds_left{name="${name}"}`);
    for (const name of ['access_token', 'jsapi_ticket', 'access_token:crm'])
      expect(left(name), name).toBeGreaterThan(7000);
    const calls = (path: string, outcome: string) =>
      series.get(
        `wechat_token_upstream_calls_total{path="/cgi-bin/${path}",outcome="${outcome}`,
      );
    expect(calls('ticket/getticket', 'ok",errcode=""}')).toBe(1);
    expect(calls('gettoken', 'ok",errcode=""}')).toBe(1);
    expect(calls('gettoken', 'refused",errcode="45033"}')).toBe(1);
    const renewals =
      'wechat_token_renewals_total{outcome="refreshed",class=""}';
    expect(series.get(renewals)).toBe(3);
    const { text } = await scrape(metrics);
    for (const value of [secret, ...world.wechat.issuedTickets])
      expect(text).not.toContain(value);
  });

  it('are as many for a thousand tokens as for a hundred, the same ones each time, and the lowest is that of all', async () => {
    const metrics = wechatTokenMetrics();
    await using world = await World.create();
    const accounts = shops(1000);
    const { tokens } = await started(world, accounts, {
      observer: metrics.observer,
    });
    for (const { name } of accounts.slice(0, 100))
      await tokens.getAccessToken(name);
    const few = [...(await scrape(metrics)).series.keys()];
    for (const { name } of accounts) await tokens.getAccessToken(name);
    const { series } = await scrape(metrics);
    const named = (keys: Iterable<string>) =>
      [...keys].filter((key) => key.includes('name="')).toSorted();
    expect(series.get('wechat_token_held_tokens')).toBe(1000);
    expect(named(few)).toHaveLength(100);
    expect(
      named(series.keys()).filter((key) => key.includes('seconds_left')),
    ).toEqual(named(few));
    expect(series.size).toBeLessThan(few.length + 150);
  });

  it('have a bounded number of series, whatever is observed', async () => {
    const metrics = wechatTokenMetrics();
    const { observer } = metrics;
    for (let n = 0; n < 1000; n++) {
      observer.call?.({ path: `/cgi-bin/${n}`, outcome: 'ok', latencyMs: 1 });
      observer.call?.({
        path: '/cgi-bin/get',
        outcome: 'refused',
        errcode: n,
        latencyMs: 1,
      });
      observer.statement?.({ name: `s${n}`, outcome: 'ok', ms: 1 });
    }
    const { series } = await scrape(metrics);
    expect(series.size).toBeLessThan(1100);
    const other = [...series].filter(([key]) => key.includes('"other"'));
    expect(new Map(other).size).toBeGreaterThanOrEqual(3);
    const total = [...series]
      .filter(([key]) => key.startsWith('wechat_token_upstream_calls_total'))
      .reduce((sum, [, count]) => sum + count, 0);
    expect(total).toBe(2000);
  });

  it('are those of docs/metrics.md, with their types and labels', async () => {
    const { registry } = wechatTokenMetrics();
    const types = registry.getMetricsAsArray() as unknown as {
      name: string;
      type: string;
      labelNames: string[];
    }[];
    const rows = read('docs/metrics.md').matchAll(
      /^\| `(wechat_token_\w+)` +\| (\w+) +\| ([^|]*?) +\|/gm,
    );
    const documented = [...rows].map(([, name, type, labels = '']) => ({
      name,
      type,
      labels: labels.match(/\w+/g) ?? [],
    }));
    const registered = (await registry.getMetricsAsJSON()).map(
      ({ name, type }) => ({
        name,
        type: String(type),
        labels: types.find((one) => one.name === name)?.labelNames,
      }),
    );
    const byName = (one: { name?: string }, other: { name?: string }) =>
      String(one.name).localeCompare(String(other.name));
    expect(documented.toSorted(byName)).toEqual(registered.toSorted(byName));
  });

  it('refuse a number of tokens that is none', () => {
    expect(() => wechatTokenMetrics({ maxTokens: 1001 })).toThrow(RangeError);
  });
});
