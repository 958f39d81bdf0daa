import { setTimeout as sleep } from 'node:timers/promises';
import { Child } from '../harness/child.js';
import type { BenchServer } from '../harness/database.js';
import { percentileOf } from '../harness/statistics.js';
import { HeldTokensTable, LIFE_MS } from './held-tokens-table.js';
import type { Seen, SlowRefresherInput } from './slow-refresher.child.js';
import type {
  SlowTally,
  SlowWechat,
  SlowWechatInput,
} from './slow-wechat.child.js';

const REFRESHER = new URL('slow-refresher.child.js', import.meta.url);
const WECHAT = new URL('slow-wechat.child.js', import.meta.url);
/** The time that one call to WeChat takes. */
export const CALL_MS = 100;
/** At this age a stable token is about to become due. */
const DUE_AGE_MS = LIFE_MS - 300 * 1000;
/** What became due during the start is renewed by then. */
const WARM_UP_MS = 30_000;

export interface Sustained {
  /** The part that was measured. */
  readonly seconds: number;
  readonly due: number;
  readonly renewed: number;
  /** The longest and the 99th percentile of the time between `refresh_at` and the renewal, seconds. */
  readonly latest: number;
  readonly late99: number;
  readonly calls: number;
  readonly confirmed: number;
  readonly leftOut: number;
  readonly statements: number;
  /** The resident memory at the beginning and at the end, bytes. */
  readonly rss: readonly [number, number];
  readonly eventLoopDelayMs: number;
}

/** A table in its steady state, and one refresher with default settings, measured for a while. */
export function sustain(
  server: BenchServer,
  count: number,
  ms: number,
): Promise<Sustained> {
  return inScene(server, { count, oldestMs: DUE_AGE_MS }, async (scene) => {
    await sleep(WARM_UP_MS);
    const before = await lookAt(scene);
    await sleep(ms);
    const after = await lookAt(scene);
    const period = { from: before.now, to: after.now };
    const { due, renewed, seconds } = await scene.table.lateness(period);
    const calls = after.tally.calls - before.tally.calls;
    return {
      seconds: (after.at - before.at) / 1000,
      due,
      renewed,
      latest: percentileOf(seconds, 1),
      late99: percentileOf(seconds, 0.99),
      calls,
      confirmed: calls - (after.tally.issued - before.tally.issued),
      leftOut: after.seen.leftOut - before.seen.leftOut,
      statements: after.statements - before.statements,
      rss: [before.seen.rss, after.seen.rss],
      eventLoopDelayMs: after.seen.eventLoopDelayMs,
    };
  });
}

/** The resident memory of a refresher that has one account, bytes. */
export function rssOfOne(server: BenchServer): Promise<number> {
  const one = { count: 1, oldestMs: DUE_AGE_MS / 2 };
  return inScene(server, one, async ({ refresher }) => {
    await sleep(WARM_UP_MS);
    return (await refresher.ask<Seen>('see')).rss;
  });
}

/**
 * Again and again all of `count` tokens wait to be confirmed at once, and one more becomes due some milliseconds later.
 * @returns how long that one waits each time, seconds
 */
export function dueAmongUnconfirmed(
  server: BenchServer,
  count: number,
  moments: readonly number[],
): Promise<number[]> {
  const others = moments.length;
  // Half as old as a token that is due: none becomes due by itself.
  const load = { count: count + others, oldestMs: DUE_AGE_MS / 2 };
  return inScene(server, load, async ({ table, wechat }) => {
    const waits: number[] = [];
    for (const [index, moment] of moments.entries()) {
      await table.unconfirmAllBut(others);
      await sleep(moment);
      await wechat.ask('drop', index);
      waits.push(await table.waitOf(index));
    }
    return waits;
  });
}

interface Scene {
  readonly table: HeldTokensTable;
  readonly wechat: Child;
  readonly refresher: Child;
}

/** Runs `use` with a platform that is slow and has issued tokens of all ages, and a refresher that has them in memory. */
async function inScene<T>(
  server: BenchServer,
  { count, oldestMs }: Omit<SlowWechatInput, 'callMs'>,
  use: (scene: Scene) => Promise<T>,
): Promise<T> {
  await using wechat = Child.start(WECHAT);
  const input: SlowWechatInput = { count, oldestMs, callMs: CALL_MS };
  const { url, tokens } = await wechat.ask<SlowWechat>('start', input);
  await using table = await HeldTokensTable.create(server, tokens);
  await using refresher = Child.start(REFRESHER);
  await refresher.ask('start', {
    databaseUrl: table.url,
    wechatUrl: url,
    count,
  } satisfies SlowRefresherInput);
  return await use({ table, wechat, refresher });
}

async function lookAt({ table, wechat, refresher }: Scene) {
  return {
    at: performance.now(),
    now: await table.now(),
    statements: await table.statements(),
    tally: await wechat.ask<SlowTally>('tally'),
    seen: await refresher.ask<Seen>('see'),
  };
}
