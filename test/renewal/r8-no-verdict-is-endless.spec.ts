import { DEFAULT_FAKE_ACCOUNT, FakeWechat } from '../../src/testing/index.js';
import { toAccount } from '../../src/wechat-token/accounts/account.js';
import { untilChinaMidnight } from '../../src/wechat-token/renewal/policy/back-off.js';
import { byDepth } from '../support/depth.js';
import {
  ONCE,
  type ReplicaOptions,
  type TestReplica,
  World,
} from '../support/world.js';

const NAME = 'access_token';
const { appId } = DEFAULT_FAKE_ACCOUNT;
const MINUTE = 60;
const DAY = 24 * 3600;
const ALWAYS = { times: Infinity };
const MODES = ['stable', 'classic'] as const;
/** Of the classes credentials and account; src/…/errcodes.spec.ts has all that are of a class. */
const VERDICTS = byDepth({
  short: [40125, 50002],
  full: [40001, 40125, 40013, 40243, 50002, 50004, 48004, 42007, 61023],
});
/** A field was missing, or the method was wrong: the request was damaged on its way. */
const DAMAGED = byDepth({ short: [41002], full: [40002, 41002, 41004, 43002] });

/** What an operator may correct. */
const CHANGES: readonly [string, (other: FakeWechat) => ReplicaOptions][] = [
  ['base URL', ({ baseUrl }) => ({ api: { baseUrl } })],
  ['mode', () => inMode('classic')],
  [
    'secret',
    () => ({ accounts: [{ appId, appSecret: 'another-secret-0123456789' }] }),
  ],
];

function inMode(mode: (typeof MODES)[number]): ReplicaOptions {
  return { accounts: [{ ...DEFAULT_FAKE_ACCOUNT, mode }] };
}

/** A start, with what it does by itself; then the replica is stopped. */
async function restart(world: World, options?: ReplicaOptions): Promise<void> {
  const replica = await world.replica(options);
  await replica.accountCheck.check();
  await replica.rounds.tick();
  await replica.close();
}

/** A replica without a token, whose every call is refused from now on. */
async function refused(
  world: World,
  errcode: number,
  options?: ReplicaOptions,
): Promise<TestReplica> {
  world.wechat.inject('any', { errcode }, ALWAYS);
  const replica = await world.replica(options);
  await replica.accountCheck.check();
  expect(world.wechat.calls.total).toBe(1);
  return replica;
}

/** For an hour after the first refusal, a replica that starts and ends again every 100 s. */
async function crashLoop(world: World, errcode: number): Promise<void> {
  await (await refused(world, errcode)).close();
  for (let elapsed = 0; elapsed < 3600; elapsed += 100) {
    await world.advance(100);
    await restart(world);
  }
}

async function tick(fleet: readonly TestReplica[]): Promise<void> {
  for (const { rounds } of fleet) await rounds.tick();
}

/** The seconds between the calls of a day. In between no replica calls. */
async function waitsOfADay(
  world: World,
  fleet: readonly TestReplica[],
): Promise<number[]> {
  const waits: number[] = [];
  for (let elapsed = 0; ;) {
    const wait = (await world.row()).nextAttemptInMs / 1000;
    elapsed += wait;
    if (elapsed > DAY) return waits;
    const calls = world.wechat.calls.total;
    await world.advance(wait - 2);
    await tick(fleet);
    expect(world.wechat.calls.total).toBe(calls);
    await world.advance(3);
    await tick(fleet);
    expect(world.wechat.calls.total).toBe(calls + 1);
    waits.push(wait);
  }
}

