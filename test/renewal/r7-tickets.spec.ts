import {
  DEFAULT_FAKE_ACCOUNT,
  DEFAULT_FAKE_WECOM_ACCOUNT,
  fakeAppId,
} from '../../src/testing/index.js';
import type { FakeWechatOptions } from '../../src/testing/index.js';
import { TokenProvider } from '../../src/wechat-token/index.js';
import { live } from '../support/live.js';
import {
  type ReplicaOptions,
  type TestReplica,
  World,
} from '../support/world.js';

const { appId } = DEFAULT_FAKE_ACCOUNT;
const HOUR = 3600;
const LIFE = 7200;
const TICKET = 'jsapi_ticket';
/** The access token costs one call a life, and none to confirm it. */
const CLASSIC = { ...DEFAULT_FAKE_ACCOUNT, mode: 'classic' } as const;
const JSAPI = {
  accounts: [{ ...CLASSIC, tickets: ['jsapi'] }],
} satisfies ReplicaOptions;
const UNCONFIRMED = { ...JSAPI, refresh: { confirmSeconds: 0 } };

/** What of a value's life has been said so far: it may shrink, and grow only by minutes once it is over. */
class Ends {
  readonly values = new Set<string>();
  private readonly ends = new Map<string, number>();

  constructor(private readonly world: World) {}

  async get({ waiter }: TestReplica, name = TICKET): Promise<string> {
    const { value, expiresAt } = await waiter.obtain(name);
    const now = this.world.clock.now();
    this.values.add(value);
    const known = this.ends.get(value) ?? expiresAt;
    // A row is read a moment after the database has taken the time.
    expect(expiresAt).toBeLessThan(Math.max(known, now + 300_000) + 1000);
    expect(expiresAt).toBeGreaterThan(now);
    this.ends.set(value, Math.min(known, expiresAt));
    return value;
  }
}

/** It is the platform's current one, or is asked for within seconds. */
async function expectCurrent(world: World, value: string, name = TICKET) {
  const { wechat } = world;
  if (wechat.acceptsTicket(value) || wechat.accepts(value)) return;
  expect((await world.row(name)).nextInMs).toBeLessThan(5000);
}

const ticketCalls = ({ wechat }: World) => wechat.calls.ticket;

