import { performance } from 'node:perf_hooks';
import { setTimeout } from 'node:timers/promises';

/**
 * Time inside one process: monotonic, so that a wall clock that is wrong or jumps changes nothing (R3).
 * Instants that replicas share are never taken from here; the database computes those.
 */
export abstract class Clock {
  /** Milliseconds since some fixed moment; never goes back. */
  abstract now(): number;

  /** Resolves after `ms` milliseconds; rejects as soon as `signal` aborts. */
  abstract sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

export class MonotonicClock extends Clock {
  override now(): number {
    return performance.now();
  }

  override sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return setTimeout(ms, undefined, signal ? { signal } : undefined);
  }
}
