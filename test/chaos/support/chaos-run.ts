import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  DEFAULT_FAKE_ACCOUNT,
  DEFAULT_FAKE_WECOM_ACCOUNT,
  FakeWechat,
  type FakeWechatOptions,
} from '../../../src/testing/index.js';
import type { TokenMode } from '../../../src/wechat-token/index.js';
import { API_KEY, apiKeys } from '../../support/app-sandbox.js';
import { Callers } from './callers.js';
import type { ChaosDatabase } from './chaos-database.js';
import {
  ChaosReplica,
  type ReplicaKind,
  type ReplicaSpec,
} from './chaos-replica.js';
import {
  type ChaosReport,
  countIncidents,
  reportLine,
} from './chaos-report.js';
import { Random } from './random.js';
import { RowWatch } from './row-watch.js';
import { SecretScan } from './secret-scan.js';
import { Tally } from './tally.js';

export interface ChaosOptions {
  /** The scenario's, in the report. */
  readonly name: string;
  readonly mode: TokenMode;
  /** The run's own connection goes there, whatever the replicas' DATABASE_URL is. */
  readonly database: ChaosDatabase;
  /** Default: two token servers and a business app. */
  readonly replicas?: readonly (ReplicaKind | ReplicaSpec)[];
  /** Default: a life of 12 s; the platform rotates in the last third of it. */
  readonly wechat?: FakeWechatOptions;
  /** Environment variables of every replica, besides the usual ones. */
  readonly settings?: Readonly<Record<string, string>>;
  /** Keeps {@link BESIDE} valid as well. */
  readonly withOthers?: true;
  /** Concurrent readers of each replica, and callers of each business app. Default: 2 and 2. */
  readonly readers?: number;
  readonly businessCallers?: number;
  /** Done before the first process starts: a platform that is down from the start. */
  readonly beforeStart?: (wechat: FakeWechat) => Promise<void> | void;
}

export const LIFE_SECONDS = 12;
/** A busy machine can keep a platform that answers at once from being heard for a second. */
export const REQUEST_TIMEOUT_MS = 2000;
export const LEASE_SECONDS = 5;
/** The app waits for the call that is under way and 3 s more; the rest is for a busy machine. */
const STOP_SECONDS = REQUEST_TIMEOUT_MS / 1000 + 3 + 10;
/** How long a fleet whose faults are over may take on a busy machine. */
const SETTLE_SECONDS = 30;

/** What is kept valid beside the access token: a ticket that is made from it, and the tokens of an application of WeCom. */
const BESIDE = ['jsapi_ticket', 'access_token:crm', 'corp_ticket:crm'];
const OTHERS = [
  { ...DEFAULT_FAKE_ACCOUNT, tickets: ['jsapi'] },
  {
    name: 'crm',
    kind: 'wecom',
    ...DEFAULT_FAKE_WECOM_ACCOUNT,
    tickets: ['corp'],
  },
];

/** Short lives, and everything else in proportion. */
const SETTINGS = {
  WECHAT_REQUEST_TIMEOUT_MS: String(REQUEST_TIMEOUT_MS),
  WECHAT_LEASE_SECONDS: String(LEASE_SECONDS),
  WECHAT_REFRESH_CRON: '* * * * * *',
  WECHAT_SYNC_INTERVAL_MS: '250',
  LOG_LEVEL: 'debug',
};

/** A fleet of real processes on a real database and a FakeWechat, callers that judge every answer, and faults. */
export class ChaosRun implements AsyncDisposable {
  readonly tally = new Tally();
  readonly scan = new SecretScan();
  readonly random: Random;
  readonly row: RowWatch;
  readonly callers: Callers;
  readonly replicas: readonly ChaosReplica[];
  private readonly restarts: Promise<void>[] = [];
  private isReported = false;