describe('R7 a ticket, whose every answer says two hours', () => {
  it('over a day is the current one; jsapi and wx_card together cost less than 100 calls', async () => {
    await using world = await World.create();
    const replica = await world.replica({
      accounts: [{ ...CLASSIC, tickets: ['jsapi', 'wx_card'] }],
    });
    const names = [TICKET, 'wx_card_ticket'];
    const ends = new Ends(world);
    for (const name of names) await ends.get(replica, name);

    await live(world, [replica], 24 * HOUR - 600, async () => {
      for (const name of names)
        await expectCurrent(world, await ends.get(replica, name), name);
    });

    expect(ends.values).toEqual(new Set(world.wechat.issuedTickets));
    expect(world.wechat.ticketsIssued()).toBe(2 * 12);
    expect(ticketCalls(world)).toBeLessThan(100);
    for (const name of names)
      expect(await world.row(name)).toMatchObject({ failureCount: 0 });
  });

  it('of a first life is confirmed every 10 minutes; of a life that is known costs three calls', async () => {
    await using world = await World.create();
    const replica = await world.replica(JSAPI);
    const ends = new Ends(world);
    const calls: number[] = [];
    await ends.get(replica);

    await live(world, [replica], 4 * LIFE + 600, async () => {
      await expectCurrent(world, await ends.get(replica));
      calls[ends.values.size - 1] = ticketCalls(world);
    });

    const [first = 0, ...later] = calls;
    // The fetch, the confirmations until the margin; then at the margin, and when it stops being servable.
    expect(first).toBeGreaterThanOrEqual(1 + 11);
    expect(first).toBeLessThanOrEqual(1 + 11 + 2);
    expect(later).toHaveLength(4);
    const costs = later.map((count, i) => count - (calls[i] ?? 0));
    // The last life has just begun. A machine that is held up for seconds may leave one out.
    for (const cost of costs.slice(0, -1)) {
      expect(cost).toBeGreaterThanOrEqual(2);
      expect(cost).toBeLessThanOrEqual(3);
    }
    expect(world.wechat.calls.classic).toBeLessThanOrEqual(5);
  });

  it('that is old when it is first fetched is right again within a confirmation of its end', async () => {
    await using world = await World.create();
    const old = world.wechat.otherSystemFetchesTicket(appId, 'jsapi');
    await world.advance(1.5 * HOUR);
    const replica = await world.replica(JSAPI);
    const ends = new Ends(world);
    expect(await ends.get(replica)).toBe(old);

    // It ends in half an hour.
    await live(world, [replica], HOUR / 2 + 601);
    expect(world.wechat.acceptsTicket(await ends.get(replica))).toBe(true);
    await live(world, [replica], HOUR / 2 - 601);
    expect(world.wechat.acceptsTicket(await ends.get(replica))).toBe(true);

    expect(ends.values.size).toBe(2);
    // One of them costs no more: its whole life is known.
    expect(ticketCalls(world)).toBeLessThanOrEqual(1 + 4);
    const before = ticketCalls(world);
    await live(world, [replica], HOUR);
    expect(ticketCalls(world)).toBe(before);
  });

  it('that the platform gives on after its end is served on, for minutes at a time, and asked for at a bounded rate', async () => {
    await using world = await World.create();
    const replica = await world.replica(UNCONFIRMED);
    const ends = new Ends(world);
    const ticket = await ends.get(replica);
    const body = JSON.stringify({ errcode: 0, ticket, expires_in: LIFE });
    const same = world.wechat.inject('ticket', { body }, { times: Infinity });

    await live(world, [replica], LIFE);
    const before = ticketCalls(world);
    await live(world, [replica], 2 * HOUR, async () => {
      expect(await ends.get(replica)).toBe(ticket);
      const { expiresInMs } = await world.row(TICKET);
      expect(expiresInMs).toBeLessThanOrEqual(300_000);
    });
    // One in about five minutes.
    expect(ticketCalls(world) - before).toBeLessThanOrEqual(26);
    expect(ticketCalls(world) - before).toBeGreaterThan(10);

    same.remove();
    await live(world, [replica], 301);
    const next = await ends.get(replica);
    expect(world.wechat.acceptsTicket(next)).toBe(true);
    const { expiresInMs } = await world.row(TICKET);
    expect(expiresInMs).toBeGreaterThan((LIFE - 400) * 1000);
  });

  it('without confirmations costs three calls a life at most', async () => {
    await using world = await World.create();
    const replica = await world.replica(UNCONFIRMED);
    const ends = new Ends(world);
    await ends.get(replica);

    await live(world, [replica], 3 * LIFE + 600, async () => {
      await expectCurrent(world, await ends.get(replica));
    });

    expect(ends.values.size).toBe(4);
    expect(ticketCalls(world)).toBeLessThanOrEqual(1 + 3 * 3);
  });

  it('keeps its end, and the times at which it is asked for, through restarts', async () => {
    await using world = await World.create();
    let replica = await world.replica(JSAPI);
    const ends = new Ends(world);
    const ticket = await ends.get(replica);
    const { expiresInMs: whole } = await world.row(TICKET);
    for (let hour = 0; hour < 6; hour++) {
      await live(world, [replica], 950);
      await replica.close();
      replica = await world.replica(JSAPI);
      await replica.accountCheck.check();
      expect(await ends.get(replica)).toBe(ticket);
    }

    const { expiresInMs } = await world.row(TICKET);
    expect(expiresInMs).toBeLessThanOrEqual(whole - 5700 * 1000);
    // A start makes no call, and the confirmations go on.
    expect(ticketCalls(world)).toBe(1 + 9);
    expect(world.wechat.calls.classic).toBe(1);
  });

  it('does not grow older than it is without the database, nor when it is written late', async () => {
    await using world = await World.create();
    const replica = await world.replica({
      accounts: [{ ...DEFAULT_FAKE_ACCOUNT, tickets: ['jsapi'] }],
      refresh: { confirmSeconds: 0 },
    });
    const ends = new Ends(world);
    const ticket = await ends.get(replica);
    const provider = replica.module.get(TokenProvider);
    /** A read begins a renewal in the background, where the ticket is due. */
    const renewedInBackground = async () => {
      await provider.getToken(TICKET);
      await vi.waitFor(async () => {
        const { refreshAt } = await replica.waiter.obtain(TICKET);
        expect(refreshAt).toBeGreaterThan(world.clock.now());
      });
    };
    await world.advance(6930);
    await replica.dataSource.destroy();

    await renewedInBackground();
    expect(ticketCalls(world)).toBe(2);
    expect(await ends.get(replica)).toBe(ticket);
    await world.advance(60);
    await replica.dataSource.initialize();
    await replica.rounds.tick();
    expect(await ends.get(replica)).toBe(ticket);
    const { value, expiresInMs } = await world.row(TICKET);
    expect(value).toBe(ticket);
    expect(expiresInMs).toBeLessThanOrEqual((LIFE - 6990) * 1000);
    await replica.dataSource.destroy();

    // Not servable any more, and given again; then another.
    await world.advance(LIFE - 6990 - 5);
    await ends.get(replica);
    await world.advance(8);
    await renewedInBackground();
    const next = await ends.get(replica);
    expect(world.wechat.acceptsTicket(next)).toBe(true);
    expect(ticketCalls(world)).toBeLessThanOrEqual(6);
    await replica.dataSource.initialize();
    await replica.rounds.tick();
    expect(await world.row(TICKET)).toMatchObject({ value: next });
  });
});

