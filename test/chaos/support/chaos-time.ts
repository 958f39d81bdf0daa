import type { TokenMode } from '../../../src/wechat-token/index.js';
import { byDepth } from '../../support/depth.js';

/** How many scenarios the suite has, of about equal length: they run one after the other. */
const SCENARIOS = 9;
const SHORT_SECONDS = byDepth({ short: 5, full: 12 });
/** What a scenario takes besides its faults: starting the processes, settling, ending them. */
const OVERHEAD_SECONDS = 5;

/** Set by `npm run chaos`. */
const minutes = Number(process.env['CHAOS_MINUTES'] ?? 0);

/**
 * For how long one scenario makes trouble: the suite's share of CHAOS_MINUTES, and some seconds without it.
 * @param shares For a scenario that needs more or less time than the others.
 */
export function chaosSeconds(shares = 1): number {
  const long = (minutes * 60) / SCENARIOS - OVERHEAD_SECONDS;
  return shares * Math.max(SHORT_SECONDS, long);
}

/** Both modes, for a scenario in which the mode makes no difference in kind: its short form is content with one. */
export function modesOf(short: TokenMode): readonly TokenMode[] {
  if (minutes > 0) return ['stable', 'classic'];
  return byDepth({ short: [short], full: ['stable', 'classic'] });
}

/** Vitest's limit for a test that makes trouble for so long. */
export function chaosTestTimeout(seconds = chaosSeconds()): number {
  return (seconds + 300) * 1000;
}
