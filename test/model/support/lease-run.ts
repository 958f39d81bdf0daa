import { createHash } from 'node:crypto';
import type { RenewalIntent } from '../../../src/wechat-token/renewal/policy/policy.js';
import { inShort, type StatementName } from './gated-runner.js';
import {
  allStandStill,
  ANSWERS,
  Gates,
  READS,
  WAKES_UP,
  type WaitingStep,
} from './gates.js';
import { type Choice, FaultBudget } from './budget.js';
import { checkEnding } from './ending.js';
import type { Run } from './explorer.js';
import { groundOf } from './ground.js';
import { fail, Invariants, ModelViolation } from './invariants.js';
import type { ModelDatabase, ModelRow } from './model-database.js';
import { ModelPlatform } from './model-platform.js';
import { ModelReplica } from './model-replica.js';
import { LEASE_MS, ModelTime, TICK_MS } from './model-time.js';
import type { Scenario } from './scenario.js';

/** What may fail, unless the scenario says otherwise: to store a token. */
const FAILING: readonly StatementName[] = ['storeRenewed'];

/** A moment, in which no version repeats. */
const FAILOVER_MS = 1000;
/** Longer than any back-off after a call that failed for once. */
const QUIET_MS = 120_000;
/** A caller waits for one lease and one call at most in each of its renewals; a longer wait is a hang. */
const MAX_WAIT_MS = 8 * LEASE_MS;

/** One run of a scenario: the real engine, several times, on the real store, with every step chosen from outside. */
export class LeaseRun implements Run {
  readonly gates = new Gates();
  readonly time = new ModelTime();
  readonly platform: ModelPlatform;
  readonly invariants: Invariants;
  private readonly replicas: ModelReplica[];
  private readonly trace: string[] = [];
  private readonly faults: FaultBudget;
  /** Grows whenever a sleeper would see something else than before. */
  private changes = 0;
  private readonly lookedAt = new Map<string, number>();
  private waitedMs = 0;
  private offered: readonly Choice[] = [];
  private violation: string | undefined;

  private constructor(
    readonly database: ModelDatabase,
    private readonly scenario: Scenario,
    private row: ModelRow,
  ) {
    const stored = scenario.stored === 'nothing' ? -1 : 0;
    this.platform = new ModelPlatform(scenario.mode, stored + scenario.ahead);
    this.faults = new FaultBudget(scenario.bounds);
    this.invariants = new Invariants(this.time, row, scenario.mode);
    this.replicas = scenario.replicas.map((_, index) => this.replica(index));
  }

  static async start(
    database: ModelDatabase,
    scenario: Scenario,
  ): Promise<LeaseRun> {
    const { stored, mode, versionsAreCounted } = scenario;
    database.reset(stored, mode, versionsAreCounted);
    const run = new LeaseRun(database, scenario, database.row());
    for (const [index, replica] of run.replicas.entries())
      void run.perform(replica, scenario.replicas[index] ?? []);
    await run.settle();
    return run;
  }

  get notes(): readonly string[] {
    return this.invariants.notes;
  }

  choices(): readonly string[] {
    return this.offered.map(({ label }) => label);
  }

  async take(choice: number): Promise<void> {
    const chosen = this.offered[choice];
    if (!chosen) throw new Error(`no choice ${choice}`);
    this.trace.push(`${this.time.now / 1000} s: ${chosen.label}`);
    await chosen.take();
    await this.settle();
  }

  state(): string {
    const replicas = this.replicas.map((replica) => {
      const step = this.gates.stepOf(replica.id);
      return [
        this.gates.knowledgeOf(replica.id),
        step && [step.what, this.hasReason(step)],
        replica.crashed,
        replica.served(),
        replica.pending(),
        this.invariants.newestServed(replica.id),
        this.row.leaseOwner === replica.id,
      ].join();
    });
    // Replicas that do the same are interchangeable.
    if (this.areAlike) replicas.sort();
    const state = JSON.stringify([
      replicas,
      inShort(this.database.wholeRow()),
      this.time.now,
      this.platform.newest,
      [...this.invariants.losses]
        .map(([token, loss]) => `${token}: ${loss}`)
        .sort(),
      this.faults.left,
      this.faults.left.failovers > 0 && inShort(this.database.lastRows),
      this.violation,
    ]);
    return createHash('sha1').update(state).digest('base64');
  }

