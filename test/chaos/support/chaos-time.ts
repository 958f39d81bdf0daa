/** How many scenarios the suite has, of about equal length: they run one after the other. */
const SCENARIOS = 9;
const SHORT_SECONDS = 8;
/** What a scenario takes besides its faults: starting the processes, settling, ending them. */
const OVERHEAD_SECONDS = 5;

/** Unset in `npm test`. */
const minutes = Number(process.env['CHAOS_MINUTES'] ?? 0);

/**
 * For how long one scenario makes trouble: the suite's share of CHAOS_MINUTES, and 8 s without it.
 * @param shares For a scenario that needs more or less time than the others.
 */
export function chaosSeconds(shares = 1): number {
  const long = (minutes * 60) / SCENARIOS - OVERHEAD_SECONDS;
  return shares * Math.max(SHORT_SECONDS, long);
}

/** Vitest's limit for a test that makes trouble for so long. */
export function chaosTestTimeout(seconds = chaosSeconds()): number {
  return (seconds + 90) * 1000;
}
