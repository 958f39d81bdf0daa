import { Test } from '@nestjs/testing';
import { HealthCheckService, TerminusModule } from '@nestjs/terminus';
import { DEFAULT_FAKE_ACCOUNT } from '../../src/testing/index.js';
import {
  EngineHealth,
  isConfigurationError,
  type WechatAccount,
  WechatTokenHealthIndicator,
} from '../../src/wechat-token/index.js';
import { RenewalFailures } from '../../src/wechat-token/renewal/policy/renewal-failures.js';
import { RenewalSchedule } from '../../src/wechat-token/schedule/renewal-schedule.js';
import { SqlRunner } from '../../src/wechat-token/store/sql-runner.js';
import { TcpProxy } from '../chaos/support/tcp-proxy.js';
import { createDatabase, databaseServers } from '../support/databases.js';
import {
  type ReplicaOptions,
  type TestReplica,
  World,
} from '../support/world.js';

const SHOP = { appId: 'wx_shop', appSecret: 'secret-of-shop' };
const SHOP_WRONG = { ...SHOP, name: 'shop', appSecret: 'no-secret-of-shop' };
/** The tokens are looked at again after this time. */
const NEXT_LOOK_MS = 5000;

/** Once its accounts have been read, and what was due then has been tried. */
async function startedReplica(
  world: World,
  options: ReplicaOptions = {},
): Promise<TestReplica> {
  world.wechat.addAccount(SHOP);
  const replica = await world.replica(options);
  await replica.accountCheck.check();
  return replica;
}

/** The report of a moment later. */
async function reportOf(world: World, { module }: TestReplica) {
  world.clock.advance(NEXT_LOOK_MS);
  return module.get(EngineHealth).report();
}

