import { chinaDay } from './platform-clock.js';

/** A limit per China day; refused calls are not counted. */
export class DailyQuota {
  private day = 0;
  private taken = 0;

  constructor(private readonly limit: number) {}

  /** Calls that were counted today, and the limit. */
  usage(now: number): { readonly used: number; readonly limit: number } {
    const used = chinaDay(now) === this.day ? this.taken : 0;
    return { used, limit: this.limit };
  }

  take(now: number): boolean {
    if (chinaDay(now) !== this.day) {
      this.day = chinaDay(now);
      this.taken = 0;
    }
    if (this.taken >= this.limit) return false;
    this.taken += 1;
    return true;
  }
}

/**
 * A limit per minute or hour. The period begins with its first call: the documentation
 * does not define it, and so a test does not depend on the second at which it runs.
 * Refused calls are not counted.
 */
export class PeriodLimit {
  private startedAt = -Infinity;
  private taken = 0;

  constructor(
    private readonly limit: number,
    private readonly seconds: number,
  ) {}

  take(now: number): boolean {
    if (now - this.startedAt >= this.seconds * 1000) {
      this.startedAt = now;
      this.taken = 0;
    }
    if (this.taken >= this.limit) return false;
    this.taken += 1;
    return true;
  }
}

/** The limits of forced refreshes: a number per China day, and a minimum time between two. */
export class ForceBudget {
  private readonly quota: DailyQuota;
  private lastAt = -Infinity;

  constructor(
    daily: number,
    private readonly spacingMs: number,
  ) {
    this.quota = new DailyQuota(daily);
  }

  take(now: number): boolean {
    if (now - this.lastAt < this.spacingMs) return false;
    if (!this.quota.take(now)) return false;
    this.lastAt = now;
    return true;
  }
}
