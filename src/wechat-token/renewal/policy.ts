/** When to renew, wait, back off or stop. Pure functions of numbers; all durations are milliseconds. */

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const CHINA_OFFSET = 8 * HOUR;

/** "Until something changes": far beyond any life, and still a date that every database knows. */
export const FOREVER = 50 * 365 * DAY;

/** Less than this left, and a token counts as expired: a call that starts now must still arrive (R2). */
export function safetyMargin(life: number): number {
  return Math.min(10 * SECOND, life / 20);
}

export interface Renewability {
  /** Classic: a call ends the token before, so it is made once, early. Stable: the platform rotates in the last 5 minutes. */
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

/** R7: when to ask again after the same token came back with `remaining` of its whole `life` left. */
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

export interface Failure {
  readonly class: string;
  readonly minWaitMs: number;
}

/**
 * R8: how long no replica asks again. `failures` counts those before this one. With the platform down for an hour this makes
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

/** R9: 0 when a forced renewal is possible now, else how long until it is. `ages` are those of earlier ones, newest first. */
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

/** Why a renewal is asked for. */
export type RenewalIntent =
  /** By a caller, or at the start (R12): renew if it is due. */
  | { readonly kind: 'due' }
  /** By the cron: renew it also when it has not been confirmed for too long (R7). */
  | { readonly kind: 'due-or-unconfirmed' }
  /** R5: the platform refused this value in a business call. */
  | { readonly kind: 'rejected'; readonly value: string }
  /** An operator asks: stable in normal mode, classic only when due. */
  | ({ readonly kind: 'gentle' } & Expectation)
  /** An operator insists (R9). */
  | ({ readonly kind: 'forced' } & Expectation);

/** The token that the operator saw, by its fingerprint: where another has taken its place since, nothing is left to do. */
interface Expectation {
  readonly expected?: string | undefined;
}

/** What is known of a token when it is decided what to do. Durations are from now, negative when past. */
export interface TokenState {
  readonly value: string | null;
  readonly fingerprint: string | null;
  /** May be handed out: not expired, and issued for our credentials. */
  readonly usable: boolean;
  /** Past its `refresh_at`. */
  readonly due: boolean;
  /** The platform was not asked for too long whether it still is the current one. */
  readonly unconfirmed: boolean;
  readonly rotatesOnEveryCall: boolean;
  /** Another replica's lease lasts so long. */
  readonly leasedFor: number;
  /** The back-off that applies to our credentials lasts so long. */
  readonly coolingFor: number;
  readonly mayCallPlatform: boolean;
}

export type Decision =
  | { readonly kind: 'serve' }
  | { readonly kind: 'renew' }
  | { readonly kind: 'wait' }
  | { readonly kind: 'cooling-down' };

export function decide(state: TokenState, intent: RenewalIntent): Decision {
  if (!wanted(state, intent)) return { kind: 'serve' };
  const operator = intent.kind === 'gentle' || intent.kind === 'forced';
  const background = state.usable && !operator && intent.kind !== 'rejected';
  // The cron has others to renew meanwhile.
  const waits = !background && intent.kind !== 'due-or-unconfirmed';
  if (state.leasedFor > 0 || !state.mayCallPlatform)
    return { kind: waits ? 'wait' : 'serve' };
  // An operator may have mended the cause just now (R9).
  if (state.coolingFor > 0 && !operator)
    return { kind: background ? 'serve' : 'cooling-down' };
  return { kind: 'renew' };
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
    case 'gentle':
      return !overtaken(state, intent) && (due || !state.rotatesOnEveryCall);
    case 'forced':
      return !overtaken(state, intent);
  }
}

/** Whether the token that an operator meant has been replaced. */
export function overtaken(
  { fingerprint }: Pick<TokenState, 'fingerprint'>,
  { expected }: Expectation,
): boolean {
  return expected !== undefined && expected !== fingerprint;
}
