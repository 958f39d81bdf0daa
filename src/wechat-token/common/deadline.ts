import type { Clock } from './clock.js';

/** A longer timer of Node's would fire at once; 24 days are as good as never. */
const LONGEST_TIMER_MS = 2 ** 31 - 1;

export interface Deadline {
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
  /** The error for a caller whose time is up, or that gave up. */
  readonly timedOut: () => Error;
  /** Default: the signal's reason. */
  readonly aborted?: (reason: unknown) => Error;
}

/** R2: one caller's patience with work that others share; giving up ends the wait, not the work. */
export async function withDeadline<T>(
  work: Promise<T>,
  clock: Clock,
  deadline: Deadline,
): Promise<T> {
  const { signal } = deadline;
  const timer = new AbortController();
  // Whoever loses the race must not become an unhandled rejection.
  work.catch(() => undefined);
  const timeout = clock
    .sleep(Math.min(deadline.timeoutMs, LONGEST_TIMER_MS), timer.signal)
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
