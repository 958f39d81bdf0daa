/** How long does a failure keep everybody waiting? Pure functions of numbers; all durations are milliseconds. */

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const CHINA_OFFSET = 8 * HOUR;

/** R8: a refusal that concerns one replica alone: so soon another one looks at the row. */
export const ANOTHER_REPLICA_MS = 30 * SECOND;
/** R8: a start probes what is stopped, unless the platform was asked within this time. */
export const START_PROBE_MS = 10 * MINUTE;
/** R8: no wait of this release is longer. */
export const LONGEST_WAIT_MS = 25 * HOUR;
interface Failure {
  readonly class: string;
  readonly minWaitMs: number;
}

const PROBES = [MINUTE, 5 * MINUTE, 15 * MINUTE] as const;
/** R8: no probe is waited for longer than this. */
export const LONGEST_PROBE_MS = HOUR;

/**
 * R8: the wait for a probe of what is stopped: 1, 5 and 15 minutes, then 30 to 60, which makes 26 to 50 probes on the first day.
 * `failures` counts earlier ones since the stop; `share`, from 0 to 1, is the row's own.
 */
export function probeDelay(failures: number, share: number): number {
  const first = PROBES[failures];
  return first === undefined
    ? 30 * MINUTE * (1 + share)
    : first * (1 + share / 10);
}

/** R8: the wait after a refusal that is only noted: the next attempt comes while the token, good for `goodFor`, lasts. */
export function notedDelay(goodFor: number): number {
  return Math.max(SECOND, Math.min(MINUTE, goodFor / 4));
}

/**
 * R8: how long the other machines wait after the address of one was refused, and after `before` when others were. However many
 * replicas start again and again, a row costs them about 150 calls a day.
 */
export function turnDelay(before: number | undefined): number {
  return before === undefined
    ? 0
    : Math.min(10 * MINUTE, Math.max(ANOTHER_REPLICA_MS, 2 * before));
}

/**
 * R8: how long no replica asks again, after any failure but a verdict. `failures` counts earlier failures in a row. With the platform down for an hour this makes
 * about 55 calls, and the first success comes within 90 s of its return.
 */
export function backOff(
  failure: Failure,
  failures: number,
  databaseNow: number | undefined,
  random: number,
): number {
  if (failure.class === 'quota' && failure.minWaitMs === 0)
    // Without the database nobody knows for certain when midnight is.
    return databaseNow === undefined
      ? HOUR
      : untilChinaMidnight(databaseNow) + random * MINUTE;
  const doubled = Math.min(80 * SECOND, SECOND * 2 ** Math.min(failures, 7));
  return Math.max(failure.minWaitMs, doubled * (0.85 + 0.15 * random));
}

/** The platform's day begins at midnight in China, UTC+8. */
export function untilChinaMidnight(epochMs: number): number {
  return DAY - sinceChinaMidnight(epochMs);
}

export function sinceChinaMidnight(epochMs: number): number {
  return (epochMs + CHINA_OFFSET) % DAY;
}
