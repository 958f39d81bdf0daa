import { DEFAULT_FAKE_ACCOUNT } from '../../src/testing/index.js';
import { isTokenUnavailableError } from '../../src/wechat-token/index.js';
import { TcpProxy } from '../chaos/support/tcp-proxy.js';
import { createDatabase, databaseServers } from '../support/databases.js';
import { ONCE, type TestReplica, World } from '../support/world.js';

const { appId } = DEFAULT_FAKE_ACCOUNT;
const inMode = (mode: 'stable' | 'classic') => ({
  accounts: [{ ...DEFAULT_FAKE_ACCOUNT, mode }],
});
const failure = (work: Promise<unknown>) =>
  work.then(
    () => undefined,
    (error: unknown) => error,
  );
const atOnce = (count: number, { tokens }: TestReplica) =>
  Promise.all(Array.from({ length: count }, () => tokens.getAccessToken()));

/** For this replica alone; the others have it still. */
const loseDatabase = (replica: TestReplica) => replica.dataSource.destroy();
const findDatabase = (replica: TestReplica) => replica.dataSource.initialize();

describe.each([
  // All of the outage before the token ends, so that the old one can be served.
  { mode: 'classic', from: 6550, calls: 2 },
  // The token becomes due, and ends.
  { mode: 'stable', from: 6700, calls: 2 },
] as const)(
  'R11 the database gone for 10 minutes, from $from s of 7200 on ($mode)',
  ({ mode, from, calls }) => {
    it('no caller notices', async () => {
      await using world = await World.create();
      const replica = await world.replica(inMode(mode));
      await replica.tokens.getAccessToken();
      await world.advance(from);
      await loseDatabase(replica);

      for (let gone = 0; gone < 600; gone += 10) {
        await world.advance(10);
        await replica.rounds.tick();
        const token = await replica.tokens.getAccessToken();
        expect(world.wechat.accepts(token)).toBe(true);
      }
      await findDatabase(replica);
      await replica.rounds.tick();

      const token = await replica.tokens.getAccessToken();
      expect(world.wechat.accepts(token)).toBe(true);
      expect((await world.row()).value).toBe(token);
      expect(world.wechat.calls.total).toBe(calls);
    });
  },
);

