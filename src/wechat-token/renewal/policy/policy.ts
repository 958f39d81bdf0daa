// When is a token renewed, and how long does a failure keep everybody waiting?

/** Pure functions of numbers; all durations are milliseconds. */

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const CHINA_OFFSET = 8 * HOUR;

/**
 * R2: how long a token with `left` of its `life` left may still be handed out; 0 or less: not any more. A small margin is kept,
 * since a call that begins now must still arrive.
 */
export function servableFor(left: number, life: number): number {
  return left - Math.min(10 * SECOND, life / 20);
}

function refreshMargin(life: number, marginSeconds: number): number {
  return Math.min(marginSeconds * SECOND, life / 3);
}

/**
 * R7: how long after the issue a token becomes due. A little after the margin begins, since the platform rotates only then;
 * the random part spreads accounts that were fetched together.
 */
export function refreshDelay(
  life: number,
  marginSeconds: number,
  random: number,
): number {
  const margin = refreshMargin(life, marginSeconds);
  return life - margin * (0.98 - 0.08 * random);
}

/** R7: the delay before the next call when the platform returned the same token with `remaining` of its whole `life` left. */
export function unchangedDelay(
  remaining: number,
  life: number,
  marginSeconds: number,
  random: number,
): number {
  const margin = refreshMargin(Math.max(life, remaining), marginSeconds);
  return remaining > margin
    ? remaining - margin * (0.98 - 0.08 * random)
    : Math.max(SECOND, remaining / 4);
}

/** A token whose stored end has passed and that the platform gives again is served for this time, then asked for again. */
function borrowed(life: number): number {
  return Math.min(5 * MINUTE, life / 4);
}

/**
 * R7: the same token again from a platform that repeats a whole life with each answer. The stored end stays, unless the answer says
 * less; the token is asked for at the margin, and then when it stops being servable. Once its end has passed it lives on for
 * a few minutes at a time, and the first of them begins where the platform may have another token.
 * @param stored The stored end, from now, and the whole life.
 */
export function repeatedLife(
  answered: number,
  stored: { readonly left: number; readonly life: number },
  marginSeconds: number,
  random: number,
): { readonly left: number; readonly refreshDelay: number } {
  const servable = servableFor(stored.left, stored.life);
  const keepsEnd = servable > 0 || isSameEnd(answered, stored.left);
  const left = keepsEnd ? Math.min(answered, stored.left) : borrowed(answered);
  const margin = refreshMargin(stored.life, marginSeconds);
  // A whole life is answered to a token that has outlived one: this end is borrowed already, and means nothing to the platform.
  const isBorrowed = !keepsEnd && stored.life > answered + SAME_END_MS;
  const wanted =
    servable <= 0 && stored.left > 0 && !isBorrowed
      ? stored.left + SECOND
      : left > margin
        ? left - margin * (0.98 - 0.08 * random)
        : servableFor(left, stored.life);
  return { left, refreshDelay: Math.min(left, Math.max(SECOND, wanted)) };
}

/** R7: what a source declares about calls that are not due. */
interface Confirmable {
  readonly isEarlyCallHarmless: boolean;
  readonly repeatedCall: string;
}

/**
 * R7: how often a token is confirmed. Where the platform repeats a whole life, the first answer may be of an old token: it is confirmed
 * until another value comes, whose end is known; half as often, since such calls are scarce.
 */
export function confirmInterval(
  source: Confirmable,
  confirmMs: number,
): number {
  if (confirmMs === 0 || !source.isEarlyCallHarmless) return Infinity;
  return source.repeatedCall === 'same' ? confirmMs : 2 * confirmMs;
}

/** R7: a value that replaces one which ended so long ago at most was issued a moment ago. */
export function knownAfter(life: number): number {
  return Math.min(15 * MINUTE, life / 8);
}

/** R8: a refusal that concerns one replica alone: so soon another one looks at the row. */
export const ANOTHER_REPLICA_MS = 30 * SECOND;
/** R8: a start probes what is stopped, unless the platform was asked within this time. */
export const START_PROBE_MS = 10 * MINUTE;
/** R8: no wait of this release is longer. */
export const LONGEST_WAIT_MS = 25 * HOUR;
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

/** Why a renewal is requested. */
export type RenewalIntent =
  /** By a caller, or at the start (R12): renew a token that is due. */
  | { readonly kind: 'due' }
  /** By the cron: renew a token that is due, or was not confirmed for too long (R7). */
  | { readonly kind: 'due-or-unconfirmed' }
  /** R5: the platform refused this value in a business call. */
  | { readonly kind: 'rejected'; readonly value: string }
  /** R5: somebody says so over HTTP: it is tried at the platform first. */
  | { readonly kind: 'reported'; readonly value: string }
  /** By an operator, in normal mode: only when due, where an earlier call would harm others. */
  | ({ readonly kind: 'normal' } & Expectation)
  /** By an operator, with force (R9). */
  | ({ readonly kind: 'forced' } & Expectation);

/** Why a token is needed that another one is made from. */
export type InputIntent = Extract<
  RenewalIntent,
  { readonly kind: 'due' | 'rejected' }
>;

/** Whether somebody says that the platform has refused a token. */
export function isReport(
  intent: RenewalIntent,
): intent is Extract<RenewalIntent, { readonly value: string }> {
  return intent.kind === 'rejected' || intent.kind === 'reported';
}

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
  /** A call before it is due harms nobody. */
  readonly isEarlyCallHarmless: boolean;
  /** How long another replica's lease lasts. */
  readonly leasedFor: number;
  /** How long the cool-down in these circumstances lasts. */
  readonly coolingFor: number;
  /** Renewal is stopped: an attempt is a probe (R8). */
  readonly stopped: boolean;
  /** R9: what the platform has answered within the last seconds. */
  readonly answered: 'token' | 'refusal' | undefined;
  readonly mayCallPlatform: boolean;
  /** The appid of another app that keeps the row valid. */
  readonly heldBy: string | undefined;
}

type Decision =
  'serve' | 'renew' | 'wait' | 'cooling-down' | 'held' | 'refused';

export function decide(state: TokenState, intent: RenewalIntent): Decision {
  if (state.heldBy !== undefined && intent.kind !== 'forced') return 'held';
  if (!wanted(state, intent)) return 'serve';
  if (intent.kind === 'normal') {
    // R9: an operator in a loop gets the answer that there was.
    if (state.answered === 'refusal') return 'refused';
    if (state.answered === 'token' && state.usable) return 'serve';
  }
  const operator = intent.kind === 'normal' || intent.kind === 'forced';
  const background = state.usable && !operator && !isReport(intent);
  // The cron has other tokens to renew meanwhile.
  const waits = !background && intent.kind !== 'due-or-unconfirmed';
  if (state.leasedFor > 0) return waits ? 'wait' : 'serve';
  // An operator may just have removed the cause (R9).
  if (state.coolingFor > 0 && !operator)
    return background ? 'serve' : 'cooling-down';
  if (!state.mayCallPlatform) return waits ? 'wait' : 'serve';
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
    case 'reported':
      // R5: a report about an older token is no reason to touch the newer one.
      return !state.usable || state.value === intent.value;
    case 'normal':
      return !overtaken(state, intent) && (due || state.isEarlyCallHarmless);
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
