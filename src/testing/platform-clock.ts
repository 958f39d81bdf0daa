const DAY_MS = 86_400_000;
const CHINA_OFFSET_MS = 8 * 3_600_000;

/**
 * The platform's clock: it starts at a given instant, runs in real time and
 * can be advanced. It never goes back, even if the machine's clock does.
 */
export class PlatformClock {
  private readonly origin = performance.now();
  private moved = 0;

  constructor(private readonly startAt: number) {}

  /** The time, epoch milliseconds. */
  now(): number {
    return this.startAt + (performance.now() - this.origin) + this.moved;
  }

  advance(seconds: number): void {
    if (!(seconds >= 0 && seconds < Infinity)) {
      throw new RangeError(`Cannot advance by ${seconds} seconds.`);
    }
    this.moved += seconds * 1000;
  }
}

/** The number of the China day (UTC+8) that contains the instant `at`. */
export function chinaDay(at: number): number {
  return Math.floor((at + CHINA_OFFSET_MS) / DAY_MS);
}
