import { DEFAULT_FAKE_ACCOUNT } from '../../src/testing/index.js';
import { isRefreshBudgetError } from '../../src/wechat-token/index.js';
import { World } from '../support/world.js';

const NAME = 'access_token';
const CLASSIC = {
  accounts: [{ ...DEFAULT_FAKE_ACCOUNT, mode: 'classic' }],
} as const;
const isSoon = (seconds: number) => seconds > 20 && seconds <= 30;
const FORCE = { force: true, actor: 'somebody' };

describe('R9 force is scarce', () => {
  it('ends the current token at once', async () => {
    await using world = await World.create();
    const { tokens, refresher } = await world.replica();
    const old = await tokens.getAccessToken();

    const outcome = await refresher.refresh(NAME, FORCE);

    const renewed = await tokens.getAccessToken();
    expect(outcome).toMatchObject({ outcome: 'refreshed', name: NAME });
    expect(renewed).not.toBe(old);
    expect(world.wechat.accepts(renewed)).toBe(true);
    expect(world.wechat.accepts(old)).toBe(false);
    expect(
      await world.sql(
        `SELECT actor FROM token_event WHERE type = 'forced' AND name = '${NAME}'`,
      ),
    ).toEqual([{ actor: 'somebody' }]);
  });

  it('of 15 at once on 3 replicas one reaches the platform, the others get an error that says when the next is possible', async () => {
    await using world = await World.create();
    const fleet = await world.fleet(3);
    for (const { tokens } of fleet) await tokens.getAccessToken();

    const results = await Promise.allSettled(
      fleet.flatMap(({ refresher }) =>
        Array.from({ length: 5 }, () => refresher.refresh(NAME, FORCE)),
      ),
    );

    const errors = results.flatMap((result): unknown[] =>
      result.status === 'rejected' ? [result.reason] : [],
    );
    expect(errors).toHaveLength(14);
    for (const error of errors) {
      expect(error).toSatisfy(isRefreshBudgetError);
      expect(error).toHaveProperty('retryAfter', expect.toSatisfy(isSoon));
    }
    expect(world.wechat.calls.stableForced).toBe(1);
    expect(await world.row()).toMatchObject({ failureCount: 0 });
  });

  it('is possible again 30 s later, and 20 times a day', async () => {
    await using world = await World.create();
    const { tokens, refresher, events } = await world.replica();
    await tokens.getAccessToken();
    await refresher.refresh(NAME, FORCE);
    await world.advance(31);
    await refresher.refresh(NAME, FORCE);
    expect(world.wechat.calls.stableForced).toBe(2);

    for (let spent = 2; spent < 20; spent++)
      await events.record({ name: NAME, type: 'forced', actor: 'others' });
    await world.advance(31);
    await expect(refresher.refresh(NAME, FORCE)).rejects.toMatchObject({
      code: 'REFRESH_BUDGET',
      message: expect.stringContaining('20 times today'),
    });

    expect(world.wechat.calls.stableForced).toBe(2);
  });

  it('counts the 30 s from the answer', async () => {
    await using world = await World.create();
    const { tokens, refresher, journal } = await world.replica();
    await tokens.getAccessToken();
    world.wechat.inject('stable', { delayMs: 300 });
    const slow = refresher.refresh(NAME, FORCE);
    await vi.waitFor(() => expect(world.wechat.calls.stableForced).toBe(1));
    await world.advance(10);
    await slow;
    await journal.settled();

    await world.advance(25);
    await expect(refresher.refresh(NAME, FORCE)).rejects.toMatchObject({
      code: 'REFRESH_BUDGET',
      retryAfter: expect.toSatisfy((seconds: number) => seconds <= 5),
    });
    await world.advance(6);
    await refresher.refresh(NAME, FORCE);
    expect(world.wechat.calls.stableForced).toBe(2);
  });

  it('a refusal leaves the token, its back-off and its lease as they were', async () => {
    await using world = await World.create();
    const { tokens, refresher } = await world.replica();
    await tokens.getAccessToken();
    await refresher.refresh(NAME, FORCE);
    const before = await world.row();

    await expect(refresher.refresh(NAME, FORCE)).rejects.toSatisfy(
      isRefreshBudgetError,
    );

    const { value, failureCount, nextAttemptInMs, leaseOwner } = before;
    expect(await world.row()).toMatchObject({
      value,
      failureCount,
      nextAttemptInMs,
      leaseOwner,
    });
  });
});

describe('R9 an operator without force asks in normal mode', () => {
  it('stable: in normal mode, which gives the same token back', async () => {
    await using world = await World.create();
    const { tokens, refresher } = await world.replica();
    const token = await tokens.getAccessToken();
    await world.advance(10);

    expect(await refresher.refresh(NAME)).toMatchObject({
      outcome: 'unchanged',
    });

    expect(await tokens.getAccessToken()).toBe(token);
    expect(world.wechat.calls).toMatchObject({ stable: 2, stableForced: 0 });
  });

  it('classic: not at all while it is not due, since a call would end the old token', async () => {
    await using world = await World.create();
    const { tokens, refresher } = await world.replica(CLASSIC);
    const token = await tokens.getAccessToken();

    expect(await refresher.refresh(NAME)).toMatchObject({
      outcome: 'unchanged',
    });
    expect(world.wechat.calls.total).toBe(1);

    await world.advance(6700);
    expect(await refresher.refresh(NAME)).toMatchObject({
      outcome: 'refreshed',
    });
    expect(await tokens.getAccessToken()).not.toBe(token);
    expect(world.wechat.calls.total).toBe(2);
  });
});

describe('R9 a lease that is about to end', () => {
  it('spends no forced renewal: it begins again, and the rejected token is replaced', async () => {
    await using world = await World.create();
    const { tokens } = await world.replica({
      api: { timeoutMs: 2000 },
      refresh: { leaseSeconds: 5 },
    });
    const dead = await tokens.getAccessToken();
    world.wechat.dropSilently();
    world.wechat.inject('stable', { delayMs: 300 });
    const invalidating = tokens.invalidate(dead);
    await vi.waitFor(() => expect(world.wechat.calls.stable).toBe(2));
    // The lease holds when the answer in normal mode comes, but not for another call.
    await world.advance(3.5);

    const renewed = await invalidating;

    expect(renewed).not.toBe(dead);
    expect(world.wechat.accepts(renewed)).toBe(true);
    expect(world.wechat.calls.stableForced).toBe(1);
    expect(
      await world.sql(
        `SELECT type FROM token_event WHERE type = 'forced' AND name = '${NAME}'`,
      ),
    ).toHaveLength(1);
  });
});