describe('R11 without a database, an expired token in stable mode', () => {
  it('is asked for directly, once for a thousand callers, and written when the database is back', async () => {
    await using world = await World.create();
    const [ours, other] = await world.pair();
    await ours.tokens.getAccessToken();
    await other.tokens.getAccessToken();
    await world.advance(7300);
    await loseDatabase(ours);

    const got = await atOnce(1000, ours);

    expect(new Set(got).size).toBe(1);
    const [token = ''] = got;
    expect(world.wechat.accepts(token)).toBe(true);
    expect(world.wechat.calls.total).toBe(2);

    await world.advance(100);
    await findDatabase(ours);
    await ours.rounds.tick();
    const row = await world.row();
    expect(row).toMatchObject({ value: token, leaseOwner: null });
    // Its life began when it was asked for.
    expect(row.expiresInMs).toBeLessThanOrEqual(7_100_000);
    expect(row.expiresInMs).toBeGreaterThan(7_080_000);
    expect(await other.tokens.getAccessToken()).toBe(token);
    expect(await ours.tokens.getAccessToken()).toBe(token);
    expect(world.wechat.calls.total).toBe(2);
  });

  it('is the same for all replicas that are cut off, and written by one of them', async () => {
    await using world = await World.create();
    const fleet = await world.fleet(3);
    for (const { tokens } of fleet) await tokens.getAccessToken();
    await world.advance(7300);
    await Promise.all(fleet.map(loseDatabase));

    const got = await Promise.all(fleet.map((one) => atOnce(10, one)));

    expect(new Set(got.flat()).size).toBe(1);
    expect(world.wechat.calls.total).toBe(1 + fleet.length);
    await Promise.all(fleet.map(findDatabase));
    for (const { rounds, poller } of fleet) {
      await rounds.tick();
      await poller.poll();
    }
    const [token] = got.flat();
    expect((await world.row()).value).toBe(token);
    for (const { tokens } of fleet)
      expect(await tokens.getAccessToken()).toBe(token);
    expect(world.wechat.calls.total).toBe(1 + fleet.length);
    expect(world.wechat.issued()).toBe(2);
  });

  it('gives way to what another replica, which had the database, has stored since', async () => {
    await using world = await World.create();
    const [ours, other] = await world.pair();
    await ours.tokens.getAccessToken();
    await other.tokens.getAccessToken();
    await world.advance(7300);
    await loseDatabase(ours);
    const asked = await ours.tokens.getAccessToken();
    await world.advance(60);
    await other.rounds.tick();
    await other.refresher.refresh('access_token', { force: true });
    const forced = await other.tokens.getAccessToken();
    expect(forced).not.toBe(asked);

    await findDatabase(ours);
    await ours.poller.poll();
    expect(await ours.tokens.getAccessToken()).toBe(forced);
    await ours.rounds.tick();

    expect((await world.row()).value).toBe(forced);
  });

  it('gives way to it however often this replica has asked meanwhile', async () => {
    await using world = await World.create();
    const [ours, other] = await world.pair();
    await other.tokens.getAccessToken();
    let held = await ours.tokens.getAccessToken();
    await loseDatabase(ours);
    for (let replaced = 0; replaced < 3; replaced++) {
      world.wechat.drop(appId);
      held = await ours.tokens.invalidate(held);
      await world.advance(31);
    }
    await other.refresher.refresh('access_token', { force: true });
    const forced = await other.tokens.getAccessToken();

    await findDatabase(ours);
    await ours.rounds.tick();
    await ours.poller.poll();

    expect(await ours.tokens.getAccessToken()).toBe(forced);
    expect(await ours.tokens.invalidate(held)).toBe(forced);
  });

  it('gives way to a newer one that came while its own answer was on the way', async () => {
    await using world = await World.create();
    const replica = await world.replica();
    const old = await replica.tokens.getAccessToken();
    await world.advance(6950);
    await loseDatabase(replica);
    world.wechat.inject('stable', { delayMs: 800 });
    await replica.tokens.getAccessToken();
    await vi.waitFor(() => expect(world.wechat.calls.stable).toBe(2));
    world.wechat.drop(appId);
    const newer = await replica.tokens.invalidate(old);

    await findDatabase(replica);
    await replica.close();

    expect(world.wechat.accepts(newer)).toBe(true);
    expect((await world.row()).value).toBe(newer);
  });

  it('is not fetched by a reader', async () => {
    await using world = await World.create();
    const refresher = await world.replica();
    await refresher.tokens.getAccessToken();
    const reader = await world.replica({ role: 'reader' });
    await reader.tokens.getAccessToken();
    await world.advance(7300);
    await loseDatabase(reader);

    expect(await failure(reader.tokens.getAccessToken(...ONCE))).toSatisfy(
      isTokenUnavailableError,
    );

    expect(world.wechat.calls.total).toBe(1);
  });

  it('costs a known number of calls when the platform is down as well', async () => {
    await using world = await World.create();
    const replica = await world.replica();
    await replica.tokens.getAccessToken();
    await world.advance(7300);
    await loseDatabase(replica);
    const down = world.wechat.inject('any', { status: 502 }, { times: 999 });

    for (let gone = 0; gone < 3600; gone += 5) {
      await world.advance(5);
      expect(
        await failure(replica.tokens.getAccessToken(...ONCE)),
      ).toMatchObject({
        code: 'TOKEN_UNAVAILABLE',
        message: expect.stringContaining('502'),
        retryAfter: expect.any(Number),
      });
    }
    expect(down.hits).toBeLessThanOrEqual(60);
    expect(down.hits).toBeGreaterThan(30);

    down.remove();
    await world.advance(90);
    const token = await replica.tokens.getAccessToken();
    expect(world.wechat.accepts(token)).toBe(true);
  });
});

