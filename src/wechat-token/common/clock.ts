// What do all rooms stand on: time, names, errors, sentences and small helpers?

import { performance } from 'node:perf_hooks';
import { nextTick } from 'node:process';
import { setTimeout } from 'node:timers/promises';

/**
 * Time inside one process: monotonic, so that a wall clock that is wrong or jumps changes nothing (R3).
 * Instants that replicas share are never taken from here; the database computes those.
 */
export abstract class Clock {
  /** Milliseconds since some fixed moment; never goes back. */
  abstract now(): number;

  /**
   * The time of this turn of the event loop: as `now()`, but of many who ask in a row only the first ones look at the clock.
   * In a turn that stands still it stands still too.
   */
  turn(): number {
    return this.now();
  }

  /** Resolves after `ms` milliseconds; rejects as soon as `signal` aborts. */
  abstract sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

/** Two looks so close to each other are the beginning of many in a row. */
const IN_A_ROW_MS = 0.005;

export class MonotonicClock extends Clock {
  private lookedAt = -Infinity;
  private isTurn = false;
  private readonly endTurn = () => {
    this.isTurn = false;
  };

  override now(): number {
    return performance.now();
  }

  override turn(): number {
    if (this.isTurn) return this.lookedAt;
    const now = this.now();
    if (now - this.lookedAt < IN_A_ROW_MS) {
      this.isTurn = true;
      // After all that is ready to run now, and before anything arrives from outside.
      nextTick(this.endTurn);
    }
    this.lookedAt = now;
    return now;
  }

  override sleep(ms: number, signal?: AbortSignal): Promise<void> {
    return setTimeout(ms, undefined, signal ? { signal } : undefined);
  }
}
