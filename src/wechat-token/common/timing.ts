/**
 * Durations that must hold against each other, in milliseconds:
 *
 *   silence limit  <  a caller's timeout   so that a caller still gets a token that is fetched without the lease;
 *   two calls upstream  <  the lease       so that nobody else renews the token meanwhile (checked with the options);
 *   the lease + one call  =  wait limit    so that an operator's refresh sees a dead holder's lease expire, and is made.
 */

/** How long a caller waits for a token unless the call says otherwise. */
export const CALLER_TIMEOUT_MS = 10_000;

/** The longest that a statement, or the wait for a connection, may take. */
export const STATEMENT_TIMEOUT_MS = 10_000;

/** After this time the server ends a statement, where it can: none goes on there when this process no longer waits for it. */
export const SERVER_TIMEOUT_MS = 9000;

/** The time to the next attempt after a failure that clears soon, and to the next read of the rows that somebody waits for. */
export const RETRY_MS = 1000;

/**
 * After this time a lease holder that is alive, and a database that works, have answered. A little longer than one call
 * upstream, but less than a caller's timeout, however long a call may take.
 */
export function silenceLimit(callTimeoutMs: number): number {
  return Math.min(callTimeoutMs + 500, 8000);
}

/** How long an operator waits for the lease of a token. */
export function leaseWaitLimit(leaseMs: number, callTimeoutMs: number): number {
  return leaseMs + callTimeoutMs;
}

/** How long a shutdown waits for the renewals in flight: the longest call to WeChat, and the write of its answer. */
export function shutdownLimit(callTimeoutMs: number): number {
  return callTimeoutMs + 3000;
}

/** R4: whether a lease outlasts the two calls that the renewal of a rejected token may take. */
export function outlastsTwoCalls(leaseMs: number, callTimeoutMs: number) {
  return leaseMs > 2 * callTimeoutMs;
}
