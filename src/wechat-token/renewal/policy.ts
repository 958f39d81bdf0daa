/** When to renew, wait, back off or stop. Pure functions of numbers; all durations are milliseconds. */

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const CHINA_OFFSET = 8 * HOUR;

/** "Until something changes": far beyond any life, and still a date that every database knows. */
export const FOREVER = 50 * 365 * DAY;

/**
 * R2: how long a token with `left` of its `life` left may still be handed out; 0 or less: not any more. A small margin is kept,
 * since a call that begins now must still arrive.
 */
export function servableFor(left: number, life: number): number {
  return left - Math.min(10 * SECOND, life / 20);
}

interface Renewability {
  /** Classic: a call ends the previous token, so it is made once, early. Stable: the platform rotates in the last 5 minutes. */
  readonly rotatesOnEveryCall: boolean;
  /** Overrides the default margin. */
  readonly marginSeconds: number | undefined;
}

function refreshMargin(life: number, options: Renewability): number {
  const usual = options.rotatesOnEveryCall ? 600 : 300;
  return Math.min((options.marginSeconds ?? usual) * SECOND, life / 3);
}

/**
 * R7: how long after the issue a token becomes due. A little after the margin begins, since the platform rotates only then;
 * the random part spreads accounts that were fetched together.
 */
export function refreshDelay(
  life: number,
  options: Renewability,
  random: number,
): number {
  const margin = refreshMargin(life, options);
  return life - margin * (0.98 - 0.08 * random);
}

/** R7: the delay before the next call when the platform returned the same token with `remaining` of its whole `life` left. */
export function unchangedDelay(
  remaining: number,
  life: number,
  options: Renewability,
  random: number,
): number {
  const margin = refreshMargin(Math.max(life, remaining), options);
  return remaining > margin
    ? remaining - margin * (0.98 - 0.08 * random)
    : Math.max(SECOND, remaining / 4);
}

/** R8: a refusal that concerns one replica alone: so soon another one looks at the row. */
export const ANOTHER_REPLICA_MS = 30 * SECOND;
/** R7: a confirmation that says nothing new about the end of a token's life: the platform rounds it to seconds. */
const SAME_END_MS = 2 * SECOND;

/** Whether two instants, in milliseconds, are the same end of a token's life. */
export function isSameEnd(end: number, other: number): boolean {
  return Math.abs(end - other) < SAME_END_MS;
}

interface Schedule {
  readonly refreshInMs: number;
  /** Infinity where tokens are not confirmed. */
  readonly confirmInMs: number;
  readonly coolingFor: number;
}

/** R14: when a refresher should look at a row again that it leaves as it is. */
export function nextLook(row: Schedule): number {
  const wanted = Math.min(row.refreshInMs, row.confirmInMs);
  return Math.max(0, wanted, row.coolingFor);
}

interface Failure {
  readonly class: string;
  readonly minWaitMs: number;
}

/**
 * R8: how long no replica asks again. `failures` counts earlier failures in a row. With the platform down for an hour this makes
 * about 55 calls, and the first success comes within 90 s of its return.
 */
export function backOff(
  failure: Failure,
  failures: number,
  databaseNow: number | undefined,
  random: number,
): number {
  switch (failure.class) {
    case 'credentials':
      return FOREVER;
    case 'account':
      return HOUR;
    case 'quota':
      // Without the database nobody knows for certain when midnight is.
      return databaseNow === undefined
        ? HOUR
        : untilChinaMidnight(databaseNow) + random * MINUTE;
    default: {
      const doubled = Math.min(
        80 * SECOND,
        SECOND * 2 ** Math.min(failures, 7),
      );
      return Math.max(failure.minWaitMs, doubled * (0.85 + 0.15 * random));
    }
  }
}

/** The platform's day begins at midnight in China, UTC+8. */
export function untilChinaMidnight(epochMs: number): number {
  return DAY - sinceChinaMidnight(epochMs);
}

export function sinceChinaMidnight(epochMs: number): number {
  return (epochMs + CHINA_OFFSET) % DAY;
}

/** R9: the platform's limits on forced renewals. */
export const FORCE_BUDGET = { perDay: 20, spacing: 30 * SECOND } as const;

