import { Injectable } from '@nestjs/common';
import { Clock } from '../common/clock.js';

/** A commit may become visible this long after the instant that it has written. */
const LATE_COMMIT_MS = 10_000;
/** So often the queue is read from its very beginning: other programs may have put something there. */
const WHOLE_EVERY_MS = 60_000;
/** No place is older. */
const WHOLE_MS = 100 * 365 * 24 * 3600 * 1000;

/**
 * Where the queue begins. As long as somebody reads an old snapshot, for a backup perhaps, a database keeps the old entries of its
 * indexes: in the queue's all of them are at instants that have passed, and only a reader that leaves these out does not read them
 * again and again.
 */
@Injectable()
export class QueueFront {
  private beginsAt = -Infinity;
  private readWholeAt = -Infinity;

  constructor(private readonly clock: Clock) {}

  /** How old the first place is at most, milliseconds. */
  get depthMs(): number {
    return Math.min(WHOLE_MS, Math.ceil(this.clock.now() - this.beginsAt));
  }

  /** Begins a look at the queue, as deep as it says; `found` is to be told when the first place comes, milliseconds from now. */
  look() {
    const lookedAt = this.clock.now();
    const isWhole = lookedAt - this.readWholeAt >= WHOLE_EVERY_MS;
    const depthMs = isWhole ? WHOLE_MS : this.depthMs;
    const found = (firstInMs: number) => {
      if (isWhole) this.readWholeAt = lookedAt;
      this.beginsAt = lookedAt + firstInMs - LATE_COMMIT_MS;
    };
    return { depthMs, isWhole, found };
  }
}
