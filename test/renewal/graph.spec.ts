import {
  DEFAULT_FAKE_ACCOUNT,
  DEFAULT_FAKE_WECOM_ACCOUNT,
  fakeAppId,
} from '../../src/testing/index.js';
import type {
  Account,
  IssueRequest,
  SourceAnswer,
  TokenSource,
} from '../../src/wechat-token/index.js';
import { tokenName } from '../../src/wechat-token/common/token-name.js';
import { World } from '../support/world.js';

const { appId } = DEFAULT_FAKE_ACCOUNT;
const DUE = { kind: 'due' } as const;
const NORMAL = { kind: 'normal' } as const;

/** A third level: made from the ticket, without a call. */
class Signatures implements TokenSource {
  readonly id = 'signature';
  readonly kind = 'signature';
  readonly platform = { name: 'nobody', baseUrl: 'http://127.0.0.1' };
  readonly errcodes = new Map();
  readonly repeatedCall = 'rotates';
  readonly canForce = false;
  readonly mayCallInParallel = false;
  readonly isEarlyCallHarmless = false;
  readonly marginSeconds = 600;
  readonly rejectionHealedBy = 'call';

  serves(): boolean {
    return true;
  }

  needs({ name }: Account): string[] {
    return [tokenName('jsapi_ticket', name)];
  }

  async issue({ account, tokens }: IssueRequest): Promise<SourceAnswer> {
    const ticket = await tokens.get(tokenName('jsapi_ticket', account.name));
    return { value: `signed:${ticket}`, expiresIn: 3600 };
  }
}

const GRAPH = {
  accounts: [{ ...DEFAULT_FAKE_ACCOUNT, tickets: ['jsapi'] as const }],
  sources: [new Signatures()],
};

describe('the graph of tokens', () => {
  it('a leaf that is renewed gets all that it is made from valid first', async () => {
    await using world = await World.create();
    const { waiter } = await world.replica(GRAPH);

    const leaf = await waiter.obtain('signature');

    const ticket = await world.row('jsapi_ticket');
    expect(leaf.value).toBe(`signed:${ticket.value}`);
    expect(world.wechat.accepts((await world.row()).value ?? '')).toBe(true);
    expect(world.wechat.calls).toMatchObject({
      total: 2,
      stable: 1,
      ticket: 1,
    });
  });

  it('several replicas that start at once make each level once', async () => {
    await using world = await World.create();
    world.wechat.inject('any', { delayMs: 200 }, { times: 2 });
    const fleet = await Promise.all(
      Array.from({ length: 4 }, () => world.replica(GRAPH)),
    );

    const leaves = await Promise.all(
      fleet.map(({ waiter }) => waiter.obtain('signature')),
    );

    expect(new Set(leaves.map(({ value }) => value)).size).toBe(1);
    expect(world.wechat.calls).toMatchObject({
      total: 2,
      stable: 1,
      ticket: 1,
    });
  });

  it('after everything has expired, all levels are renewed again', async () => {
    await using world = await World.create();
    const { waiter, accountCheck } = await world.replica(GRAPH);
    const old = await waiter.obtain('signature');
    await world.advance(7300);

    const renewed = await waiter.obtain('signature');

    expect(renewed.value).not.toBe(old.value);
    expect(world.wechat.calls).toMatchObject({ stable: 2, ticket: 2 });
    // A start afterwards finds all of them valid.
    await accountCheck.check();
    expect(world.wechat.calls).toMatchObject({ stable: 2, ticket: 2 });
  });

  it('when the platform refuses the input, the input is renewed once, and then the leaf', async () => {
    await using world = await World.create();
    const { renewer, waiter } = await world.replica(GRAPH);
    await waiter.obtain('jsapi_ticket');
    await world.advance(10);
    world.wechat.drop();

    await renewer.renew('jsapi_ticket', NORMAL);

    expect(world.wechat.calls).toMatchObject({ stable: 2, ticket: 3 });
    expect(await world.row('jsapi_ticket')).toMatchObject({
      failureCount: 0,
      leaseOwner: null,
    });
    expect(world.wechat.accepts((await world.row()).value ?? '')).toBe(true);
  });

  it('when the input was renewed by another replica meanwhile, it is adopted', async () => {
    await using world = await World.create();
    const [ours, other] = await world.pair(GRAPH);
    await ours.waiter.obtain('signature');
    await other.waiter.obtain('signature');
    await other.refresher.refresh('access_token', { force: true });

    await ours.renewer.renew('jsapi_ticket', NORMAL);

    expect(world.wechat.calls).toMatchObject({ stable: 2, stableForced: 1 });
  });

  it('when every input is refused, the leaf backs off, and its caller gets a clear error', async () => {
    await using world = await World.create();
    const { renewer, waiter, rounds } = await world.replica({
      ...GRAPH,
      refresh: { confirmSeconds: 0 },
    });
    await waiter.obtain('jsapi_ticket');
    await world.advance(10);
    const before = await world.row('jsapi_ticket');
    world.wechat.rejectAllTokens(appId, true);

    await expect(renewer.renew('jsapi_ticket', NORMAL)).rejects.toMatchObject({
      code: 'TOKEN_UNAVAILABLE',
      retryAfter: expect.any(Number),
    });
    expect(await world.row('jsapi_ticket')).toMatchObject({
      value: before.value,
      leaseOwner: null,
    });

    await world.advance(7000);
    const { ticket, stable } = world.wechat.calls;
    for (let elapsed = 0; elapsed < 3600; elapsed += 5) {
      await world.advance(5);
      await rounds.tick();
    }
    expect(world.wechat.calls.ticket - ticket).toBeLessThanOrEqual(75);
    expect(world.wechat.calls.stable - stable).toBeLessThanOrEqual(30);

    world.wechat.rejectAllTokens(appId, false);
    await world.advance(90);
    await rounds.tick();
    await renewer.renew('jsapi_ticket', DUE);
    expect((await world.row('jsapi_ticket')).expiresInMs).toBeGreaterThan(0);
  });

  it('when the input cannot be had, the leaf costs no call', async () => {
    await using world = await World.create();
    world.wechat.inject('stable', { errcode: 40125 }, { times: Infinity });
    const { waiter, rounds } = await world.replica(GRAPH);

    await expect(waiter.obtain('signature')).rejects.toMatchObject({
      code: 'TOKEN_UNAVAILABLE',
    });
    for (let tick = 0; tick < 20; tick++) {
      await world.advance(60);
      await rounds.tick();
    }

    // The first call, and the probes after 1 and 5 minutes.
    expect(world.wechat.calls).toMatchObject({ total: 3, stable: 3 });
  });
});