describe('R8 one refusal while the stored token is good', () => {
  it.each(
    MODES.flatMap((mode) =>
      [...VERDICTS, ...DAMAGED].map((errcode) => ({ mode, errcode })),
    ),
  )('stops nothing ($mode, $errcode)', async ({ mode, errcode }) => {
    await using world = await World.create({ wechat: { lifeSeconds: 20 } });
    const { tokens, rounds, renewer } = await world.replica(inMode(mode));
    await tokens.getAccessToken();
    const fault = world.wechat.inject(mode, { errcode });

    for (let second = 0; second < 60; second++) {
      await world.advance(1);
      await rounds.tick();
      const token = await tokens.getAccessToken();
      expect(world.wechat.accepts(token)).toBe(true);
      // No time passes during a renewal that the caller has begun.
      await renewer.renew(NAME, { kind: 'due' }).catch(() => undefined);
    }

    expect(fault.hits).toBe(1);
  });

  it('stops nothing where the replica that is refused has not heard of the token yet', async () => {
    await using world = await World.create();
    const [first, other] = await world.pair();
    await first.tokens.getAccessToken();
    await other.tokens.getAccessToken();
    await world.advance(7000);
    await first.rounds.tick();
    await world.advance(6950);
    world.wechat.inject('stable', { errcode: 40125 });

    await other.rounds.tick();

    expect((await world.row()).lastError).toMatchObject({
      errcode: 40125,
      stops: 0,
    });
  });

  it('is only noted; the second one stops, and what is stopped is probed', async () => {
    await using world = await World.create();
    const { tokens, rounds } = await world.replica();
    await tokens.getAccessToken();
    world.wechat.inject('stable', { errcode: 40125 }, ALWAYS);
    await world.advance(6950);

    const waits: number[] = [];
    for (let call = 0; call < 4; call++) {
      await rounds.tick();
      expect(world.wechat.calls.total).toBe(2 + call);
      const { nextAttemptInMs } = await world.row();
      waits.push(nextAttemptInMs / 1000 / MINUTE);
      await world.advance(nextAttemptInMs / 1000 + 0.1);
    }

    // The first one comes while the token lasts.
    expect(waits.map((wait) => Math.floor(wait + 0.1))).toEqual([1, 1, 5, 15]);
  });
});

describe('R8 what is stopped is probed', () => {
  it.each(MODES.flatMap((mode) => VERDICTS.map((errcode) => [errcode, mode])))(
    '%i in %s mode: after 1, 5 and 15 minutes, then every 30 to 60, by three replicas together',
    async (errcode, mode) => {
      await using world = await World.create();
      const options = inMode(mode as 'stable');
      const first = await refused(world, Number(errcode), options);
      const fleet = [first, ...(await world.fleet(2, options))];

      const waits = await waitsOfADay(world, fleet);

      const minutes = waits.map((wait) => wait / MINUTE);
      for (const [probe, least] of [1, 5, 15].entries()) {
        expect(minutes[probe]).toBeGreaterThan(least - 0.05);
        expect(minutes[probe]).toBeLessThan(1.2 * least);
      }
      for (const wait of minutes.slice(3)) {
        expect(wait).toBeGreaterThan(29.9);
        expect(wait).toBeLessThan(60);
      }
      // The jitter is the row's own: so many on the first day, whoever makes them.
      expect(waits).toHaveLength(33);
    },
    30_000,
  );

  it('until one succeeds: then the token is as before', async () => {
    await using world = await World.create();
    const fault = world.wechat.inject('stable', { errcode: 40125 }, ALWAYS);
    const { accountCheck, rounds, tokens } = await world.replica();
    await accountCheck.check();
    fault.remove();

    await world.advance(70);
    await rounds.tick();

    expect(world.wechat.accepts(await tokens.getAccessToken())).toBe(true);
    expect(world.wechat.calls.total).toBe(2);
    expect(await world.row()).toMatchObject({
      failureCount: 0,
      lastError: null,
      nextAttemptInMs: -Infinity,
    });
  });

  it('on the same schedule when the platform is away at times', async () => {
    await using world = await World.create();
    const replica = await refused(world, 40125);
    const waits = [];
    for (let probe = 0; probe < 6; probe++) {
      const { nextAttemptInMs } = await world.row();
      waits.push(Math.floor(nextAttemptInMs / 1000 / MINUTE + 0.1));
      const isAway = probe % 2 === 0;
      if (isAway) await world.wechat.goDown();
      await world.advance(nextAttemptInMs / 1000 + 0.1);
      await replica.rounds.tick();
      if (isAway) await world.wechat.comeBack();
    }
    expect(waits.slice(0, 3)).toEqual([1, 5, 15]);
    expect(Math.min(...waits.slice(3))).toBeGreaterThanOrEqual(30);
  });

  it('for callers there is an error at once, which says when that is', async () => {
    await using world = await World.create();
    const { tokens } = await refused(world, 40125);

    await expect(tokens.getAccessToken()).rejects.toMatchObject({
      code: 'TOKEN_UNAVAILABLE',
      message: expect.stringContaining('40125'),
      retryAfter: expect.toSatisfy((wait: number) => wait > 55 && wait <= 66),
    });
    expect(world.wechat.calls.total).toBe(1);
  });

  it('an operator need not wait', async () => {
    await using world = await World.create();
    const fault = world.wechat.inject('stable', { errcode: 40125 }, ALWAYS);
    const { accountCheck, refresher } = await world.replica();
    await accountCheck.check();
    fault.remove();
    await world.advance(10);

    expect(await refresher.refresh(NAME)).toMatchObject({
      outcome: 'refreshed',
    });
  });
});