describe.each(['full', 'rest'] as const)(
  'R7 the access token of a WeCom application, when a repeated call gives the %s of its life',
  (wecomRepeatedLife) => {
    const application = DEFAULT_FAKE_WECOM_ACCOUNT;
    const corp = fakeAppId(application);
    const accounts = [{ kind: 'wecom', ...application } as const];
    const wechat: FakeWechatOptions = {
      accounts: [application],
      wecomRepeatedLife,
    };

    it('is accepted through four lives, and its end never grows', async () => {
      // An answer of the rest is rounded down: the last seconds are asked for once more, or twice.
      const calls = wecomRepeatedLife === 'rest' ? 5 : 3;
      await using world = await World.create({ wechat });
      const replica = await world.replica({ accounts });
      const ends = new Ends(world);
      await ends.get(replica, 'access_token');

      await live(world, [replica], 4 * LIFE - 600, async () => {
        const token = await ends.get(replica, 'access_token');
        await expectCurrent(world, token, 'access_token');
      });

      expect(ends.values).toEqual(new Set(world.wechat.issuedTokens));
      expect(ends.values.size).toBe(4);
      expect(world.wechat.calls.wecomToken).toBeLessThanOrEqual(11 + 4 * calls);
      expect(world.wechat.calls.total).toBe(world.wechat.calls.wecomToken);
    });

    it('that is old when it is first fetched is right again within a confirmation of its end', async () => {
      await using world = await World.create({ wechat });
      const old = world.wechat.otherSystemFetches(corp, 'wecom');
      await world.advance(1.5 * HOUR);
      const replica = await world.replica({ accounts });
      const ends = new Ends(world);
      expect(await ends.get(replica, 'access_token')).toBe(old);

      // It ends in half an hour, which the rest of its life says.
      const confirmed = wecomRepeatedLife === 'rest' ? 10 : 601;
      await live(world, [replica], HOUR / 2 + confirmed);
      const token = await ends.get(replica, 'access_token');
      expect(world.wechat.accepts(token)).toBe(true);
      expect(ends.values.size).toBe(2);
    });
  },
);
