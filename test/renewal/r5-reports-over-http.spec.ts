import { DEFAULT_FAKE_ACCOUNT, type Fault } from '../../src/testing/index.js';
import { type TestReplica, World } from '../support/world.js';

const { appId } = DEFAULT_FAKE_ACCOUNT;
const NAME = 'access_token';
const MODES = ['stable', 'classic'] as const;
const accounts = (mode: (typeof MODES)[number]) => [
  { ...DEFAULT_FAKE_ACCOUNT, mode },
];

/** As the route does it. */
const report = async (
  { waiter }: Pick<TestReplica, 'waiter'>,
  value: string,
  actor = 'billing',
) => (await waiter.answerReport('access_token', value, actor)).value;

const countOf = async (
  { journal, events }: TestReplica,
  type: string,
  name = NAME,
) => {
  await journal.settled();
  const page = await events.page(name, { limit: 100 });
  return page.filter((event) => event.type === type).length;
};

describe.each(MODES)('R5 a report over HTTP, %s', (mode) => {
  it.each([40001, 40014, 42001])(
    'is true when WeChat answers %i to the token: it is renewed',
    async (errcode) => {
      await using world = await World.create();
      const replica = await world.replica({ accounts: accounts(mode) });
      const old = await replica.tokens.getAccessToken();
      world.wechat.inject('business', { errcode });

      const renewed = await report(replica, old);

      expect(renewed).not.toBe(old);
      expect(world.wechat.accepts(renewed)).toBe(true);
      expect(world.wechat.calls).toMatchObject({
        [mode]: mode === 'stable' ? 3 : 2,
        stableForced: mode === 'stable' ? 1 : 0,
        business: 1,
      });
      expect(await countOf(replica, 'rejected')).toBe(1);
    },
  );

  it.each<Fault>([
    { errcode: 40164 },
    { errcode: 61004 },
    { errcode: 45009 },
    { errcode: -1 },
    { status: 404 },
    { body: '{"message":"no such route"}' },
    { reset: true },
  ])('is believed when %j proves nothing', async (fault) => {
    await using world = await World.create();
    const replica = await world.replica({ accounts: accounts(mode) });
    const old = await replica.tokens.getAccessToken();
    world.wechat.inject('business', fault, { times: 2 });

    const renewed = await report(replica, old);

    expect(renewed).not.toBe(old);
    expect(world.wechat.accepts(renewed)).toBe(true);
    expect(await countOf(replica, 'rejected')).toBe(1);
  });

  it('of a good token is answered with it, and an event says so', async () => {
    await using world = await World.create();
    const replica = await world.replica({ accounts: accounts(mode) });
    const good = await replica.tokens.getAccessToken();
    const before = await world.row();

    expect(await report(replica, good)).toBe(good);

    expect(await countOf(replica, 'unconfirmed')).toBe(1);
    expect(await countOf(replica, 'rejected')).toBe(0);
    const { value, refreshInMs, leaseInMs, failureCount } = await world.row();
    expect(value).toBe(before.value);
    expect(leaseInMs).toBe(-Infinity);
    expect(failureCount).toBe(0);
    expect(Math.abs(refreshInMs - before.refreshInMs)).toBeLessThan(60_000);
  });

  it('of a good token in a loop writes nothing, once the platform has answered', async () => {
    await using world = await World.create();
    const replica = await world.replica({ accounts: accounts(mode) });
    const good = await replica.tokens.getAccessToken();
    await report(replica, good);
    await replica.journal.settled();
    const countAll = () => world.sql('SELECT COUNT(*) AS n FROM token_event');
    const { version } = await world.row();
    const events = await countAll();
    const { total } = world.wechat.calls;

    for (let n = 0; n < 50; n++) expect(await report(replica, good)).toBe(good);

    await replica.journal.settled();
    expect((await world.row()).version).toBe(version);
    expect(await countAll()).toEqual(events);
    expect(world.wechat.calls.total).toBe(total);
  });

  it('150 of three keys on three replicas try a token once', async () => {
    await using world = await World.create();
    const fleet = await world.fleet(3, { accounts: accounts(mode) });
    const held = await Promise.all(fleet.map((r) => r.tokens.getAccessToken()));
    const [good = ''] = held;

    const answers = await Promise.all(
      fleet.flatMap((replica) =>
        ['a', 'b', 'c'].flatMap((actor) =>
          Array.from({ length: 50 }, () => report(replica, good, actor)),
        ),
      ),
    );

    expect(new Set(answers)).toEqual(new Set([good]));
    expect(world.wechat.calls).toMatchObject({
      [mode]: mode === 'stable' ? 2 : 1,
      business: 1,
    });
  });

  it('that another system has made true is answered with the stored token, without a probe', async () => {
    await using world = await World.create();
    const [ours, other] = await world.pair({ accounts: accounts(mode) });
    const old = await ours.tokens.getAccessToken();
    world.wechat.drop();
    const renewed = await other.tokens.invalidate(old);
    const { total } = world.wechat.calls;

    expect(await report(ours, old)).toBe(renewed);

    expect(world.wechat.calls.total).toBe(total);
  });

  it('two keys that go on for a minute have a good token renewed once; one key does not', async () => {
    await using world = await World.create();
    const [ours, other] = await world.pair({ accounts: accounts(mode) });
    const good = await ours.tokens.getAccessToken();
    for (let second = 0; second < 90; second += 15) {
      expect(await report(ours, good, 'a')).toBe(good);
      await world.advance(15);
    }
    // b begins now.
    for (let second = 0; second < 60; second += 15) {
      expect(await report(other, good, 'b')).toBe(good);
      expect(await report(ours, good, 'a')).toBe(good);
      await world.advance(15);
    }
    const { business } = world.wechat.calls;

    const renewed = await report(other, good, 'b');

    expect(renewed).not.toBe(good);
    expect(world.wechat.calls.business).toBe(business);
    expect(await report(ours, good, 'a')).toBe(renewed);
    expect(await countOf(other, 'rejected')).toBe(1);
    await world.advance(15);
    expect(await report(ours, renewed, 'a')).toBe(renewed);
    expect(await report(other, renewed, 'b')).toBe(renewed);
  });

  it('a caller in the process needs no probe, and has 3 of the 10 as well', async () => {
    await using world = await World.create();
    const [ours, other] = await world.pair({ accounts: accounts(mode) });
    let held = await ours.tokens.getAccessToken();
    for (let n = 0; n < 3; n++) {
      world.wechat.dropSilently();
      held = await ours.tokens.invalidate(held);
      await ours.journal.settled();
      await world.advance(31);
    }
    expect(world.wechat.calls.business).toBe(0);
    world.wechat.dropSilently();
    const { total } = world.wechat.calls;

    await expect(ours.tokens.invalidate(held)).rejects.toMatchObject({
      code: 'TOKEN_UNAVAILABLE',
      message: expect.stringContaining('no more are for one caller'),
    });

    expect(world.wechat.calls.total).toBe(total);
    const renewed = await other.tokens.invalidate(held);
    expect(world.wechat.accepts(renewed)).toBe(true);
  });

  it('all have 10 together, on all replicas', async () => {
    await using world = await World.create();
    const fleet = await world.pair({ accounts: accounts(mode) });
    let held = await fleet[0].tokens.getAccessToken();
    let renewals = 0;
    for (const actor of ['a', 'b', 'c', 'd', 'e'])
      for (let n = 0; n < 3; n++) {
        world.wechat.dropSilently();
        const replica = fleet[n % 2] ?? fleet[0];
        const next = await report(replica, held, actor).catch(() => undefined);
        if (next !== undefined) renewals++;
        held = next ?? held;
        await replica.journal.settled();
        await world.advance(31);
      }
    expect(renewals).toBe(10);
  });
});

