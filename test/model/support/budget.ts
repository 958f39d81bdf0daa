import type { Bounds } from './scenario.js';

/** One thing that can happen next. */
export interface Choice {
  readonly label: string;
  readonly take: () => void | Promise<void>;
}

/** What may still go wrong in a run. */
export class FaultBudget {
  readonly left: { -readonly [Fault in keyof Bounds]: Bounds[Fault] };

  constructor(private readonly bounds: Bounds) {
    this.left = { ...bounds };
  }

  /** The choice that this goes wrong; none when it has gone wrong often enough. */
  choice(
    fault: keyof Bounds,
    label: string,
    happen: Choice['take'],
  ): readonly Choice[] {
    if (this.left[fault] === 0) return [];
    const take = () => {
      this.left[fault] -= 1;
      return happen();
    };
    return [{ label, take }];
  }

  hasHappened(fault: keyof Bounds): boolean {
    return this.left[fault] < this.bounds[fault];
  }

  get anythingHappened(): boolean {
    const faults = Object.keys(this.left) as (keyof Bounds)[];
    return faults.some((fault) => this.hasHappened(fault));
  }
}
