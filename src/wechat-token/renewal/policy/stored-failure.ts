import { fingerprint } from '../../common/fingerprint.js';
import { MACHINE } from '../../common/replica.js';
import {
  type LastError,
  lifeOf,
  type TokenRow,
} from '../../store/token-row.js';
import type { UpstreamError } from '../../upstream/failure.js';
import {
  ANOTHER_REPLICA_MS,
  backOff,
  LONGEST_WAIT_MS,
  notedDelay,
  probeDelay,
  START_PROBE_MS,
  turnDelay,
} from './back-off.js';
import { servableFor } from './policy.js';
import type { RenewalTarget } from './renewal-target.js';

/** R8: what a failure leaves in the row for all replicas, and how long each of them waits for it. */

/** Circumstances that are remembered: a fleet has one or two, and more for a while when an operator tries. */
const MAX_TRIED = 8;

/** WeChat's verdicts on an account or its credentials: time alone does not make them good, and none is endless. */
function isVerdict(failureClass: string | undefined): boolean {
  return failureClass === 'credentials' || failureClass === 'account';
}

/** Whether an attempt to renew the row's token is a probe. An older release stopped at the first verdict. */
export function isStopped({ lastError }: Pick<TokenRow, 'lastError'>): boolean {
  const { stops = isVerdict(lastError?.class) ? 1 : 0 } = lastError ?? {};
  return stops > 0;
}

/** How a replica comes to the row. */
interface Comer {
  readonly target: RenewalTarget;
  readonly isReader: boolean;
  /** How long ago it started. */
  readonly uptimeMs: number;
}

/** How long the row makes a replica wait. */
export function sharedWait(row: TokenRow, comer: Comer): number {
  const { lastError, nextAttemptInMs } = row;
  const wait = nextAttemptInMs > LONGEST_WAIT_MS ? 0 : nextAttemptInMs;
  if (wait <= 0 || !lastError) return Math.max(0, wait);
  const { target, isReader, uptimeMs } = comer;
  // Of an older release nobody knows when it asked.
  const { block, tried, waitMs = Infinity, turnMs = 0 } = lastError;
  const agoMs = waitMs - nextAttemptInMs;
  if (block && block.appId !== target.account.appId) return 0;
  if (block?.machine && (isReader || block.machine !== MACHINE))
    return Math.max(0, turnMs - agoMs);
  if (block || isReader) return wait;
  if (tried && !tried.includes(target.circumstances)) return 0;
  const hasStarted = isStopped(row) && uptimeMs < agoMs;
  return hasStarted
    ? Math.max(0, Math.min(wait, START_PROBE_MS - agoMs))
    : wait;
}

/** What is known where a call has failed. */
interface FailedCall {
  readonly target: RenewalTarget;
  readonly error: UpstreamError;
  /** The row as it was before; undefined for a call without a lease. */
  readonly row: TokenRow | undefined;
  /** The last failure that only this replica knows, and how many there were in a row. */
  readonly local:
    { readonly lastError: LastError; readonly failures: number } | undefined;
  /** Now, on this process's clock. */
  readonly now: number;
  /** Until when this replica serves the token that it holds. */
  readonly servedUntil: number;
}

export interface StoredFailure {
  readonly lastError: LastError;
  /** How long this replica waits. */
  readonly ownMs: number;
  /** How long the row makes all wait. */
  readonly waitMs: number;
  /** When a refresher looks at the row again. */
  readonly nextMs: number;
  /** Its end is remembered by this replica: the row does not bind the others, whose success would make it forget. */
  readonly isLocal: boolean;
}

/** A limit of a minute looks like one of an hour, until the same refusal comes again. */
function minWaitOf(error: UpstreamError, last?: LastError | null): number {
  const { errcode, minWaitMs, repeatedWaitMs } = error;
  const isRepeated = errcode !== undefined && last?.errcode === errcode;
  return isRepeated ? repeatedWaitMs : minWaitMs;
}

export function failureOf(call: FailedCall): StoredFailure {
  const { target, error, row, local, now } = call;
  const { account, circumstances, name } = target;
  const { class: failureClass, errcode, message } = error;
  const before = [row?.lastError, local?.lastError].find((known) =>
    known?.tried?.includes(circumstances),
  );
  const earlier = before?.stops ?? 0;
  const isRepeated = isVerdict(before?.class);
  // The stored token was issued for other credentials: those may be the right ones, and the cron of their replicas must find the row.
  const concernsOthers =
    typeof row?.credentialId === 'string' &&
    row.credentialId !== account.credentialId;
  const storedUntil =
    row && row.value !== null
      ? row.readAt + servableFor(row.expiresInMs, lifeOf(row))
      : now;
  const goodForMs = Math.max(call.servedUntil, storedUntil) - now;
  const isNoted =
    isVerdict(failureClass) && goodForMs > 0 && earlier === 0 && !isRepeated;
  const isStop = !isNoted && (earlier > 0 || isVerdict(failureClass));

  // The row's own: not all rows at once, and the same number of calls each day.
  const share = Number.parseInt(fingerprint(name), 16) / 2 ** 32;
  const failures = row?.failureCount ?? local?.failures ?? 0;
  const backOffMs = isVerdict(failureClass)
    ? 0
    : backOff(
        {
          class: failureClass,
          minWaitMs: minWaitOf(error, row?.lastError ?? local?.lastError),
        },
        failures,
        row?.databaseNow,
        share,
      );
  const stopMs = isStop ? probeDelay(earlier, share) : 0;
  const ownMs = isNoted ? notedDelay(goodForMs) : Math.max(backOffMs, stopMs);

  const isIp = failureClass === 'ip';
  const turnMs = isIp ? turnDelay(row?.lastError?.turnMs) : 0;
  const waitMs = Math.ceil(
    isIp && !error.mustEnd ? Math.max(turnMs, stopMs) : ownMs,
  );
  const nextMs = isIp ? Math.max(ANOTHER_REPLICA_MS, turnMs, stopMs) : waitMs;
  const tried = row?.lastError?.tried ?? [];
  const others = tried.filter((one) => one !== circumstances);
  const { appId, credentialId } = account;
  const machine = isIp && { machine: MACHINE };
  return {
    lastError: {
      class: failureClass,
      ...(errcode !== undefined && { errcode }),
      message,
      credentialId,
      waitMs,
      tried: [...others, circumstances].slice(-MAX_TRIED),
      stops: isStop ? earlier + 1 : 0,
      ...(isIp && { turnMs }),
      ...(error.mustEnd && { block: { appId, ...machine } }),
    },
    ownMs,
    waitMs,
    nextMs: concernsOthers ? Math.min(nextMs, ANOTHER_REPLICA_MS) : nextMs,
    isLocal: isIp || concernsOthers,
  };
}