  private constructor(
    readonly wechat: FakeWechat,
    private readonly options: ChaosOptions,
  ) {
    const { name, mode, database, replicas, settings } = options;
    this.random = new Random(`${name} ${mode}`);
    this.row = new RowWatch(database.url, wechat, this.tally);
    this.callers = new Callers(wechat, this.tally, this.scan, {
      readers: options.readers ?? 2,
      businessCallers: options.businessCallers ?? 2,
      pauseMs: [20, 50],
      requestTimeoutMs: REQUEST_TIMEOUT_MS,
      // R2: the app keeps a twentieth of a short life back.
      transitMs: Math.min(500, (this.lifeSeconds * 1000) / 24),
    });
    const usual = {
      ...SETTINGS,
      DATABASE_URL: database.url,
      WECHAT_API_BASE_URL: wechat.baseUrl,
      ...(options.withOthers
        ? {
            WECHAT_ACCOUNTS: JSON.stringify(OTHERS),
            WECOM_API_BASE_URL: wechat.baseUrl,
          }
        : {
            WECHAT_APP_ID: DEFAULT_FAKE_ACCOUNT.appId,
            WECHAT_APP_SECRET: DEFAULT_FAKE_ACCOUNT.appSecret,
          }),
      WECHAT_TOKEN_MODE: mode,
      API_KEYS: apiKeys({ id: 'chaos', key: API_KEY }),
      ...settings,
    };
    this.replicas = (replicas ?? ['server', 'server', 'business'])
      .map((spec) => (typeof spec === 'string' ? { kind: spec } : spec))
      .map((spec, i) => {
        const label = `${spec.kind}-${i + 1}`;
        return new ChaosReplica(label, spec, usual, this.tally);
      });
  }

  /** Starts the platform, the fleet and the callers; all replicas listen when it resolves. */
  static async create(options: ChaosOptions): Promise<ChaosRun> {
    const wechat = await FakeWechat.start({
      lifeSeconds: LIFE_SECONDS,
      accounts: [DEFAULT_FAKE_ACCOUNT, DEFAULT_FAKE_WECOM_ACCOUNT],
      ...options.wechat,
    });
    const run = new ChaosRun(wechat, options);
    try {
      await options.beforeStart?.(wechat);
      await Promise.all(run.replicas.map((replica) => replica.start()));
      run.row.start();
      run.callers.start(run.replicas);
      return run;
    } catch (error) {
      await run[Symbol.asyncDispose]();
      throw error;
    }
  }

  /** Calls of the endpoint that issues tokens, so far. */
  get upstreamCalls(): number {
    return this.wechat.calls[this.options.mode];
  }

  /** The tokens that it has issued to the account whose token is read. */
  get issued(): number {
    return this.wechat.issued(DEFAULT_FAKE_ACCOUNT.appId);
  }

  /** Calls for {@link BESIDE}, so far. */
  get callsForOthers(): number {
    const { ticket, wecomToken, wecomTicket } = this.wechat.calls;
    return ticket + wecomToken + wecomTicket;
  }

  get up(): ChaosReplica[] {
    return this.replicas.filter((replica) => replica.isUp);
  }

  /** The replica whose process has the lease; undefined when none has, or when it is dead. */
  async leaseHolder(): Promise<ChaosReplica | undefined> {
    const row = await this.row.row();
    const owner = row?.leased ? row.leaseOwner : null;
    return owner === null
      ? undefined
      : this.replicas.find((one) => one.isRunning && one.owns(owner));
  }

  /**
   * The replica that the platform issues the next token to, while the answer is on its way: give the platform a delay, so
   * that there is time to do something to it.
   */
  async nextRenewal(withinSeconds = LIFE_SECONDS): Promise<ChaosReplica> {
    const before = this.issued;
    return vi.waitUntil(
      () => (this.issued > before ? this.leaseHolder() : undefined),
      { timeout: withinSeconds * 1000, interval: 5 },
    );
  }

  /** SIGKILL, unless it is dead already; the successor starts behind the caller's back, and {@link settles} waits for it. */
  async kill(replica: ChaosReplica): Promise<void> {
    if (!replica.isRunning) return;
    await replica.kill();
    const restart = replica.start();
    restart.catch(() => undefined); // settles() reports it
    this.restarts.push(restart);
  }

  /** Whether the last renewal has succeeded: the row holds the newest of all tokens, and no error. */
  async isRenewed(): Promise<boolean> {
    const row = await this.row.row();
    const { appId } = DEFAULT_FAKE_ACCOUNT;
    const newest = this.wechat.currentToken(appId, this.options.mode);
    return row?.lastError === null && row.value === newest;
  }

  /** A round each `everyMs`, for so many seconds; a round that takes longer delays the next. */
  async *rounds(seconds: number, everyMs = 1000): AsyncGenerator<number> {
    const startedAt = performance.now();
    for (let round = 0; ; round++) {
      const due = startedAt + round * everyMs;
      await sleep(Math.max(0, due - performance.now()));
      if (performance.now() - startedAt >= seconds * 1000) return;
      yield round;
    }
  }

