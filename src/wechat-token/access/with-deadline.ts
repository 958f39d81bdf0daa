import type { Clock } from '../clock.js';

export interface Deadline {
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
  /** The error for a caller whose time is up, or that gave up. */
  readonly timedOut: () => Error;
  readonly aborted: (reason: unknown) => Error;
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
  const timeout = clock.sleep(deadline.timeoutMs, timer.signal).then(() => {
    throw deadline.timedOut();
  });
  timeout.catch(() => undefined);
  const aborted = new Promise<never>((_, reject) => {
    const abort = () => reject(deadline.aborted(signal?.reason));
    if (signal?.aborted) abort();
    signal?.addEventListener('abort', abort, { signal: timer.signal });
  });
  try {
    return await Promise.race([work, timeout, aborted]);
  } finally {
    timer.abort();
  }
}