describe('the health of a process', () => {
  it('is ok with all tokens, costs no statement, and is "stopping" once it is told so', async () => {
    await using world = await World.create();
    const replica = await startedReplica(world);
    const health = replica.module.get(EngineHealth);
    const sql = replica.module.get(SqlRunner);
    await replica.module.get(RenewalSchedule).stop();
    const statements = [vi.spyOn(sql, 'rows'), vi.spyOn(sql, 'change')];

    expect(await reportOf(world, replica)).toEqual({
      status: 'ok',
      isReady: true,
      reasons: [],
      tokens: { total: 1, expired: 0, missing: 0, failing: 0 },
    });
    for (const statement of statements)
      expect(statement).not.toHaveBeenCalled();

    health.stop();
    expect(await health.report()).toMatchObject({
      status: 'stopping',
      isReady: false,
      reasons: [{ reason: 'stopping' }],
    });
  });

  it('is degraded by an outage of WeChat, also when tokens have expired, and ok after it', async () => {
    await using world = await World.create();
    const replica = await startedReplica(world);
    await world.wechat.goDown();
    await world.advance(7200);
    await replica.rounds.tick();

    expect(await reportOf(world, replica)).toMatchObject({
      status: 'degraded',
      isReady: true,
      reasons: [
        { reason: 'tokens-expired', count: 1 },
        { reason: 'renewals-failing', class: 'transient', count: 1 },
      ],
    });

    await world.wechat.comeBack();
    await world.advance(3600);
    await replica.rounds.tick();
    expect(await reportOf(world, replica)).toMatchObject({ status: 'ok' });
  });

  it('tells counts and classes, never names', async () => {
    await using world = await World.create();
    const replica = await startedReplica(world, {
      accounts: [DEFAULT_FAKE_ACCOUNT, SHOP_WRONG],
    });

    const report = await reportOf(world, replica);
    expect(report).toMatchObject({
      status: 'degraded',
      reasons: [
        { reason: 'tokens-missing', count: 1 },
        { reason: 'renewals-failing', class: 'credentials', count: 1 },
      ],
      tokens: { total: 2, expired: 0, missing: 1, failing: 1 },
    });
    expect(JSON.stringify(report)).not.toContain('shop');
  });

  it('forgets a failure when another process has renewed the token', async () => {
    await using world = await World.create();
    const [replica, other] = await world.pair();
    for (const { accountCheck } of [replica, other]) await accountCheck.check();
    await world.advance(7000);
    world.wechat.inject('stable', { errcode: -1 }, { times: 1 });
    await replica.rounds.tick();
    const reasons = [
      { reason: 'renewals-failing', class: 'transient', count: 1 },
    ];
    expect(await reportOf(world, replica)).toMatchObject({ reasons });

    await world.advance(60);
    await other.rounds.tick();
    await replica.poller.poll();
    expect(await reportOf(world, replica)).toMatchObject({ status: 'ok' });
  });

  it('keeps nothing of accounts that are removed', async () => {
    await using world = await World.create();
    const accounts: WechatAccount[] = [DEFAULT_FAKE_ACCOUNT, SHOP_WRONG];
    let isBroken = false;
    const replica = await startedReplica(world, {
      accounts: {
        list: () => {
          if (isBroken) throw new Error('no such table');
          return accounts;
        },
        find: (name) =>
          accounts.find((one) => (one.name ?? 'default') === name),
      },
    });
    expect([...replica.module.get(RenewalFailures).all()]).toHaveLength(1);

    accounts.pop();
    await replica.accountCheck.check();
    expect([...replica.module.get(RenewalFailures).all()]).toHaveLength(0);
    expect(await reportOf(world, replica)).toMatchObject({ status: 'ok' });

    isBroken = true;
    await replica.accountCheck.run();
    expect(await reportOf(world, replica)).toMatchObject({
      status: 'degraded',
      reasons: [{ reason: 'accounts-failing' }],
    });
  });

  it('is degraded by stored values that it cannot decrypt', async () => {
    await using world = await World.create();
    const keys = ['a', 'b'].map((id) => ({
      id,
      key: Buffer.alloc(32, id).toString('base64'),
    }));
    const sealing = await startedReplica(world, {
      encryptionKeys: keys.slice(0, 1),
    });
    await sealing.close();
    const replica = await world.replica({ encryptionKeys: keys.slice(1) });
    await replica.accountCheck.check();
    expect(await reportOf(world, replica)).toMatchObject({
      status: 'degraded',
      reasons: [{ reason: 'renewals-failing', class: 'unreadable', count: 1 }],
    });
  });

  it.each([
    { mode: 'stable', after: 'degraded' },
    { mode: 'classic', after: 'starting' },
  ] as const)(
    'without a database since the start: starting, and after 15 s $after in $mode mode; ok when it is there',
    async ({ mode, after }) => {
      const [server] = databaseServers();
      if (!server) throw new Error('no server');
      const fresh = await createDatabase(server);
      await using line = await TcpProxy.start(fresh.url);
      {
        const databaseUrl = line.through(fresh.url);
        await using world = await World.create({ databaseUrl });
        const opened = await world.open();
        await line.refuse();
        const replica = await world.replica({
          accounts: [{ ...DEFAULT_FAKE_ACCOUNT, mode }],
          opened: Promise.resolve(opened),
        });
        const reasons = [{ reason: 'database-not-reached' }];
        const early = await replica.module.get(EngineHealth).report();
        expect(early).toMatchObject({ status: 'starting', reasons });

        world.clock.advance(15_000);
        const late = await replica.module.get(EngineHealth).report();
        const isReady = after === 'degraded';
        expect(late).toMatchObject({ status: after, isReady, reasons });

        await line.passThrough();
        // The check of the start may still be on its way, and fail.
        await vi.waitFor(async () => {
          await replica.accountCheck.run();
          await replica.poller.poll();
          const there = await reportOf(world, replica);
          expect(there).toMatchObject({ status: 'ok' });
        });

        await line.refuse();
        await replica.poller.poll();
        const failing = await reportOf(world, replica);
        expect(failing).toMatchObject({ status: 'degraded', isReady: true });
        expect(failing.reasons).toContainEqual({ reason: 'database-failing' });
        if (mode === 'stable') {
          world.clock.advance(7_200_000);
          world.wechat.advance(7200);
          await replica.tokens.getAccessToken();
          const { reasons: all } = await reportOf(world, replica);
          expect(all).toContainEqual({ reason: 'tokens-not-stored', count: 1 });
        }
        await line.passThrough();
      }
      await fresh.drop();
    },
  );
});

describe('the indicator for @nestjs/terminus', () => {
  it('is up when degraded, down beyond the thresholds of the app, and takes no others', async () => {
    await using world = await World.create();
    const replica = await startedReplica(world, {
      accounts: [DEFAULT_FAKE_ACCOUNT, SHOP_WRONG],
    });
    const terminus = await Test.createTestingModule({
      imports: [TerminusModule.forRoot({ logger: false })],
    }).compile();
    const checks = await terminus.resolve(HealthCheckService);
    const indicator = replica.module.get(WechatTokenHealthIndicator);
    const check = (thresholds?: object) =>
      checks
        .check([() => indicator.isHealthy('tokens', thresholds)])
        .catch((error: { getResponse(): unknown }) => error.getResponse());
    world.clock.advance(NEXT_LOOK_MS);

    const up = { status: 'up', state: 'degraded' };
    expect(await check()).toMatchObject({ status: 'ok', info: { tokens: up } });
    for (const within of [{ maxFailingShare: 0.5 }, { maxExpired: 1 }])
      expect(await check(within)).toMatchObject({ status: 'ok' });
    for (const beyond of [{ maxFailingShare: 0.4 }, { maxExpired: 0 }])
      expect(await check(beyond)).toMatchObject({
        status: 'error',
        error: { tokens: { status: 'down', state: 'degraded' } },
      });

    const refused = await indicator
      .isHealthy('tokens', { maxFailingShare: 50, maxExpired: -1 })
      .catch((error: unknown) => error);
    expect(isConfigurationError(refused) && refused.message).toMatch(
      /maxFailingShare must be .*; maxExpired must be /,
    );
    await terminus.close();
  });
});