  /** After the faults: every replica is up and serves the same token, which the platform accepts. */
  async settles(): Promise<void> {
    await Promise.all(this.restarts);
    await vi.waitFor(
      async () => {
        const reads = this.replicas.map((replica) =>
          this.callers.read(replica),
        );
        const [token = '', ...others] = await Promise.all(reads);
        expect(this.wechat.accepts(token), 'a live token').toBe(true);
        expect(others, 'all serve the same').toEqual(others.map(() => token));
        if (this.options.withOthers)
          for (const name of BESIDE) await this.settlesOn(name);
      },
      { timeout: SETTLE_SECONDS * 1000, interval: 100 },
    );
  }

  private async settlesOn(name: string): Promise<void> {
    const headers = { authorization: `Bearer ${API_KEY}` };
    const values = await Promise.all(
      this.replicas.map(async ({ url }) => {
        const response = await fetch(`${url}/wechat-tokens/${name}`, {
          headers,
        });
        return ((await response.json()) as { value?: string }).value ?? '';
      }),
    );
    const [value = ''] = values;
    const isLive =
      this.wechat.accepts(value) || this.wechat.acceptsTicket(value);
    expect(isLive, `a live ${name}`).toBe(true);
    expect(new Set(values).size, `all serve the same ${name}`).toBe(1);
  }

  /**
   * Ends the callers and, by SIGTERM, all processes; searches what they wrote and answered for secrets; prints the report, and
   * checks what holds in every scenario: nothing hangs, crashes, comes late or shows a secret, and the row holds no garbage.
   */
  async finish(): Promise<ChaosReport> {
    await this.callers.stop();
    await Promise.all(this.replicas.map((one) => one.stop(STOP_SECONDS)));
    await this.row.stop();
    await this.scanAll();
    const report = this.report();
    expect(
      this.tally.of([
        'hung',
        'late',
        'garbage',
        'set back',
        'secret',
        'crash',
        'hung process',
      ]),
    ).toEqual([]);
    expect(report.scanned.characters).toBeGreaterThan(1000);
    expect(report.scanned.lines).toBeGreaterThan(this.replicas.length);
    if (this.options.readers !== 0) expect(report.reads).toBeGreaterThan(10);
    return report;
  }

  /** Ends everything, whatever state it is in. */
  async [Symbol.asyncDispose](): Promise<void> {
    await Promise.all(this.replicas.map((replica) => replica.destroy()));
    await Promise.allSettled(this.restarts);
    await Promise.all(this.replicas.map((replica) => replica.destroy()));
    await this.callers.stop();
    await this.row.stop();
    await this.wechat.stop();
    if (!this.isReported) this.report('ended early, ');
    this.keepLogs();
  }

  /** CHAOS_LOGS names a folder for what the processes wrote, to be read by people. */
  private keepLogs(): void {
    const folder = process.env['CHAOS_LOGS'];
    if (!folder) return;
    mkdirSync(folder, { recursive: true });
    const { name, mode } = this.options;
    for (const replica of this.replicas) {
      const file = `${name} ${mode} ${replica.name}.log`;
      writeFileSync(join(folder, file), replica.logs());
    }
  }

  private get lifeSeconds(): number {
    return this.options.wechat?.lifeSeconds ?? LIFE_SECONDS;
  }

  private async scanAll(): Promise<void> {
    for (const replica of this.replicas)
      this.scan.add(`log of ${replica.name}`, replica.logs());
    this.scan.add('database', await this.row.texts());
    for (const { where, text } of this.tally.incidents)
      this.scan.add(`incidents at ${where}`, text);
    const secrets = [
      DEFAULT_FAKE_ACCOUNT.appSecret,
      API_KEY,
      DEFAULT_FAKE_WECOM_ACCOUNT.secret,
      ...this.wechat.issuedTokens,
      ...this.wechat.issuedTickets,
    ];
    for (const hit of this.scan.hits(secrets))
      this.tally.note('secret', 'scan', hit);
  }

  private report(remark = ''): ChaosReport {
    this.isReported = true;
    const { name, mode, database } = this.options;
    const { reads, businessCalls, kills, longestWaitMs, now } = this.tally;
    const report: ChaosReport = {
      reads,
      businessCalls,
      kills,
      longestWaitMs,
      upstreamCalls: this.upstreamCalls,
      issued: this.issued,
      scanned: { characters: this.scan.characters, lines: this.scan.lines },
      renewalsDue: Math.ceil(now / (this.lifeSeconds * (2 / 3))) + 1,
      seconds: now,
      counts: countIncidents(this.tally),
    };
    const title = `${remark}${name} ${mode} on ${database.title}, seed ${this.random.seed}`;
    process.stdout.write(`${reportLine(title, report)}\n`);
    return report;
  }
}
