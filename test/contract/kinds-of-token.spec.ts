import { DEFAULT_FAKE_WECOM_ACCOUNT } from '../../src/testing/index.js';
import { everyDatabase } from '../support/every-database.js';
import { KINDS_OF_TOKEN, PLATFORM } from '../support/kinds-of-token.js';
import { live } from '../support/live.js';
import { watchStatements } from '../support/many-accounts.js';
import { World } from '../support/world.js';

/** One process is all replicas and the platform: on a busy machine an answer takes long. */
const PATIENT = { api: { timeoutMs: 20_000 }, refresh: { leaseSeconds: 60 } };

/** What engine.spec.ts says of access tokens, of the other kinds. */
describe.each(everyDatabase())('kinds of token on $title', (database) => {
  let world: World;
  beforeEach(async () => {
    world = await World.on(database, { wechat: PLATFORM });
  });
  afterEach(async () => {
    await world[Symbol.asyncDispose]();
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

    const free = await costOf('access_token');
    for (const ticket of ['corp_ticket', 'agent_ticket'])
      expect(await costOf(ticket)).toEqual({
        total: free.total + 2,
        read: free.read + 1,
        counted: free.counted + 1,
      });
  });
});