describe('R5 rejections in classic mode', () => {
  it('are 30 s apart, and cost one probe before', async () => {
    await using world = await World.create();
    const replica = await world.replica({ accounts: accounts('classic') });
    world.wechat.rejectAllTokens(appId, true);
    const second = await report(replica, await replica.tokens.getAccessToken());
    await replica.journal.settled();
    const before = world.wechat.calls;

    for (let n = 0; n < 10; n++)
      await expect(report(replica, second, `key-${n}`)).rejects.toMatchObject({
        code: 'TOKEN_UNAVAILABLE',
        retryAfter: expect.toSatisfy((s: number) => s > 20 && s <= 30),
      });

    const { classic, business } = world.wechat.calls;
    expect(classic).toBe(before.classic);
    expect(business - before.business).toBe(1);
    await world.advance(31);
    expect(await report(replica, second)).not.toBe(second);
  });
});

describe('R5, R9 the budgets of an appid', () => {
  const two = [DEFAULT_FAKE_ACCOUNT, { ...DEFAULT_FAKE_ACCOUNT, name: 'too' }];

  it('are shared by two names', async () => {
    await using world = await World.create();
    const replica = await world.replica({ accounts: two });
    await replica.accountCheck.check();
    const force = (name: string, actor: string) =>
      replica.refresher.refresh(name, { force: true, actor });
    await force(NAME, 'a');

    await expect(force(`${NAME}:too`, 'b')).rejects.toMatchObject({
      code: 'REFRESH_BUDGET',
      retryAfter: expect.toSatisfy((s: number) => s > 20 && s <= 30),
    });
    for (let n = 1; n < 5; n++) {
      await world.advance(31);
      await force(n % 2 ? `${NAME}:too` : NAME, 'a');
    }
    await world.advance(31);
    await expect(force(NAME, 'a')).rejects.toThrow('has spent 5');
    expect(world.wechat.calls.stableForced).toBe(5);
  });

  it('reports leave the last 5 of a day to operators', async () => {
    await using world = await World.create();
    const replica = await world.replica();
    const old = await replica.tokens.getAccessToken();
    for (let spent = 0; spent < 15; spent++)
      await replica.events.record({ name: NAME, type: 'forced', actor: 'x' });
    await world.advance(31);
    world.wechat.dropSilently();

    await expect(report(replica, old)).rejects.toMatchObject({
      code: 'REFRESH_BUDGET',
      message: expect.stringContaining('kept for operators'),
    });

    const forced = { force: true, actor: 'ops' };
    await replica.refresher.refresh(NAME, forced);
    const renewed = await replica.tokens.getAccessToken();
    expect(world.wechat.accepts(renewed)).toBe(true);
  });

  it('one who has spent its share of the forced renewals keeps nobody else from his', async () => {
    await using world = await World.create();
    const replica = await world.replica();
    const old = await replica.tokens.getAccessToken();
    for (let spent = 0; spent < 5; spent++)
      await replica.events.record({ name: NAME, type: 'forced', actor: 'a' });
    await world.advance(31);
    world.wechat.dropSilently();

    await expect(report(replica, old, 'a')).rejects.toMatchObject({
      code: 'REFRESH_BUDGET',
      message: expect.stringContaining('by another caller'),
    });

    const renewed = await report(replica, old, 'b');
    expect(world.wechat.accepts(renewed)).toBe(true);
  });
});