  private get areAlike(): boolean {
    const { replicas, clockStands } = this.scenario;
    const scripts = new Set(replicas.map((script) => JSON.stringify(script)));
    return scripts.size === 1 && !clockStands;
  }

  /**
   * The end, when no replica has anything left to do. Whatever was lost, one more renewal brings the current token; one that first
   * finds a token to store, which a replica had and could not, is followed by the one that the cron then makes.
   */
  async finish(): Promise<void> {
    await this.explained(() => this.checkEnd());
    await this.explained(() => this.renewOnceMore());
  }

  private checkEnd(): void {
    const { row, platform, invariants, faults, waitedMs } = this;
    const ending = {
      stored: row.value,
      current: platform.current,
      calls: platform.calls,
      losses: invariants.losses.values(),
      rotated: faults.hasHappened('rotations'),
      failedOver: faults.hasHappened('failovers'),
      allWell: this.replicas.every((r) => !r.crashed && !r.failed),
      faultless: !faults.anythingHappened && waitedMs === 0,
    };
    checkEnding(ending, this.scenario.calls);
  }

  private async renewOnceMore(): Promise<void> {
    this.gates.openAll();
    this.passTime(QUIET_MS);
    const survivors = this.replicas.filter((replica) => !replica.crashed);
    const heir = survivors[0] ?? this.replica(this.replicas.length);
    const { value } = this.row;
    // What a caller would do, whose token the platform refuses.
    if (value !== this.platform.current)
      await this.renewNow(
        heir,
        value === null ? { kind: 'due' } : { kind: 'rejected', value },
      );
    await this.renewNow(heir, { kind: 'due' });
    const { value: stored } = this.database.row();
    if (stored !== this.platform.current)
      fail(`one more renewal has stored ${stored}, not the current token`);
    for (const replica of survivors) {
      await this.renewNow(replica, { kind: 'due' });
      if (replica.served() !== this.platform.current)
        fail(`${replica.id} serves ${replica.served()} in the end`);
    }
  }

  /** No other replica holds the lease: there is nothing to wait for. */
  private async renewNow(
    replica: ModelReplica,
    intent: RenewalIntent,
  ): Promise<void> {
    const renewal = replica.renew(intent);
    await allStandStill();
    if (this.gates.stepOf(replica.id))
      fail(`${replica.id} waits though nobody holds the lease`);
    await renewal;
  }

  private async perform(
    replica: ModelReplica,
    intents: Scenario['replicas'][number],
  ): Promise<void> {
    for (const intent of intents) {
      const begins = `${intent.kind} at ${this.time.now}`;
      this.gates.remembers(replica.id, begins);
      await replica.renew(intent);
    }
    replica.ended = true;
  }

  private async settle(): Promise<void> {
    await allStandStill();
    const before = this.row;
    this.row = this.database.row();
    if (before.version !== this.row.version) this.changes += 1;
    await this.explained(() => {
      this.invariants.check(this.row);
      for (const replica of this.replicas)
        this.invariants.serves(replica.id, replica.served());
    });
    this.offered = this.violation ? [] : this.offer();
  }