describe('R11 without a database, an expired token in classic mode', () => {
  it('is an error: a call would end the token of all others', async () => {
    await using world = await World.create();
    const replica = await world.replica(inMode('classic'));
    await replica.tokens.getAccessToken();
    await world.advance(7300);
    await loseDatabase(replica);

    expect(await failure(replica.tokens.getAccessToken(...ONCE))).toMatchObject(
      {
        code: 'TOKEN_UNAVAILABLE',
        message: expect.stringContaining('database'),
        retryAfter: 1,
      },
    );

    expect(world.wechat.calls.total).toBe(1);
    await findDatabase(replica);
    const token = await replica.tokens.getAccessToken();
    expect(world.wechat.accepts(token)).toBe(true);
  });
});

describe('R11 without a database, a token that the platform refuses', () => {
  it('is replaced directly in stable mode, once for all reports of it', async () => {
    await using world = await World.create();
    const replica = await world.replica();
    const { tokens } = replica;
    const old = await tokens.getAccessToken();
    await loseDatabase(replica);
    world.wechat.drop(appId);

    const got = await Promise.all(
      Array.from({ length: 100 }, () => tokens.invalidate(old)),
    );

    expect(new Set(got).size).toBe(1);
    expect(world.wechat.accepts(got[0] ?? '')).toBe(true);
    expect(await tokens.invalidate(old)).toBe(got[0]);
    expect(world.wechat.calls.total).toBe(2);
    await findDatabase(replica);
    await replica.rounds.tick();
    expect((await world.row()).value).toBe(got[0]);
  });

  it('costs one call in 30 s, when the platform refuses each one it gives', async () => {
    await using world = await World.create();
    const replica = await world.replica();
    const { tokens } = replica;
    let held = await tokens.getAccessToken();
    await loseDatabase(replica);
    const before = world.wechat.calls.total;

    for (let step = 0; step < 60; step++) {
      world.wechat.drop(appId);
      const replaced = tokens.invalidate(held, ...ONCE);
      held = await replaced.catch(() => held);
      await world.advance(5);
    }

    expect(world.wechat.calls.total - before).toBeLessThanOrEqual(11);
  });

  it('is an error when only force would help, whose budget is in the database; reports cost one call in 30 s', async () => {
    await using world = await World.create();
    const replica = await world.replica();
    const { tokens } = replica;
    const old = await tokens.getAccessToken();
    await loseDatabase(replica);
    world.wechat.dropSilently(appId);

    for (let report = 0; report < 50; report++)
      expect(await failure(tokens.invalidate(old))).toMatchObject({
        code: 'TOKEN_UNAVAILABLE',
        retryAfter: expect.any(Number),
      });
    expect(world.wechat.calls).toMatchObject({ stable: 2, stableForced: 0 });

    await findDatabase(replica);
    await world.advance(31);
    const renewed = await tokens.invalidate(old);
    expect(world.wechat.accepts(renewed)).toBe(true);
  });
});

describe('R11 without a database, a report over HTTP', () => {
  const report = ({ waiter }: TestReplica, value: string, actor: string) =>
    waiter.answerReport('access_token', value, actor);

  it('of one caller takes nothing from another', async () => {
    await using world = await World.create();
    const replica = await world.replica();
    const old = await replica.tokens.getAccessToken();
    await loseDatabase(replica);
    await failure(report(replica, old, 'attacker'));
    world.wechat.drop(appId);

    const renewed = await report(replica, old, 'billing');

    expect(world.wechat.accepts(renewed.value)).toBe(true);
  });
});

describe.each(databaseServers())(
  'R11 a database that is silent, on $kind $version',
  (server) => {
    it('keeps a caller waiting in stable mode no longer than a call may take, and a little', async () => {
      const fresh = await createDatabase(server);
      await using line = await TcpProxy.start(fresh.url);
      await using world = await World.create({
        databaseUrl: line.through(fresh.url),
      });
      const replica = await world.replica({ api: { timeoutMs: 400 } });
      await replica.tokens.getAccessToken();
      await world.advance(7300);
      await line.blackHole();

      const token = await replica.tokens.getAccessToken('default', {
        timeoutMs: 3000,
      });

      expect(world.wechat.accepts(token)).toBe(true);
      expect(world.wechat.calls.total).toBe(2);
      await line.passThrough();
      // A connection from before may still be on its way to its end.
      await vi.waitFor(async () => {
        await replica.rounds.tick();
        expect((await world.row()).value).toBe(token);
      });
      await fresh.drop();
    });
  },
);
