import { join } from 'node:path';
import { BUILT_APP } from '../../support/build.js';
import { type SpawnedApp, spawnApp } from '../../support/run-app.js';
import type { Tally } from './tally.js';

/** `server`: the token server, `dist/main.js`. `business`: an app with the module in it, which calls WeChat itself. */
export type ReplicaKind = 'server' | 'business';

export interface ReplicaSpec {
  readonly kind: ReplicaKind;
  /** Environment variables of this one alone. */
  readonly settings?: Readonly<Record<string, string>>;
  /** A program with arguments to run Node under, such as `['faketime', '-f', '+1h']`. */
  readonly prefix?: readonly string[];
}

const SCRIPTS: Readonly<Record<ReplicaKind, string>> = {
  server: BUILT_APP,
  business: join(import.meta.dirname, 'business-app.mjs'),
};

/** A place in the fleet: a process that may be killed, and its successors. */
export class ChaosReplica {
  /** Every process that ever ran here; the last one is the present one. */
  readonly processes: SpawnedApp[] = [];
  private address: string | undefined;
  private paused = false;
  private alive = false;
  /** Those whose end is no crash. */
  private readonly toldToEnd = new Set<SpawnedApp>();
  /** What callers are waiting for just now. */
  private readonly calls = new Set<AbortController>();

  constructor(
    readonly name: string,
    readonly spec: ReplicaSpec,
    private readonly settings: Readonly<Record<string, string>>,
    private readonly tally: Tally,
  ) {}

  get kind(): ReplicaKind {
    return this.spec.kind;
  }

  /** Whether its process is alive: listening, about to, or stopped. */
  get isRunning(): boolean {
    return this.alive;
  }

  /** Whether it listens, and nothing keeps it from answering. */
  get isUp(): boolean {
    return this.address !== undefined && !this.paused;
  }

  /** @throws Error while it does not listen */
  get url(): string {
    if (this.address === undefined) throw new Error(`${this.name} is down`);
    return this.address;
  }

  get pid(): number | undefined {
    return this.processes.at(-1)?.pid;
  }

  /** Whether a lease is that of the present process. */
  owns(leaseOwner: string): boolean {
    return leaseOwner.split(':').at(-2) === String(this.pid);
  }

  /** What all its processes have written so far. */
  logs(): string {
    return this.processes
      .map((process) => process.logs() + process.stderr())
      .join('\n');
  }

  /** Why it has just refused a token: its answers, which are WeChat's own, do not say. */
  reasonOfRefusal(): string {
    const log = this.processes.at(-1)?.logs().slice(-5000) ?? '';
    const reasons = log.matchAll(/"token not issued".*"reason":"(.*)"/g);
    return [...reasons].at(-1)?.[1] ?? '';
  }

  /** Starts a process and waits until it listens, or is killed. @throws AppEndedError when it ends by itself */
  async start(): Promise<void> {
    const { kind, prefix = [], settings } = this.spec;
    const [program, ...args] = [...prefix, process.execPath, SCRIPTS[kind]];
    const app = spawnApp(
      { ...this.settings, ...settings },
      { command: [program, ...args] },
    );
    this.processes.push(app);
    this.alive = true;
    this.paused = false;
    void app.exit.then(({ code, signal }) => {
      if (this.toldToEnd.has(app)) return;
      this.alive = false;
      this.address = undefined;
      const end = `${code ?? signal}: ${app.stderr().slice(-500)}`;
      this.tally.note('crash', this.name, end);
    });
    const address = await app.listening.catch((error: unknown) => {
      if (!this.toldToEnd.has(app)) throw error;
    });
    if (address !== undefined && !this.toldToEnd.has(app))
      this.address = address;
  }

  /** SIGKILL, and waits for its end. Those who wait for an answer are cut off. */
  async kill(): Promise<void> {
    this.tally.kills += 1;
    await this.end('SIGKILL');
  }

  async killAndRestart(): Promise<void> {
    await this.kill();
    await this.start();
  }

  /** SIGSTOP. Nobody asks it any more, and those who wait are cut off. */
  pause(): void {
    this.tally.kills += 1;
    this.paused = true;
    this.cutOff();
    this.signal('SIGSTOP');
  }

  /** SIGCONT. */
  resume(): void {
    this.signal('SIGCONT');
    this.paused = false;
  }

  /** SIGTERM, which must end it cleanly and in time. */
  async stop(withinSeconds: number): Promise<void> {
    const before = performance.now();
    const exit = await this.end('SIGTERM');
    const seconds = (performance.now() - before) / 1000;
    if (!exit || (exit.code === 0 && seconds <= withinSeconds)) return;
    const end = `${exit.code ?? exit.signal} after ${seconds.toFixed(1)} s`;
    this.tally.note('hung process', this.name, end);
  }

  /** Whatever state it is in. */
  async destroy(): Promise<void> {
    await this.end('SIGKILL');
    await Promise.all(this.processes.map((one) => one.stop('SIGKILL')));
  }

  /** Runs a call that is aborted when the process is killed or stopped. */
  async calling<T>(call: (cut: AbortController) => Promise<T>): Promise<T> {
    const cut = new AbortController();
    this.calls.add(cut);
    try {
      return await call(cut);
    } finally {
      this.calls.delete(cut);
    }
  }

  private end(signal: NodeJS.Signals) {
    const app = this.processes.at(-1);
    if (!app) return;
    this.toldToEnd.add(app);
    this.alive = false;
    this.address = undefined;
    this.cutOff();
    return app.stop(signal);
  }

  private cutOff(): void {
    for (const call of this.calls) call.abort(CUT_OFF);
  }

  private signal(signal: NodeJS.Signals): void {
    if (this.pid === undefined) throw new Error(`${this.name} never started`);
    process.kill(this.pid, signal);
  }
}

/** The reason of calls that were aborted since their process could not answer any more. */
export const CUT_OFF = new Error('cut off');
