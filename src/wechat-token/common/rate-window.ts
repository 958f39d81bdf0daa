import type { Clock } from './clock.js';

interface RateLimit {
  /** Hits of one key that are allowed in one window. */
  readonly limit: number;
  readonly windowMs: number;
  /** Keys that are counted at the same time, {@link OVERFLOW_KEY} included. */
  readonly maxKeys: number;
  /** What becomes of a further key: it shares one count with all others, or the oldest count gives way to its own. */
  readonly whenFull: 'share' | 'drop oldest';
}

/** The key that is counted in place of every further key when there is no room for it. */
const OVERFLOW_KEY = 'overflow';

/**
 * Counts hits per key. A key's window begins with its first hit; the hit that reaches the limit blocks the key for another
 * `windowMs`. At most `maxKeys` are counted, so that inventing keys cannot exhaust memory.
 */
export class RateWindow {
  /** Ordered by `endsAt`: a window that begins or is extended is inserted at the end. */
  private readonly windows = new Map<
    string,
    { hits: number; endsAt: number }
  >();

  constructor(
    private readonly clock: Clock,
    private readonly rate: RateLimit,
  ) {}

  /** Counts a hit; returns false, and counts nothing, if the key is blocked. */
  hit(key: string): boolean {
    const { limit, windowMs } = this.rate;
    const bucket = this.bucketOf(key);
    const endsAt = this.clock.now() + windowMs;
    const window = this.windows.get(bucket) ?? { hits: 0, endsAt };
    if (window.hits >= limit) return false;
    window.hits++;
    if (window.hits === limit) {
      window.endsAt = endsAt;
      this.windows.delete(bucket);
    }
    this.windows.set(bucket, window);
    this.dropOldest();
    return true;
  }

  /** Milliseconds until the key is no longer blocked; 0 if it is not blocked. */
  blockedMs(key: string): number {
    const window = this.windows.get(this.bucketOf(key));
    const isBlocked = window && window.hits >= this.rate.limit;
    return isBlocked ? window.endsAt - this.clock.now() : 0;
  }

  /** The key under which hits of this key are counted: the key itself, or {@link OVERFLOW_KEY}. */
  bucketOf(key: string): string {
    this.dropExpired();
    if (this.rate.whenFull === 'drop oldest') return key;
    // One place is reserved for the overflow.
    const hasRoom = this.windows.size < this.rate.maxKeys - 1;
    return hasRoom || this.windows.has(key) ? key : OVERFLOW_KEY;
  }

  private dropOldest(): void {
    if (this.windows.size <= this.rate.maxKeys) return;
    for (const oldest of this.windows.keys())
      return void this.windows.delete(oldest);
  }

  private dropExpired(): void {
    const now = this.clock.now();
    for (const [key, { endsAt }] of this.windows) {
      if (endsAt > now) return;
      this.windows.delete(key);
    }
  }
}
