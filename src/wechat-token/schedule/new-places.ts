/** When a refresher should look again at a row that it leaves as it is. Durations are milliseconds. */

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;

/**
 * R14: when a refresher should look again at the row of an account that it does not know: ever more rarely the longer nobody has
 * renewed the token or tried to, at last once a day, and not at all such rows at once.
 */
export function unknownAccountDelay(
  { expiresInMs, nextAttemptInMs }: Neglect,
  random: number,
): number {
  const neglectedFor = -Math.max(expiresInMs, nextAttemptInMs);
  const delay = Math.min(DAY, neglectedFor / 8);
  return Math.max(MINUTE, delay * (0.75 + 0.25 * random));
}

interface Neglect {
  readonly expiresInMs: number;
  readonly nextAttemptInMs: number;
}

/** R7: when a confirmation that was left out comes next: spread, so that not all come at once again. */
export function leftOutDelay(confirmMs: number, random: number): number {
  return confirmMs * (0.5 + 0.5 * random);
}
