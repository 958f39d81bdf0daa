import type { Clock } from '../wechat-token/common/clock.js';

interface Sleeper {
  readonly dueAt: number;
  wake(): void;
}

/**
 * A clock that moves only when the test advances it. For code that takes a
 * `Clock`: its lifetimes, back-off and timers then take no real time.
 */
export class ManualClock implements Clock {
  private time = 1_000_000;
  private readonly waiting = new Set<Sleeper>();

  /** The time in milliseconds; starts at 1 000 000. */
  now(): number {
    return this.time;
  }

  /** Same as `now()`, since the clock does not move by itself. */
  turn(): number {
    return this.time;
  }

  /** The number of pending `sleep` calls. */
  get sleepers(): number {
    return this.waiting.size;
  }

  /**
   * Resolves when the clock has been advanced by `ms` milliseconds; rejects
   * with `signal.reason` on abort. Zero or less resolves on the next turn of
   * the event loop, as a real timer does.
   */
  async sleep(ms: number, signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted();
    if (ms <= 0) return eventLoopTurn();
    return new Promise((resolve, reject) => {
      const sleeper: Sleeper = {
        dueAt: this.time + ms,
        wake: () => {
          end();
          resolve();
        },
      };
      const abort = () => {
        end();
        reject(signal?.reason);
      };
      const end = () => {
        this.waiting.delete(sleeper);
        signal?.removeEventListener('abort', abort);
      };
      signal?.addEventListener('abort', abort, { once: true });
      this.waiting.add(sleeper);
    });
  }

  /**
   * Advances the clock by `ms` milliseconds. Sleepers wake in the order in
   * which they become due, each at its own instant, and their continuations run
   * before the next one wakes; so a loop that sleeps again is woken again.
   * Network I/O is not awaited: the test awaits its promise.
   *
   * @throws RangeError when `ms` is negative or not a number
   */
  async advance(ms: number): Promise<void> {
    if (!(ms >= 0)) throw new RangeError(`Cannot advance by ${ms} ms.`);
    const end = this.time + ms;
    await eventLoopTurn();
    let next = this.nextDue(end);
    while (next) {
      this.time = Math.max(this.time, next.dueAt);
      next.wake();
      await eventLoopTurn();
      next = this.nextDue(end);
    }
    this.time = Math.max(this.time, end);
    await eventLoopTurn();
  }

  private nextDue(end: number): Sleeper | undefined {
    let first: Sleeper | undefined;
    for (const sleeper of this.waiting) {
      // Strictly earlier: of two sleepers due at the same instant the older one wakes first.
      if (sleeper.dueAt <= end && (!first || sleeper.dueAt < first.dueAt)) {
        first = sleeper;
      }
    }
    return first;
  }
}

function eventLoopTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
