// When is a token renewed?

/** Pure functions of numbers; all durations are milliseconds. */

const SECOND = 1000;
const MINUTE = 60 * SECOND;

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
  const due = (left: number, delay: number) => ({
    left,
    refreshDelay: Math.min(left, Math.max(SECOND, delay)),
  });
  if (servableFor(stored.left, stored.life) > 0) {
    const left = Math.min(answered, stored.left);
    const margin = refreshMargin(stored.life, marginSeconds);
    const isEarly = left > margin;
    return due(
      left,
      isEarly
        ? left - margin * (0.98 - 0.08 * random)
        : servableFor(left, stored.life),
    );
  }
  const isRest = isSameEnd(answered, stored.left);
  const left = isRest ? answered : borrowed(answered);
  // A whole life is answered to a token that has outlived one: this end is borrowed already, and means nothing to the platform.
  const isBorrowed = !isRest && stored.life > answered + SAME_END_MS;
  const mayEndSoon = stored.left > 0 && !isBorrowed;
  return due(
    left,
    mayEndSoon ? stored.left + SECOND : servableFor(left, stored.life),
  );
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

/** R7: a value that replaces one within this time of its end was issued a moment ago. */
export function knownAfter(life: number): number {
  return Math.min(15 * MINUTE, life / 8);
}

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
  /** May be handed out: not expired, and issued for this application. */
  readonly usable: boolean;
  /** Past its `refresh_at`, or issued for another secret. */
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
