import type { Clock } from './clock.js';

/** Node fires a timer that is longer than this immediately; 24 days stand for never. */
const MAX_TIMER_MS = 2 ** 31 - 1;

export interface Deadline {
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
  /** Makes the error for a timeout. */
  readonly timedOut: () => Error;
  /** Makes the error for an abort by `signal`. Default: the reason of the signal. */
  readonly aborted?: (reason: unknown) => Error;
}

/** R2: one caller's deadline for shared work. A timeout or an abort ends the wait, not the work. */
export async function withDeadline<T>(
  work: Promise<T>,
  clock: Clock,
  deadline: Deadline,
): Promise<T> {
  const { signal } = deadline;
  const timer = new AbortController();
  // The promises that lose the race must not become unhandled rejections.
  work.catch(() => undefined);
  const timeout = clock
    .sleep(Math.min(deadline.timeoutMs, MAX_TIMER_MS), timer.signal)
    .then(() => {
      throw deadline.timedOut();
    });
  timeout.catch(() => undefined);
  const aborted = new Promise<never>((_, reject) => {
    const abort = () =>
      reject(deadline.aborted?.(signal?.reason) ?? signal?.reason);
    if (signal?.aborted) abort();
    signal?.addEventListener('abort', abort, { signal: timer.signal });
  });
  try {
    return await Promise.race([work, timeout, aborted]);
  } finally {
    timer.abort();
  }
}