/** R9: 0 when a forced renewal is possible now, else how long until it is. `ages` of earlier forced renewals, newest first. */
export function forceWait(
  ages: readonly number[],
  databaseNow: number,
): { wait: number; spent: boolean } {
  const today = ages.filter((age) => age < sinceChinaMidnight(databaseNow));
  if (today.length >= FORCE_BUDGET.perDay)
    return { wait: untilChinaMidnight(databaseNow), spent: true };
  const newest = ages[0] ?? Infinity;
  return { wait: Math.max(0, FORCE_BUDGET.spacing - newest), spent: false };
}

/** R5: rejected tokens that are renewed within one life of a token; more than that is a loop. */
export const REJECTIONS_PER_LIFE = 10;

/** R5: 0 when a rejected token may be renewed now, else how long until it may. `ages` as in {@link forceWait}, within one life. */
export function rejectionWait(ages: readonly number[], life: number): number {
  const oldest = ages[REJECTIONS_PER_LIFE - 1];
  return oldest === undefined ? 0 : Math.max(SECOND, life - oldest);
}

/** Why a renewal is requested. */
export type RenewalIntent =
  /** By a caller, or at the start (R12): renew a token that is due. */
  | { readonly kind: 'due' }
  /** By the cron: renew a token that is due, or was not confirmed for too long (R7). */
  | { readonly kind: 'due-or-unconfirmed' }
  /** R5: the platform refused this value in a business call. */
  | { readonly kind: 'rejected'; readonly value: string }
  /** By an operator, in normal mode: stable at any time, classic only when due. */
  | ({ readonly kind: 'normal' } & Expectation)
  /** By an operator, with force (R9). */
  | ({ readonly kind: 'forced' } & Expectation);

/** The fingerprint of the token that the operator saw: once another token has taken its place, nothing is left to do. */
interface Expectation {
  readonly expected?: string | undefined;
}

/** What a decision on a token is based on. Durations are from now, negative when past. */
export interface TokenState {
  readonly value: string | null;
  readonly fingerprint: string | null;
  /** May be handed out: not expired, and issued for these credentials. */
  readonly usable: boolean;
  /** Past its `refresh_at`. */
  readonly due: boolean;
  /** For too long the platform has not confirmed that this is the current token. */
  readonly unconfirmed: boolean;
  readonly rotatesOnEveryCall: boolean;
  /** How long another replica's lease lasts. */
  readonly leasedFor: number;
  /** How long the cool-down for these credentials lasts. */
  readonly coolingFor: number;
  readonly mayCallPlatform: boolean;
}

type Decision = 'serve' | 'renew' | 'wait' | 'cooling-down';

export function decide(state: TokenState, intent: RenewalIntent): Decision {
  if (!wanted(state, intent)) return 'serve';
  const operator = intent.kind === 'normal' || intent.kind === 'forced';
  const background = state.usable && !operator && intent.kind !== 'rejected';
  // The cron has other tokens to renew meanwhile.
  const waits = !background && intent.kind !== 'due-or-unconfirmed';
  if (state.leasedFor > 0 || !state.mayCallPlatform)
    return waits ? 'wait' : 'serve';
  // An operator may just have removed the cause (R9).
  if (state.coolingFor > 0 && !operator)
    return background ? 'serve' : 'cooling-down';
  return 'renew';
}

function wanted(state: TokenState, intent: RenewalIntent): boolean {
  const due = !state.usable || state.due;
  switch (intent.kind) {
    case 'due':
      return due;
    case 'due-or-unconfirmed':
      return due || state.unconfirmed;
    case 'rejected':
      // R5: a report about an older token is no reason to touch the newer one.
      return !state.usable || state.value === intent.value;
    case 'normal':
      return !overtaken(state, intent) && (due || !state.rotatesOnEveryCall);
    case 'forced':
      return !overtaken(state, intent);
  }
}

/** Whether the token that the operator saw has been replaced. */
export function overtaken(
  { fingerprint }: Pick<TokenState, 'fingerprint'>,
  { expected }: Expectation,
): boolean {
  return expected !== undefined && expected !== fingerprint;
}
