import { createHash, randomInt } from 'node:crypto';

/** CHAOS_SEED repeats a run's choices. */
const SEED = Number(process.env['CHAOS_SEED'] ?? randomInt(2 ** 31));

/** Choices that can be made again: the suite's seed, mixed with the run's name. */
export class Random {
  readonly seed = SEED;
  private state: number;

  constructor(name: string) {
    const hash = createHash('sha256').update(`${SEED} ${name}`).digest();
    this.state = hash.readUInt32LE();
  }

  /** 0 ≤ x < 1, by Mulberry32. */
  next(): number {
    this.state = (this.state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(this.state ^ (this.state >>> 15), 1 | this.state);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  }

  between(low: number, high: number): number {
    return low + (high - low) * this.next();
  }

  /** One of them; undefined of none. */
  pick<T>(items: readonly T[]): T | undefined {
    return items[Math.floor(this.next() * items.length)];
  }
}