describe('R8 when what a verdict depends on changes', () => {
  it.each(
    CHANGES.flatMap(([what, change]) =>
      [40125, 40013, 50002, 61023].map((errcode) => ({
        what,
        errcode,
        change,
      })),
    ),
  )(
    'a probe is made at once ($errcode, $what)',
    async ({ errcode, change }) => {
      await using world = await World.create();
      await using other = await FakeWechat.start();
      other.inject('any', { errcode }, ALWAYS);
      await (await refused(world, errcode)).close();
      await restart(world);
      expect(world.wechat.calls.total).toBe(1);

      await restart(world, change(other));
      expect(world.wechat.calls.total + other.calls.total).toBe(2);

      // A crash loop, and one with the old settings beside it, are no changes.
      for (let start = 0; start < 5; start++) {
        await restart(world, change(other));
        await restart(world);
      }
      expect(world.wechat.calls.total + other.calls.total).toBe(2);
    },
  );

  it('it is made at once too after an outage, whatever the back-off', async () => {
    await using world = await World.create();
    await using other = await FakeWechat.start();
    const down = { api: { baseUrl: 'http://127.0.0.1:1' } };
    const replica = await world.replica(down);
    await replica.accountCheck.check();
    for (let failure = 0; failure < 8; failure++) {
      await world.advance(81);
      await replica.rounds.tick();
    }
    await replica.close();

    await restart(world, { api: { baseUrl: other.baseUrl } });

    expect(other.calls.total).toBe(1);
  });

  it('an AccountSource may change it while the app runs', async () => {
    await using world = await World.create();
    let appSecret = 'a-wrong-secret-0123456789';
    const account = () => ({ name: 'shop', appId, appSecret });
    const replica = await world.replica({
      accounts: { find: account, list: () => [account()] },
    });
    await replica.accountCheck.check();
    await replica.accountCheck.check();
    expect(world.wechat.calls.total).toBe(1);

    ({ appSecret } = DEFAULT_FAKE_ACCOUNT);
    await replica.accountCheck.check();

    const token = await replica.tokens.getAccessToken('shop');
    expect(world.wechat.accepts(token)).toBe(true);
    expect(world.wechat.calls.total).toBe(2);
  });
});

describe('R8 a start probes at most once in ten minutes', () => {
  it('a row, whoever starts', async () => {
    await using world = await World.create();
    const replica = await refused(world, 40125);
    for (let probe = 0; probe < 4; probe++) {
      await world.advance((await world.row()).nextAttemptInMs / 1000 + 0.1);
      await replica.rounds.tick();
    }
    expect(world.wechat.calls.total).toBe(5);
    expect((await world.row()).nextAttemptInMs / 1000).toBeGreaterThan(1790);

    await world.advance(590);
    await restart(world);
    expect(world.wechat.calls.total).toBe(5);

    await world.advance(15);
    await restart(world);
    await restart(world);
    expect(world.wechat.calls.total).toBe(6);

    // The one that has not started again keeps to the schedule.
    await world.advance(605);
    await replica.rounds.tick();
    expect(world.wechat.calls.total).toBe(6);
  });

  it.each([40125, 50002])(
    'a crash loop costs a known number of calls (%i)',
    async (errcode) => {
      await using world = await World.create();
      await crashLoop(world, errcode);

      // At 0, 100 s, 500 s; then by the first start 10 minutes later.
      expect(world.wechat.calls.total).toBe(3 + Math.floor((3600 - 500) / 600));
    },
    60_000,
  );

  it.each([40164, 61004])(
    'a crash loop where this address is refused costs few calls (%i)',
    async (errcode) => {
      await using world = await World.create();
      await crashLoop(world, errcode);

      // Others try at once, and then ever later: at last after 10 minutes.
      expect(world.wechat.calls.total).toBeLessThanOrEqual(7 + 6);
    },
    60_000,
  );
});

