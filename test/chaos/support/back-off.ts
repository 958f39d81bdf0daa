/** R8: the back-off doubles from a little less than 1 s, up to 80 s. */
const MIN_SECONDS = 0.85;
const MAX_SECONDS = 80;

/** The maximum number of calls of all replicas together while the platform is down: one at once, and one after each wait. */
export function callsWhileDown(seconds: number): number {
  let calls = 0;
  let wait = MIN_SECONDS;
  for (let at = 0; at <= seconds; at += wait, wait *= 2) {
    wait = Math.min(wait, MIN_SECONDS * MAX_SECONDS);
    calls += 1;
  }
  return calls;
}

/** How long after such an outage the next call comes: the last wait is hardly longer than all before it together. */
export function longestWait(seconds: number): number {
  return Math.min(MAX_SECONDS, seconds + 1);
}
