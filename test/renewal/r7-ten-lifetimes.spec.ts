import { setTimeout } from 'node:timers/promises';
import { DEFAULT_FAKE_ACCOUNT } from '../../src/testing/index.js';
import { byDepth } from '../support/depth.js';
import { World } from '../support/world.js';

const LIFETIMES = 10;
/** At least two steps fall into the five minutes in which a stable token is renewed. */
const STEP_SECONDS = byDepth({ short: 100, full: 40 });

describe('R7 through ten lifetimes', () => {
  it.each([
    { mode: 'stable', confirmSeconds: 300 },
    { mode: 'stable', confirmSeconds: 0 },
    { mode: 'classic', confirmSeconds: 300 },
  ] as const)(
    'no caller gets a token that the platform refuses, and each lifetime costs one issue ($mode, confirmSeconds $confirmSeconds)',
    async ({ mode, confirmSeconds }) => {
      await using world = await World.create();
      const { wechat } = world;
      const pair = await world.pair({
        accounts: [{ ...DEFAULT_FAKE_ACCOUNT, mode }],
        refresh: { confirmSeconds },
      });
      const handedOut = new Set<string>();
      const margin = mode === 'stable' ? 300 : 600;
      let elapsed = 0;

      for (let step = 0; wechat.issued() <= LIFETIMES; step++) {
        for (const { tokens } of pair) {
          const token = await tokens.getAccessToken();
          handedOut.add(token);
          if (!wechat.accepts(token))
            throw new Error(`refused after ${elapsed} s, step ${step}`);
        }
        const seconds = STEP_SECONDS + ((step * 7) % 21);
        await world.advance(seconds);
        elapsed += seconds;
        for (const { rounds, poller } of pair) {
          await rounds.tick();
          await poller.poll();
        }
        expect(elapsed).toBeLessThan((LIFETIMES + 1) * 7200);
      }

      expect(elapsed).toBeGreaterThan(LIFETIMES * (7200 - margin));
      // The last one was issued in the last step, after the reads.
      expect(handedOut.size).toBe(LIFETIMES);
      if (confirmSeconds === 0 || mode === 'classic')
        expect(wechat.calls.total).toBe(LIFETIMES + 1);
      expect(wechat.calls.stableForced).toBe(0);
    },
  );

  it('in real time, by its own cron, with a life of 3 s', async () => {
    await using world = await World.create({ wechat: { lifeSeconds: 3 } });
    const { tokens } = await world.replica({
      refresh: { cron: '* * * * * *', syncIntervalMs: 200 },
    });

    while (world.wechat.issued() < 3) {
      const token = await tokens.getAccessToken();
      expect(world.wechat.accepts(token)).toBe(true);
      await setTimeout(5);
    }

    expect(world.wechat.calls.stable).toBeLessThanOrEqual(5);
  });
});