describe('R8 what must end is never asked about before', () => {
  it.each([
    [45009, undefined],
    [89501, 600],
    [89502, 600],
    [89503, 3600],
    [89504, 600],
    [89505, 600],
    [89506, DAY],
    [89507, 3600],
  ])(
    '%i: not after a start, nor with other settings',
    async (errcode, wait) => {
      await using world = await World.create();
      await using other = await FakeWechat.start();
      await (await refused(world, errcode)).close();
      const { databaseNow } = await world.row();
      const end = wait ?? untilChinaMidnight(databaseNow) / 1000;

      await world.advance(end / 2);
      await restart(world);
      for (const [, change] of CHANGES) await restart(world, change(other));
      await world.advance(end / 2 - 10);
      await restart(world);
      expect(world.wechat.calls.total + other.calls.total).toBe(1);

      await world.advance(75);
      await restart(world);
      expect(world.wechat.calls.total).toBe(2);
    },
  );

  it('45009: another appid has a quota of its own', async () => {
    await using world = await World.create();
    const shop = { appId: 'wx_shop', appSecret: 'secret-of-the-shop' };
    world.wechat.addAccount(shop);
    world.wechat.inject('any', { errcode: 45009 }, { ...ALWAYS, appId });
    await restart(world);

    const { tokens } = await world.replica({ accounts: [shop] });

    expect(world.wechat.accepts(await tokens.getAccessToken())).toBe(true);
  });
});

describe('R8 a row of an older release', () => {
  const { credentialId } = toAccount(DEFAULT_FAKE_ACCOUNT);
  const FOREVER = 50 * 365 * DAY;
  const stopRow = async (world: World, lastError: string) => {
    const at = (seconds: number) =>
      `strftime('%Y-%m-%d %H:%M:%f', 'now', '${seconds} seconds')`;
    await world.sql(
      `UPDATE system_var SET last_error = NULLIF(?, ''), failure_count = 1, next_attempt_at = ${at(FOREVER)}, next_at = ${at(FOREVER)}`,
      [lastError],
    );
  };
  const errorOf = (failureClass: string, errcode: number) =>
    JSON.stringify({
      class: failureClass,
      errcode,
      message: 'WeChat refused it',
      credentialId,
      at: '2026-01-01T00:00:00.000Z',
    });

  it.each([
    ['credentials, version 0.1', errorOf('credentials', 40125)],
    ['credentials, a damaged request', errorOf('credentials', 41002)],
    ['account', errorOf('account', 50002)],
    ['an error that somebody removed', ''],
    ['an error that nobody can read', 'oops'],
  ])('that is stopped for ever is probed by a start: %s', async (_, error) => {
    await using world = await World.create();
    world.wechat.inject('any', { errcode: 40125 });
    await restart(world);
    await stopRow(world, error);

    await restart(world);

    const { value } = await world.row();
    expect(world.wechat.accepts(value ?? '')).toBe(true);
    expect(world.wechat.calls.total).toBe(2);
  });

  it('that an old replica stops beside this one is probed for a caller, and within an hour without', async () => {
    await using world = await World.create();
    world.wechat.inject('any', { errcode: 40125 }, { times: 2 });
    const replica = await world.replica();
    await replica.accountCheck.check();
    await stopRow(world, errorOf('credentials', 40125));
    await expect(replica.tokens.getAccessToken(...ONCE)).rejects.toThrow();
    expect(world.wechat.calls.total).toBe(2);
    await stopRow(world, errorOf('credentials', 40125));
    await world.advance(1);

    expect(await replica.accountCheck.run()).toBeLessThanOrEqual(3_600_000);

    expect(world.wechat.calls.total).toBe(3);
    expect((await world.row()).lastError).toBeNull();
  });
});

