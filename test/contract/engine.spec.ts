import { DEFAULT_FAKE_ACCOUNT, type Fault } from '../../src/testing/index.js';
import {
  isRefreshBudgetError,
  isTokenUnavailableError,
} from '../../src/wechat-token/index.js';
import { byDepth } from '../support/depth.js';
import { everyDatabase } from '../support/every-database.js';
import { PLATFORM } from '../support/kinds-of-token.js';
import { renewed } from '../support/open-store.js';
import { World } from '../support/world.js';

const NAME = 'access_token';
const LIFETIMES = byDepth({ short: 3, full: 10 });
const MODES = ['stable', 'classic'] as const;
const of = (mode: (typeof MODES)[number]) => ({
  accounts: [{ ...DEFAULT_FAKE_ACCOUNT, mode }],
});

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
    'R7: through several lifetimes every token is accepted, and each costs one issue (%s)',
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
});
