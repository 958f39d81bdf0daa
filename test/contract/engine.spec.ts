import {
  DEFAULT_FAKE_ACCOUNT,
  DEFAULT_FAKE_WECOM_ACCOUNT,
  type Fault,
} from '../../src/testing/index.js';
import {
  isRefreshBudgetError,
  isTokenUnavailableError,
} from '../../src/wechat-token/index.js';
import { everyDatabase } from '../support/every-database.js';
import { KINDS_OF_TOKEN, PLATFORM } from '../support/kinds-of-token.js';
import { live } from '../support/live.js';
import { watchStatements } from '../support/many-accounts.js';
import { renewed } from '../support/open-store.js';
import { World } from '../support/world.js';

const NAME = 'access_token';
const LIFETIMES = 10;
const MODES = ['stable', 'classic'] as const;
const of = (mode: (typeof MODES)[number]) => ({
  accounts: [{ ...DEFAULT_FAKE_ACCOUNT, mode }],
});

/** One process is all replicas and the platform: on a busy machine an answer takes long. */
const PATIENT = { api: { timeoutMs: 20_000 }, refresh: { leaseSeconds: 60 } };

/** The rules that stand or fall with the database's locks and clock; all of them are in test/engine, on SQLite. */
describe.each(everyDatabase())('the engine on $title', (database) => {
  let world: World;
  beforeEach(async () => {
    world = await World.on(database, { wechat: PLATFORM });
  });
  afterEach(async () => {
    await world[Symbol.asyncDispose]();
  });

  it('R4: 8 replicas that start at once without a token make one call', async () => {
    world.wechat.inject('classic', { delayMs: 300 });
    const fleet = await Promise.all(
      Array.from({ length: 8 }, () => world.replica(of('classic'))),
    );

    const got = await Promise.all(
      fleet.flatMap(({ tokens }) =>
        Array.from({ length: 20 }, () => tokens.getAccessToken()),
      ),
    );

    expect(new Set(got)).toEqual(new Set(world.wechat.issuedTokens));
    expect(world.wechat.calls.total).toBe(1);
  });

  it('R4: a write that comes after the lease was taken over loses', async () => {
    const store = await world.store();
    await store.insertMissing([{ name: NAME, remark: '' }]);
    const claim = async (owner: string) => {
      const lease = await store.claim(await world.row(), owner, 30_000);
      if (!lease) throw new Error(`${owner} could not claim it`);
      return lease;
    };
    const late = await claim('the late');
    await world.advance(31);
    const lease = await claim('the heir');

    expect(await store.storeRenewed(late, renewed('early'))).toBe(false);
    expect(await store.storeRenewed(lease, renewed('newer'))).toBe(true);
    expect(await store.storeRenewed(late, renewed('late'))).toBe(false);
    expect(await store.release(late)).toBe(false);

    expect(await world.row()).toMatchObject({
      value: 'newer',
      leaseOwner: null,
    });
  });

  it.each(MODES)(
    'R5: 400 reports of a dropped token on 4 replicas make one new token (%s)',
    async (mode) => {
      const fleet = await world.fleet(4, of(mode));
      const held = await Promise.all(
        fleet.map(({ tokens }) => tokens.getAccessToken()),
      );
      const [old = ''] = held;
      expect(new Set(held)).toEqual(new Set([old]));
      world.wechat.drop();

      const answers = await Promise.all(
        fleet.flatMap(({ tokens }) =>
          Array.from({ length: 100 }, () => tokens.invalidate(old)),
        ),
      );

      const [, renewedToken] = world.wechat.issuedTokens;
      expect(new Set(answers)).toEqual(new Set([renewedToken]));
      expect(world.wechat.issued()).toBe(2);
      expect(world.wechat.calls.total).toBe(2);
    },
  );

  it('R6: a failed renewal leaves the stored token as it was', async () => {
    const { tokens, refresher } = await world.replica();
    const held = await tokens.getAccessToken();
    const stored = () =>
      world.sql(
        'SELECT value, source, issued_at, refresh_at, expires_at, credential_id FROM system_var',
      );
    const faults: Fault[] = [
      { status: 500 },
      { body: '{}' },
      { reset: true },
      { errcode: 45009 },
    ];
    for (const [count, fault] of faults.entries()) {
      // An operator is told of the last answer for as long.
      await world.advance(10);
      const before = await stored();
      const lasting = world.wechat.inject('stable', fault, { times: Infinity });
      await expect(refresher.refresh(NAME)).rejects.toSatisfy(
        isTokenUnavailableError,
      );
      lasting.remove();
      expect(await stored()).toEqual(before);
      expect(await world.row()).toMatchObject({
        failureCount: count + 1,
        leaseOwner: null,
      });
    }
    expect(await tokens.getAccessToken()).toBe(held);
  });

  it.each(MODES)(
    'R7: through ten lifetimes every token is accepted, and each costs one issue (%s)',
    async (mode) => {
      const { wechat } = world;
      const pair = await world.pair({
        ...of(mode),
        refresh: { confirmSeconds: 0 },
      });
      // Such that both modes have a step between the due time and the end.
      const stepSeconds = 290;
      const margin = mode === 'stable' ? 300 : 600;
      let elapsed = 0;
      while (wechat.issued() <= LIFETIMES) {
        for (const { tokens } of pair)
          expect(wechat.accepts(await tokens.getAccessToken())).toBe(true);
        await world.advance(stepSeconds);
        elapsed += stepSeconds;
        for (const { rounds, poller } of pair) {
          await rounds.tick();
          await poller.poll();
        }
        expect(elapsed).toBeLessThan((LIFETIMES + 1) * 7200);
      }

      expect(elapsed).toBeGreaterThan(LIFETIMES * (7200 - margin));
      expect(elapsed).toBeLessThan(LIFETIMES * 7200);
      expect(wechat.calls.total).toBe(LIFETIMES + 1);
    },
  );

  it('R9: of 15 forced renewals at once on 3 replicas one reaches the platform', async () => {
    const fleet = await world.fleet(3);
    for (const { tokens } of fleet) await tokens.getAccessToken();

    const results = await Promise.allSettled(
      fleet.flatMap(({ refresher }) =>
        Array.from({ length: 5 }, () =>
          refresher.refresh(NAME, { force: true, actor: 'somebody' }),
        ),
      ),
    );

    const errors = results.flatMap((result): unknown[] =>
      result.status === 'rejected' ? [result.reason] : [],
    );
    expect(errors).toHaveLength(14);
    for (const error of errors) expect(error).toSatisfy(isRefreshBudgetError);
    expect(world.wechat.calls.stableForced).toBe(1);
    expect(world.wechat.issued()).toBe(2);
  });

  it('R12: a restart with a valid token makes no call', async () => {
    const first = await world.replica();
    const token = await first.tokens.getAccessToken();
    await first.close();
    await world.advance(600);

    const { tokens, accountCheck } = await world.replica();
    await accountCheck.check();

    expect(await tokens.getAccessToken()).toBe(token);
    expect(world.wechat.calls.total).toBe(1);
  });

  describe.each(KINDS_OF_TOKEN)(
    '$title',
    ({ accounts, name, call, inputCall, accepts, issued }) => {
      it('R4: 400 callers of a cold one on 4 replicas make one call, and one for what it is made from', async () => {
        world.wechat.inject('any', { delayMs: 300 }, { times: 2 });
        const fleet = await Promise.all(
          Array.from({ length: 4 }, () =>
            world.replica({ accounts, ...PATIENT }),
          ),
        );

        const got = await Promise.all(
          fleet.flatMap(({ waiter }) =>
            Array.from({ length: 100 }, () =>
              waiter.obtain(name, { timeoutMs: 120_000 }),
            ),
          ),
        );

        const values = [...new Set(got.map(({ value }) => value))];
        expect(values).toHaveLength(1);
        expect(accepts(world.wechat, values[0] ?? '')).toBe(true);
        expect(world.wechat.calls).toMatchObject({
          total: inputCall ? 2 : 1,
          [call]: 1,
          ...(inputCall && { [inputCall]: 1 }),
        });
      });

      it('R7: through three lifetimes is the current one on both replicas, and its end never grows; R12: a restart makes no call', async () => {
        const pair = await world.pair({
          accounts,
          refresh: { confirmSeconds: 0 },
        });
        const ends = new Map<string, number>();
        await live(world, pair, 3 * 7200 - 600, async () => {
          for (const { waiter } of pair) {
            const { value, expiresAt } = await waiter.obtain(name);
            const now = world.clock.now();
            const known = ends.get(value) ?? expiresAt;
            const borrowed = Math.max(known, now + 300_000);
            expect(expiresAt).toBeLessThan(borrowed + 1000);
            ends.set(value, Math.min(known, expiresAt));
            if (!accepts(world.wechat, value))
              expect((await world.row(name)).nextInMs).toBeLessThan(5000);
          }
        });

        expect(ends.size).toBe(3);
        expect(issued(world.wechat)).toBe(3);
        // At the margin, when it stops being servable, and once its end has passed; once more where its access token ends with it.
        expect(world.wechat.calls[call]).toBeLessThanOrEqual(1 + 2 * 4);
        const { total } = world.wechat.calls;
        const { waiter, accountCheck } = await world.replica({ accounts });
        await accountCheck.check();
        expect(ends.has((await waiter.obtain(name)).value)).toBe(true);
        expect(world.wechat.calls.total).toBe(total);
      });
    },
  );

  it('a limit of calls costs each renewal two statements more: what was spent is read, and one more is counted', async () => {
    const replica = await world.replica({
      accounts: [
        {
          kind: 'wecom',
          ...DEFAULT_FAKE_WECOM_ACCOUNT,
          tickets: ['corp', 'agent'],
        },
      ],
    });
    await replica.accountCheck.check();
    const costOf = async (name: string) => {
      // An operator is told of the last answer for as long.
      await world.advance(20);
      await replica.journal.settled();
      const statements = watchStatements(replica);
      await replica.renewer.renew(name, { kind: 'normal' });
      await replica.journal.settled();
      const cost = {
        total: statements.total(),
        read: statements.count('recentEvents'),
        counted: statements.count('recordEvents'),
      };
      vi.restoreAllMocks();
      return cost;
    };

    const free = await costOf(NAME);
    for (const ticket of ['corp_ticket', 'agent_ticket'])
      expect(await costOf(ticket)).toEqual({
        total: free.total + 2,
        read: free.read + 1,
        counted: free.counted + 1,
      });
  });
});