describe('R5 a report over HTTP of a ticket, which no harmless call can try', () => {
  const TICKET = 'jsapi_ticket';
  const options = {
    accounts: [
      { ...DEFAULT_FAKE_ACCOUNT, mode: 'classic', tickets: ['jsapi'] },
    ],
  } as const;
  const reportTicket = async (
    { waiter }: Pick<TestReplica, 'waiter'>,
    value: string,
    actor = 'billing',
  ) => (await waiter.answerReport(TICKET, value, actor)).value;
  /** A replica with a ticket whose whole life is known: nothing is left to confirm. */
  const withTicket = async (world: World) => {
    const replica = await world.replica(options);
    await replica.waiter.obtain(TICKET);
    await world.advance(7203);
    const { value } = await replica.waiter.obtain(TICKET);
    return { replica, value, before: world.wechat.calls.ticket };
  };

  it('is true when the platform gives another: that costs one call', async () => {
    await using world = await World.create();
    const { replica, value, before } = await withTicket(world);
    world.wechat.dropTicket(appId, 'jsapi');

    const answers = await Promise.all(
      ['a', 'b', 'c'].map((actor) => reportTicket(replica, value, actor)),
    );

    expect(new Set(answers).size).toBe(1);
    expect(world.wechat.acceptsTicket(answers[0] ?? '')).toBe(true);
    expect(world.wechat.calls.ticket).toBe(before + 1);
    expect(await countOf(replica, 'rejected', TICKET)).toBe(1);
  });

  it('of a good one is answered with it, and costs three calls a life, whoever goes on; then it says when the next is possible', async () => {
    await using world = await World.create();
    const { replica, value, before } = await withTicket(world);

    for (let n = 0; n < 3; n++) {
      expect(await reportTicket(replica, value)).toBe(value);
      await world.advance(60);
      await replica.rounds.tick();
    }
    expect(world.wechat.calls.ticket).toBe(before + 3);
    for (let n = 0; n < 8; n++) {
      await expect(reportTicket(replica, value)).rejects.toMatchObject({
        code: 'TOKEN_UNAVAILABLE',
        retryAfter: expect.toSatisfy((wait: number) => wait > 3600),
      });
      await world.advance(60);
      await replica.rounds.tick();
    }

    expect(world.wechat.calls.ticket).toBe(before + 3);
    // All others are served on, and their reports are heard.
    expect((await replica.waiter.obtain(TICKET)).value).toBe(value);
    world.wechat.dropTicket(appId, 'jsapi');
    const next = await reportTicket(replica, value, 'another');
    expect(world.wechat.acceptsTicket(next)).toBe(true);
  });

  it('of a good one by many costs ten calls a life, on however many replicas', async () => {
    await using world = await World.create();
    const { replica, value, before } = await withTicket(world);
    const fleet = [replica, await world.replica(options)];
    const actors = ['a', 'b', 'c', 'd', 'e'];

    for (let n = 0; n < 2; n++)
      for (const one of fleet) {
        for (const actor of actors)
          await reportTicket(one, value, actor).catch(() => undefined);
        await world.advance(15);
        await one.rounds.tick();
      }

    expect(world.wechat.calls.ticket).toBe(before + 10);
    expect(await world.row(TICKET)).toMatchObject({ value, leaseOwner: null });
  });
});
