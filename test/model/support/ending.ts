import { fail, type Loss } from './invariants.js';

/** A run in which no replica has anything left to do. */
export interface Ending {
  readonly stored: string | null;
  /** The platform's newest token. */
  readonly current: string | null;
  readonly calls: number;
  readonly losses: Iterable<Loss>;
  /** Another system has had a token issued. */
  readonly rotated: boolean;
  /** Commits were lost, and with them perhaps a lease that was held: two replicas may have called. */
  readonly failedOver: boolean;
  /** Nobody crashed, and every renewal ended with a token. */
  readonly allWell: boolean;
  /** Nothing went wrong, and no time passed. */
  readonly faultless: boolean;
}

/**
 * (b) at the end: the stored token is the platform's newest, unless a newer one was lost for a reason. That a write came too late
 * is none where all are well: it comes too late only when another replica has taken over, and that one has renewed.
 */
export function checkEnding(ending: Ending, expectedCalls: number): void {
  const { stored, current, calls, allWell } = ending;
  const reasons = new Set(ending.losses);
  if (allWell) reasons.delete('its write came after the lease');
  const isExplained = reasons.size > 0 || ending.rotated || ending.failedOver;
  const somebodyAsked = allWell || calls > 0;
  if (somebodyAsked && !isExplained && stored !== current)
    fail(`${stored} is stored, ${current} is current`);
  if (ending.faultless && calls > expectedCalls)
    fail(`${calls} calls without a fault`);
}
