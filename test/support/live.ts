import type { TestReplica, World } from './world.js';

/**
 * Lets time pass, with a round of each replica as soon as a row is due, and every half an hour.
 * @param look Called after each round.
 */
export async function live(
  world: World,
  fleet: readonly TestReplica[],
  seconds: number,
  look: () => Promise<void> | void = () => undefined,
): Promise<void> {
  const { epochMs, now } = await world.words();
  for (let passed = 0; passed < seconds;) {
    const [first] = await world.sql<{ wait: number | string | null }>(
      `SELECT MIN(${epochMs('next_at')}) - ${epochMs(now)} AS wait FROM system_var`,
    );
    const due = Math.max(1, Number(first?.wait ?? 0) / 1000 + 0.1);
    const step = Math.min(due, 1800, seconds - passed);
    await world.advance(step);
    passed += step;
    for (const { rounds, poller } of fleet) {
      await rounds.tick();
      if (fleet.length > 1) await poller.poll();
    }
    await look();
  }
}
