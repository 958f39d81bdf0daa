import { chinaDay } from './platform-clock.js';

/** So many a China day; what is refused is not counted. */
export class DailyQuota {
  private day = 0;
  private taken = 0;

  constructor(private readonly limit: number) {}

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
 * So many a minute. The minute begins with its first call: the pages do not
 * say whose minute it is, and so a test does not depend on the second it runs.
 */
export class MinuteLimit {
  private startedAt = -Infinity;
  private taken = 0;

  constructor(private readonly limit: number) {}

  take(now: number): boolean {
    if (now - this.startedAt >= 60_000) {
      this.startedAt = now;
      this.taken = 0;
    }
    if (this.taken >= this.limit) return false;
    this.taken += 1;
    return true;
  }
}

/** Forced refreshes: so many a China day, and so far apart. */
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