  private offer(): Choice[] {
    const running = this.replicas.filter((replica) => replica.isRunning);
    const steps = running.map((replica) => this.stepOf(replica));
    const awake = steps.filter((step) => this.hasReason(step));
    const choices = awake.flatMap((step) => this.waysOf(step));
    if (running.length === 0) return [];
    const tick = this.timeMatters(steps)
      ? this.faults.choice('ticks', `${TICK_MS / 1000} s pass`, () =>
          this.passTime(TICK_MS),
        )
      : [];
    choices.push(...tick);
    if (awake.length === 0 && tick.length === 0)
      choices.push({ label: 'all sleep', take: () => this.sleep() });
    for (const { replica, what } of steps)
      choices.push(
        ...this.faults.choice('crashes', `${replica} crashes`, () =>
          this.crash(replica, what),
        ),
      );
    const rotate = () => {
      this.platform.rotate();
      this.invariants.rotated();
    };
    choices.push(
      ...this.faults.choice('rotations', 'another system rotates', rotate),
    );
    for (const lost of this.database.lastRows.keys())
      choices.push(
        ...this.faults.choice(
          'failovers',
          `a failover loses ${lost + 1} writes`,
          () => this.failOver(lost + 1),
        ),
      );
    return choices;
  }

  private waysOf({ replica, what, pass }: WaitingStep): Choice[] {
    const label = `${replica}: ${what}`;
    const go = () => {
      if (what === READS) this.lookedAt.set(replica, this.changes);
      pass('done');
    };
    const choices: Choice[] = [{ label, take: go }];
    if (what === ANSWERS)
      choices.push(
        ...this.faults.choice('lostAnswers', `${label} not`, () => {
          this.invariants.answerLost(replica);
          pass('lost');
        }),
      );
    const failing: readonly string[] = this.scenario.failing ?? FAILING;
    if (failing.includes(what))
      for (const passage of ['lost', 'answer lost'] as const)
        choices.push(
          ...this.faults.choice('failedWrites', `${label}, ${passage}`, () => {
            this.invariants.writeFailed(replica);
            pass(passage);
          }),
        );
    return choices;
  }

  private stepOf(replica: ModelReplica): WaitingStep {
    const step = this.gates.stepOf(replica.id);
    if (!step) throw new Error(`${replica.id} is at no gate, and not done`);
    return step;
  }

  /** To wake up when nothing has changed leads back to where it was. */
  private hasReason({ replica, what }: WaitingStep): boolean {
    return what !== WAKES_UP || this.lookedAt.get(replica) !== this.changes;
  }

  /** While no replica holds the lease or is about to, it makes no difference how late it is. */
  private timeMatters(steps: readonly WaitingStep[]): boolean {
    return (
      (this.row.leaseInMs ?? 0) > 0 ||
      steps.some(({ what }) => what === 'claim')
    );
  }

  private failOver(lostWrites: number): void {
    this.database.failOver(lostWrites);
    this.passTime(FAILOVER_MS);
    this.invariants.failedOver(this.database.row());
  }

  private crash(id: string, at: string): void {
    const replica = this.replicas.find((candidate) => candidate.id === id);
    if (replica) replica.crashed = true;
    this.gates.forget(id);
    this.invariants.crashed(id, at);
  }

  private async sleep(): Promise<void> {
    this.waitedMs += TICK_MS;
    if (this.waitedMs > MAX_WAIT_MS)
      await this.explained(() => fail('somebody waits for ever'));
    this.passTime(TICK_MS);
  }

  private passTime(ms: number): void {
    this.time.now += ms;
    this.changes += 1;
    this.database.passTime(ms);
  }

  private replica(index: number): ModelReplica {
    return new ModelReplica(groundOf(this.scenario, index, this));
  }

  /** A violation says how it came about. */
  private async explained(check: () => void | Promise<void>): Promise<void> {
    if (this.violation) return;
    try {
      await check();
    } catch (error) {
      if (!(error instanceof ModelViolation)) throw error;
      this.violation = error.message;
      const steps = this.trace.map((step) => `\n  ${step}`).join('');
      if (!this.scenario.isBroken)
        throw new ModelViolation(`${error.message}, after${steps}`);
      this.invariants.notes.push(error.message);
    }
  }
}
