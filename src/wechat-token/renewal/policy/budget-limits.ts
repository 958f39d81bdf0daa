import { sinceChinaMidnight, untilChinaMidnight } from './back-off.js';

/** R5, R9: what of a budget is left, and for whom. Pure functions; durations are milliseconds. */

const SECOND = 1000;
const MINUTE = 60 * SECOND;

/** R9: the platform's limits on forced renewals, what one actor may have of them, and what reports leave to operators. */
export const FORCE_BUDGET = {
  perDay: 20,
  perActor: 5,
  forOperators: 5,
  spacing: 30 * SECOND,
} as const;

/** R5: rejected tokens that are renewed within one life of a token, more than that is a loop; and what one actor may have of them. */
export const REJECTION_BUDGET = { perLife: 10, perActor: 3 } as const;

/** A renewal that was counted. */
interface Spent {
  readonly ageMs: number;
  readonly actor: string | null;
}

/** How long until a budget allows the next one, and which limit binds. */
export interface Bound<Limit extends string = string> {
  readonly wait: number;
  readonly limit: Limit;
}

/** What binds: the limit for all, or the actor's share of it, or the time between two. */
type RejectionLimit = 'total' | 'share' | 'spacing';
/** `reserve`: the rest is kept for operators. */
type ForceLimit = RejectionLimit | 'reserve';

/**
 * R9: undefined when one is allowed now. `spent` are earlier forced renewals, the newest first. An operator has the scope
 * `tokens:refresh`, or is the app itself.
 */
export function forceBound(
  spent: readonly Spent[],
  who: { readonly actor: string; readonly isOperator: boolean },
  databaseNow: number,
): Bound<ForceLimit> | undefined {
  const { perDay, perActor, forOperators } = FORCE_BUDGET;
  const dayAge = sinceChinaMidnight(databaseNow);
  const today = spent.filter(({ ageMs }) => ageMs < dayAge);
  const wait = untilChinaMidnight(databaseNow);
  if (today.length >= perDay) return { wait, limit: 'total' };
  if (by(who.actor, today).length >= perActor) return { wait, limit: 'share' };
  if (!who.isOperator && today.length >= perDay - forOperators)
    return { wait, limit: 'reserve' };
  return spacingBound(spent);
}

/**
 * R5: as {@link forceBound}. `spent` are earlier rejections within one life, the newest first. Where each call rotates the token, a
 * renewal ends the token before the last.
 */
export function rejectionBound(
  spent: readonly Spent[],
  who: { readonly actor: string; readonly rotates: boolean },
  life: number,
): Bound<RejectionLimit> | undefined {
  const { perLife, perActor } = REJECTION_BUDGET;
  const until = (last: Spent) => Math.max(SECOND, life - last.ageMs);
  const oldest = spent[perLife - 1];
  if (oldest) return { wait: until(oldest), limit: 'total' };
  const oldestOwn = by(who.actor, spent)[perActor - 1];
  if (oldestOwn) return { wait: until(oldestOwn), limit: 'share' };
  return who.rotates ? spacingBound(spent) : undefined;
}

function by(actor: string, spent: readonly Spent[]): Spent[] {
  return spent.filter((one) => one.actor === actor);
}

function spacingBound([newest]: readonly Spent[]):
  Bound<'spacing'> | undefined {
  const wait = FORCE_BUDGET.spacing - (newest?.ageMs ?? Infinity);
  return wait > 0 ? { wait, limit: 'spacing' } : undefined;
}

/** R5: reports of the last two of these are looked at. */
export const INSISTENCE_MS = MINUTE;

/**
 * R5: whether two actors, of whom one reports now, have gone on for a minute to report a token that the platform accepts: perhaps it
 * accepts it in a harmless call only.
 */
export function isInsistedOn(reports: readonly Spent[], actor: string) {
  const insisting = (one: string) => {
    const own = by(one, reports);
    const isRecent = own.some(({ ageMs }) => ageMs < INSISTENCE_MS);
    const isOld = own.some(({ ageMs }) => ageMs >= INSISTENCE_MS);
    return isOld && (isRecent || one === actor);
  };
  const actors = new Set(reports.flatMap(({ actor }) => actor ?? []));
  return insisting(actor) && [...actors].filter(insisting).length >= 2;
}
