// What do all other folders build on: time, names, errors, messages and small helpers?

import { performance } from 'node:perf_hooks';
import { nextTick } from 'node:process';
import { setTimeout } from 'node:timers/promises';

/**
 * Time inside one process: monotonic, so that a wrong or jumping wall clock has no effect (R3).
 * Instants that replicas share never come from here; the database computes them.
 */
export abstract class Clock {
  /** Milliseconds since a fixed moment; never decreases. */
  abstract now(): number;

  /**
   * The event loop's time: like `now()`, but a burst of calls within one turn of the event loop reads the system clock only at
   * its beginning. It does not advance while a turn is suspended or blocks the event loop.
   */
  turn(): number {
    return this.now();
  }

  /** Resolves after `ms` milliseconds; rejects as soon as `signal` aborts. */
  abstract sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

/** Two reads of the clock within this time are taken for the beginning of a burst. */
const BURST_MS = 0.005;

export class MonotonicClock extends Clock {
  private lastRead = -Infinity;
  private isBurst = false;
  private readonly endBurst = () => {
    this.isBurst = false;
  };

  override now(): number {
    return performance.now();
  }

  override turn(): number {
    if (this.isBurst) return this.lastRead;
    const now = this.now();
    if (now - this.lastRead < BURST_MS) {
      this.isBurst = true;
      // nextTick callbacks run when the current work is done, before the event loop handles I/O.
      nextTick(this.endBurst);
    }
    this.lastRead = now;
    return now;
  }

  override sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return setTimeout(ms, undefined, signal ? { signal } : undefined);
  }
}
