import { DEFAULT_FAKE_ACCOUNT } from '../../src/testing/index.js';
import type { TokenRow } from '../../src/wechat-token/store/token-row.js';
import { World } from '../support/world.js';

const { appId } = DEFAULT_FAKE_ACCOUNT;

/** Seconds from the issue to `refresh_at`. */
const refreshAfter = ({ refreshInMs, issuedInMs }: TokenRow) =>
  (refreshInMs - issuedInMs) / 1000;

describe('R7 when: refresh_at is computed once and stored', () => {
  it.each([
    { mode: 'classic', life: 7200, margin: 600 },
    { mode: 'classic', life: 60, margin: 20 },
    { mode: 'classic', life: 12, margin: 4 },
    { mode: 'stable', life: 7200, margin: 300 },
    { mode: 'stable', life: 60, margin: 20 },
    { mode: 'stable', life: 12, margin: 4 },
    { mode: 'classic', life: 7200, marginSeconds: 60, margin: 60 },
    { mode: 'stable', life: 7200, marginSeconds: 60, margin: 60 },
    { mode: 'stable', life: 90, marginSeconds: 60, margin: 30 },
  ] as const)(
    '$mode, $life s of life, marginSeconds $marginSeconds: a little less than $margin s before the end',
    async ({ mode, life, margin, ...given }) => {
      await using world = await World.create({ wechat: { lifeSeconds: life } });
      const { tokens } = await world.replica({
        accounts: [{ ...DEFAULT_FAKE_ACCOUNT, mode }],
        refresh: 'marginSeconds' in given ? given : {},
      });
      await tokens.getAccessToken();

      const after = refreshAfter(await world.row());

      expect(after).toBeGreaterThanOrEqual(life - margin * 0.98 - 0.01);
      expect(after).toBeLessThanOrEqual(life - margin * 0.9 + 0.01);
    },
  );

  it('tries again after a part of what is left when the platform gives the same token back', async () => {
    await using world = await World.create();
    // Asks 600 s before the end; the platform rotates in the last 300 s only.
    const { tokens, rounds, journal } = await world.replica({
      refresh: { marginSeconds: 600, confirmSeconds: 0 },
    });
    const first = await tokens.getAccessToken();
    let unchanged = 0;
    await world.advance(6600);
    while ((await tokens.getAccessToken()) === first) {
      expect(unchanged).toBeLessThan(6);
      const { refreshInMs } = await world.row();
      await world.advance(Math.max(0, refreshInMs / 1000));
      await rounds.tick();
      const { value, refreshInMs: next, expiresInMs } = await world.row();
      if (value !== first) continue;
      unchanged += 1;
      expect(next).toBeCloseTo(expiresInMs / 4, -4);
    }

    expect(unchanged).toBeGreaterThan(1);
    expect(world.wechat.calls.total).toBe(2 + unchanged);
    // Counted by the platform, not worth an event.
    await journal.settled();
    const events = await world.sql('SELECT type FROM token_event');
    expect(events).toEqual([{ type: 'refreshed' }, { type: 'refreshed' }]);
  });
});

describe('R7 a stable token is confirmed with the platform', () => {
  it('so that the row is right again within 300 s when another system forced a new one', async () => {
    await using world = await World.create();
    const { tokens, rounds } = await world.replica();
    await tokens.getAccessToken();
    await world.advance(17);
    const theirs = world.wechat.otherSystemFetches(appId, 'stable-forced');

    for (let elapsed = 0; elapsed < 300; elapsed += 10) {
      await world.advance(10);
      await rounds.tick();
    }

    expect((await world.row()).value).toBe(theirs);
    expect(await tokens.getAccessToken()).toBe(theirs);
    expect(world.wechat.calls).toMatchObject({ stable: 2, stableForced: 0 });
  });

  it('once in 300 s, by however many replicas', async () => {
    await using world = await World.create();
    const fleet = await world.fleet(3);
    for (const { tokens } of fleet) await tokens.getAccessToken();

    for (let elapsed = 0; elapsed < 3000; elapsed += 10) {
      await world.advance(10);
      await Promise.all(fleet.map(({ rounds }) => rounds.tick()));
    }

    expect(world.wechat.issued()).toBe(1);
    expect(world.wechat.calls.stable).toBeGreaterThanOrEqual(10);
    expect(world.wechat.calls.stable).toBeLessThanOrEqual(11);
  });

  it.each([
    { mode: 'stable', confirmSeconds: 0 },
    { mode: 'classic', confirmSeconds: 300 },
  ] as const)(
    'never in $mode mode with confirmSeconds $confirmSeconds',
    async ({ mode, confirmSeconds }) => {
      await using world = await World.create();
      const { tokens, rounds } = await world.replica({
        accounts: [{ ...DEFAULT_FAKE_ACCOUNT, mode }],
        refresh: { confirmSeconds },
      });
      await tokens.getAccessToken();

      for (let elapsed = 0; elapsed < 6000; elapsed += 100) {
        await world.advance(100);
        await rounds.tick();
      }

      expect(world.wechat.calls.total).toBe(1);
    },
  );
});

describe('R7 without confirmations', () => {
  it('the cron reads no row of a token that is well', async () => {
    await using world = await World.create();
    const { tokens, rounds, store, queue } = await world.replica({
      refresh: { confirmSeconds: 0 },
    });
    await tokens.getAccessToken();
    await world.advance(3600);
    const read = vi.spyOn(store, 'read');
    const due = vi.spyOn(queue, 'due');

    await rounds.tick();

    expect(await due.mock.results[0]?.value).toEqual([]);
    expect(read).not.toHaveBeenCalled();
  });
});

describe('R7 a row from elsewhere', () => {
  it('with the current token, but not its issue, is whole after a renewal', async () => {
    await using world = await World.create();
    const { tokens, refresher } = await world.replica();
    const token = await tokens.getAccessToken();
    await world.sql(
      'UPDATE system_var SET issued_at = NULL, credential_id = NULL, source = NULL, refresh_at = expires_at',
    );

    await refresher.refresh('access_token');

    const row = await world.row();
    expect(row).toMatchObject({ value: token, source: 'stable' });
    expect(row.issuedInMs).toBeLessThanOrEqual(0);
    expect(refreshAfter(row)).toBeGreaterThan(6900 - 60);
    expect(await tokens.getAccessToken()).toBe(token);
  });
});
