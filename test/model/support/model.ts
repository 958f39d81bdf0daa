import { Logger } from '@nestjs/common';
import { type Exploration, explore } from './explorer.js';
import { LeaseRun } from './lease-run.js';
import { ModelDatabase } from './model-database.js';
import type { Scenario } from './scenario.js';

/** Runs scenarios, for a spec file, and keeps count of what was seen in them. */
export class Model implements AsyncDisposable {
  readonly seen = new Map<string, number>();

  private constructor(private readonly database: ModelDatabase) {}

  /**
   * The jitter is fixed, so that the same choices make the same run, and no instant is near one where the model rounds; nothing is
   * logged.
   */
  static async open(): Promise<Model> {
    Logger.overrideLogger(false);
    vi.spyOn(Math, 'random').mockReturnValue(0.6);
    return new Model(await ModelDatabase.open());
  }

  start(scenario: Scenario): Promise<LeaseRun> {
    return LeaseRun.start(this.database, scenario);
  }

  /** Every interleaving. @throws ModelViolation that shows how it came about. */
  async explore(title: string, scenario: Scenario): Promise<Exploration> {
    const explored = await explore(() => this.start(scenario));
    for (const [note, times] of explored.notes) this.count(note, times);
    const { interleavings, states, endStates, runs } = explored;
    const ways = interleavings.toLocaleString('en');
    process.stdout.write(
      `[model] ${title}: ${ways} interleavings, ${states} states, ${endStates} ends, ${runs} runs\n`,
    );
    return explored;
  }

  /** Explores a system with a fault until it has done what it must not. */
  async finds(violation: string, scenario: Scenario): Promise<boolean> {
    const broken = { ...scenario, isBroken: true };
    const { notes } = await explore(() => this.start(broken), violation);
    return notes.has(violation);
  }

  count(note: string, times = 1): void {
    this.seen.set(note, (this.seen.get(note) ?? 0) + times);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.database[Symbol.asyncDispose]();
  }
}
