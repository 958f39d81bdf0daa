import { explore, type Run } from './support/explorer.js';

/** Processes that each count to a limit, and share nothing. */
class Counters implements Run {
  readonly notes: string[] = [];
  private readonly counts: number[];

  constructor(private readonly limits: readonly number[]) {
    this.counts = limits.map(() => 0);
  }

  choices(): string[] {
    return this.open().map((process) => `process ${process}`);
  }

  async take(choice: number): Promise<void> {
    const process = this.open()[choice] ?? 0;
    this.counts[process] = (this.counts[process] ?? 0) + 1;
    this.notes.push(`process ${process} counts`);
  }

  state(): string {
    return this.counts.join();
  }

  async finish(): Promise<void> {
    expect(this.counts).toEqual(this.limits);
  }

  private open(): number[] {
    return [...this.limits.keys()].filter(
      (process) => (this.counts[process] ?? 0) < (this.limits[process] ?? 0),
    );
  }
}

describe('the explorer', () => {
  it('goes to every state once, and counts every way', async () => {
    const explored = await explore(async () => new Counters([3, 4]));

    expect(explored).toMatchObject({
      interleavings: 35n, // 7 over 3
      states: 4 * 5,
      endStates: 1,
    });
    expect([...explored.notes]).toEqual([
      ['process 0 counts', 3 * 5],
      ['process 1 counts', 4 * 4],
    ]);
  });

  it('detects a system that returns to an earlier state', async () => {
    class Idle extends Counters {
      override state(): string {
        return 'idle';
      }
    }

    await expect(explore(async () => new Idle([3]))).rejects.toThrow(
      'round in circles',
    );
  });

  it('detects a run that cannot be repeated', async () => {
    let runs = 0;
    const start = async () => new Counters(++runs === 1 ? [1, 1] : [1]);

    await expect(explore(start)).rejects.toThrow('another run');
  });
});