describe('R8 probes come after renewals, one a second for a replica', () => {
  const shops = Array.from({ length: 6 }, (_, index) => ({
    name: `shop${index}`,
    appId: `wx_shop${index}`,
    appSecret: `secret-of-shop-${index}`,
  }));
  /** All but the last one are refused. */
  const startedWorld = async () => {
    const world = await World.create();
    for (const shop of shops) world.wechat.addAccount(shop);
    for (const { appId } of shops.slice(0, -1))
      world.wechat.inject('any', { errcode: 40125 }, { ...ALWAYS, appId });
    return world;
  };
  const probes = ({ wechat }: World) =>
    shops
      .slice(0, -1)
      .reduce((sum, { appId }) => sum + wechat.callsFor(appId).total - 1, 0);
  const options: ReplicaOptions = {
    accounts: shops,
    refresh: { concurrency: 1 },
  };

  it('by the cron', async () => {
    await using world = await startedWorld();
    const replica = await world.replica(options);
    await replica.accountCheck.check();
    expect(world.wechat.calls.total).toBe(6);
    await world.advance(7190);
    const order: string[] = [];
    const refreshed = vi.spyOn(replica.journal, 'refreshed');
    const failed = vi.spyOn(replica.journal, 'failed');
    refreshed.mockImplementation(() => order.push('renewal'));
    failed.mockImplementation(() => order.push('probe'));

    await replica.rounds.tick();
    expect(order).toEqual(['renewal', 'probe']);
    await replica.rounds.tick();
    expect(order).toHaveLength(2);
    expect(replica.rounds.hasProbes).toBe(true);
    for (let second = 1; second <= 4; second++) {
      await world.advance(1);
      await replica.rounds.tick();
      expect(order).toHaveLength(2 + second);
    }
    expect(replica.rounds.hasProbes).toBe(false);
    await world.advance(5);
    await replica.rounds.tick();
    expect(order).toHaveLength(6);
  });

  it('after a start, and for callers', async () => {
    await using world = await startedWorld();
    const first = await world.replica(options);
    await first.accountCheck.check();
    await first.close();
    await world.advance(605);

    const replica = await world.replica(options);
    await replica.accountCheck.check();
    expect(probes(world)).toBe(1);
    for (const { name } of shops.slice(0, -1))
      await expect(
        replica.tokens.getAccessToken(name, { timeoutMs: 500 }),
      ).rejects.toMatchObject({ code: 'TOKEN_UNAVAILABLE' });
    expect(probes(world)).toBe(1);
    for (let second = 1; second <= 4; second++) {
      await world.advance(1);
      await replica.rounds.tick();
      expect(probes(world)).toBe(1 + second);
    }
  });
});

describe('R10 a reader', () => {
  it('says why the refreshers have stopped, and when they probe', async () => {
    await using world = await World.create();
    await refused(world, 40125);
    const { tokens } = await world.replica({
      role: 'reader',
      accounts: [{ appId }],
    });

    await expect(tokens.getAccessToken()).rejects.toMatchObject({
      code: 'TOKEN_UNAVAILABLE',
      message: expect.stringContaining('40125'),
      retryAfter: expect.toSatisfy((wait: number) => wait > 55 && wait <= 66),
    });
    await world.advance(3600);
    expect(world.wechat.calls.total).toBe(1);
  });
});

describe('R8 a request that was damaged on its way', () => {
  it.each(DAMAGED)(
    '%i is tried again soon, and names the base URL and the proxy',
    async (errcode) => {
      await using world = await World.create();
      world.wechat.inject('any', { errcode });
      const { accountCheck, rounds, tokens } = await world.replica();
      await accountCheck.check();
      const { lastError, nextAttemptInMs } = await world.row();
      expect(lastError).toMatchObject({ class: 'transient', errcode });
      expect(lastError?.message).toContain('WECHAT_API_BASE_URL');
      expect(lastError?.message).toContain('prox');
      expect(nextAttemptInMs).toBeLessThan(1100);

      await world.advance(1.1);
      await rounds.tick();

      expect(world.wechat.accepts(await tokens.getAccessToken())).toBe(true);
    },
  );
});
