import type { Clock } from '../../common/clock.js';

/** The time that an answer is kept, as a multiple of the time that it took to find. */
const KEPT_TIMES = 20;
const MIN_KEPT_MS = 1000;

interface Kept<Answer> {
  readonly answer: Promise<Answer>;
  /** Infinity while it is being found. */
  until: number;
}

/** Finds an answer again at most for a twentieth of the time, and at most once a second, however often it is asked for. */
export class PacedReads<Answer> {
  private readonly kept = new Map<string, Kept<Answer>>();

  /** @param maxKeys Answers that are kept at the same time; a further one takes the place of the oldest. */
  constructor(
    private readonly clock: Clock,
    private readonly maxKeys: number,
  ) {}

  /** A failure is not kept. */
  get(key: string, read: () => Promise<Answer>): Promise<Answer> {
    const begun = this.clock.now();
    const kept = this.kept.get(key);
    if (kept && begun < kept.until) return kept.answer;
    const reading: Kept<Answer> = { answer: read(), until: Infinity };
    this.kept.delete(key);
    this.kept.set(key, reading);
    this.dropOldest();
    reading.answer.then(
      () => {
        const now = this.clock.now();
        reading.until = now + Math.max(MIN_KEPT_MS, KEPT_TIMES * (now - begun));
      },
      () => {
        if (this.kept.get(key) === reading) this.kept.delete(key);
      },
    );
    return reading.answer;
  }

  private dropOldest(): void {
    if (this.kept.size <= this.maxKeys) return;
    for (const oldest of this.kept.keys()) return void this.kept.delete(oldest);
  }
}