const CRM = DEFAULT_FAKE_WECOM_ACCOUNT;
/** The same of both platforms: an account, its ticket, and how the platform counts the calls for them. */
const TICKETS = [
  {
    of: 'WeChat',
    accounts: [{ ...DEFAULT_FAKE_ACCOUNT, tickets: ['jsapi'] as const }],
    name: 'jsapi_ticket',
    appId,
    type: 'jsapi',
    tokenCall: 'stable',
    ticketCall: 'ticket',
  },
  {
    of: 'WeCom',
    accounts: [{ kind: 'wecom', ...CRM, tickets: ['corp'] as const } as const],
    name: 'corp_ticket',
    appId: fakeAppId(CRM),
    type: 'corp',
    tokenCall: 'wecomToken',
    ticketCall: 'wecomTicket',
  },
] as const;

describe.each(TICKETS)(
  'a ticket of $of and its access token',
  ({ accounts, name, tokenCall, ticketCall, ...fake }) => {
    it('an access token that is dropped while the ticket is due costs one token and one ticket', async () => {
      await using world = await World.create({
        wechat: { accounts: [DEFAULT_FAKE_ACCOUNT, CRM] },
      });
      const { wechat } = world;
      const { rounds, waiter, tokens } = await world.replica({
        accounts,
        refresh: { confirmSeconds: 0 },
      });
      await waiter.obtain(name);
      await world.advance(3600);
      wechat.drop();
      // Good for an hour more than the ticket.
      await tokens.invalidate(await tokens.getAccessToken());
      await world.advance(3590);
      wechat.drop();
      wechat.dropTicket(fake.appId, fake.type);
      const before = { ...wechat.calls, refused: wechat.refused };
      const issued = wechat.issued();

      await rounds.tick();

      expect(wechat.issued()).toBe(issued + 1);
      expect(wechat.ticketsIssued()).toBe(2);
      expect(wechat.calls).toMatchObject({
        [tokenCall]: before[tokenCall] + 1,
        // The one that was refused for its token, and the next.
        [ticketCall]: before[ticketCall] + 2,
      });
      expect(wechat.refused).toBe(before.refused + 1);
      const { value } = await waiter.obtain(name);
      expect(value).toBe(wechat.currentTicket(fake.appId, fake.type));
      expect(await world.row(name)).toMatchObject({ value, failureCount: 0 });
    });
  },
);

it('R14: more due tickets than a batch, whose access tokens cannot be had, end a round, and are left for half a minute', async () => {
  const accounts = Array.from({ length: 7 }, (_, place) => ({
    name: `a${place}`,
    appId: `wx_${place}`,
    appSecret: `secret-of-wx-${place}`,
  }));
  await using world = await World.create({ wechat: { accounts } });
  world.wechat.inject('stable', { errcode: 40164 }, { times: Infinity });
  const { rounds, accountCheck } = await world.replica({
    accounts: accounts.map((account) => ({ ...account, tickets: ['jsapi'] })),
    refresh: { batchSize: 2, concurrency: 1 },
  });
  await accountCheck.check();
  await world.advance(31);

  await rounds.tick();

  expect(world.wechat.calls.ticket).toBe(0);
  for (const { name } of accounts) {
    const row = await world.row(`jsapi_ticket:${name}`);
    expect(row).toMatchObject({ leaseOwner: null });
    expect(row.nextInMs).toBeGreaterThan(15_000);
  }
});
