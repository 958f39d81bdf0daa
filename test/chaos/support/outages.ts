import { setTimeout as sleep } from 'node:timers/promises';
import type { IncidentKind, Tally } from './tally.js';
import type { TcpProxy } from './tcp-proxy.js';

export interface Outage {
  readonly seconds: number;
  /** What may happen to callers meanwhile. Default: nothing. */
  readonly explains?: readonly IncidentKind[];
  /** How long after its end those may still happen. Default: 0. */
  readonly graceSeconds?: number;
}

interface Span extends Outage {
  readonly from: number;
  readonly to: number;
}

/** What callers notice. */
const NOTICED = ['bad token', 'refusal', 'failed call'] as const;

/** The times of outages, to distinguish expected failures from others. */
export class Outages {
  private readonly spans: Span[] = [];

  constructor(private readonly tally: Tally) {}

  /** The line is a black hole for so long. */
  blackHole(line: TcpProxy, outage: Outage): Promise<void> {
    const begin = () => line.blackHole();
    return this.during(outage, { begin, end: () => line.passThrough() });
  }

  async during(
    outage: Outage,
    trouble: { begin(): Promise<void>; end(): Promise<void> },
  ): Promise<void> {
    const from = this.tally.now;
    await trouble.begin();
    await sleep(outage.seconds * 1000);
    await trouble.end();
    this.spans.push({ ...outage, from, to: this.tally.now });
  }

  /** What callers noticed and no outage explains, in words. */
  unexplained(): string[] {
    return NOTICED.flatMap((kind) =>
      this.gaps(kind).flatMap((gap) => this.tally.of([kind], gap)),
    );
  }

  /** The times in which that should not have happened. */
  private gaps(kind: IncidentKind): { from: number; to: number }[] {
    let from = 0;
    const gaps: { from: number; to: number }[] = [];
    for (const span of this.spans) {
      if (!span.explains?.includes(kind)) continue;
      gaps.push({ from, to: span.from });
      from = span.to + (span.graceSeconds ?? 0);
    }
    return [...gaps, { from, to: Infinity }];
  }
}
