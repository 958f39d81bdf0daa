import { setTimeout as sleep } from 'node:timers/promises';
import {
  DEFAULT_FAKE_ACCOUNT,
  type FakeWechat,
} from '../../../src/testing/index.js';
import { API_KEY } from '../../support/app-sandbox.js';
import { type Answered, askReplica } from './ask-replica.js';
import type { ChaosReplica } from './chaos-replica.js';
import type { SecretScan } from './secret-scan.js';
import type { Tally } from './tally.js';

/** AccessTokenProvider's own limit, in which its callers are promised an answer. */
const CALLER_TIMEOUT_MS = 10_000;
/** What a busy machine may add to it. */
const SLACK_MS = 4000;
/** After this time a call counts as unanswered. */
const HUNG_AFTER_MS = 10_000;

const READ_PATH = `/cgi-bin/token?${new URLSearchParams({
  grant_type: 'client_credential',
  appid: DEFAULT_FAKE_ACCOUNT.appId,
  secret: API_KEY,
}).toString()}`;

export interface CallersOptions {
  /** Concurrent loops that read tokens, for each replica. */
  readonly readers: number;
  /** Concurrent loops that call WeChat's API, for each business app. */
  readonly businessCallers: number;
  /** How long a loop waits between two requests, at least and at most. */
  readonly pauseMs: readonly [number, number];
  /** The app's timeout for one call to WeChat. */
  readonly requestTimeoutMs: number;
  /** A token that took longer than this to arrive may have ended on its way; shorter than what the app keeps back. */
  readonly transitMs: number;
}

/** Ask all replicas, all the time, and judge every answer at the moment of its arrival. */
export class Callers {
  private readonly ending = new AbortController();
  private loops: Promise<void>[] = [];

  constructor(
    private readonly wechat: FakeWechat,
    private readonly tally: Tally,
    private readonly scan: SecretScan,
    private readonly options: CallersOptions,
  ) {}

  start(replicas: readonly ChaosReplica[]): void {
    const { readers, businessCallers } = this.options;
    for (const replica of replicas) {
      this.run(readers, replica, () => this.read(replica));
      if (replica.kind === 'business')
        this.run(businessCallers, replica, () => this.callWechat(replica));
    }
  }

  async stop(): Promise<void> {
    this.ending.abort();
    await Promise.all(this.loops);
  }

  /** One read; the token, if it was answered with one. */
  async read(replica: ChaosReplica): Promise<string | undefined> {
    this.tally.reads += 1;
    const answered = await this.ask(replica, READ_PATH, CALLER_TIMEOUT_MS);
    if (answered.kind === 'broken')
      this.tally.note('refusal', replica.name, answered.error);
    if (answered.kind !== 'answer') return undefined;
    const { status, headers, body } = answered;
    const { token, shown } = withoutToken(body);
    this.scan.add(`answers of ${replica.name}`, `${headers} ${shown}`);
    if (token === undefined)
      this.tally.note(
        'refusal',
        replica.name,
        `${status} ${shown} ${after(answered)}: ${replica.reasonOfRefusal()}`,
      );
    else this.judge(replica, token, answered);
    return token;
  }

  /** One call of WeChat's API by the replica, which must be a business app. */
  async callWechat(replica: ChaosReplica): Promise<void> {
    this.tally.businessCalls += 1;
    // A token, a call that is rejected, another token, the call again.
    const longest = 2 * (CALLER_TIMEOUT_MS + this.options.requestTimeoutMs);
    const answered = await this.ask(replica, '/call', longest);
    if (answered.kind === 'broken')
      this.tally.note('failed call', replica.name, answered.error);
    if (answered.kind !== 'answer') return;
    const { status, headers, body } = answered;
    this.scan.add(`answers of ${replica.name}`, `${headers} ${body}`);
    if (status !== 200)
      this.tally.note(
        'failed call',
        replica.name,
        `${status} ${body} ${after(answered)}`,
      );
  }

  private run(
    times: number,
    replica: ChaosReplica,
    ask: () => Promise<unknown>,
  ): void {
    for (let i = 0; i < times; i++) this.loops.push(this.loop(replica, ask));
  }

  private async loop(
    replica: ChaosReplica,
    ask: () => Promise<unknown>,
  ): Promise<void> {
    const { signal } = this.ending;
    const [least, most] = this.options.pauseMs;
    while (!signal.aborted) {
      if (replica.isUp) await ask();
      const pause = least + (most - least) * Math.random();
      await sleep(pause, undefined, { signal }).catch(() => undefined);
    }
  }

  private async ask(
    replica: ChaosReplica,
    path: string,
    promisedMs: number,
  ): Promise<Answered> {
    const lateAfter = promisedMs + SLACK_MS;
    const answered = await askReplica(
      replica,
      path,
      promisedMs + HUNG_AFTER_MS,
    );
    const { kind, waitedMs } = answered;
    const told = after(answered);
    if (kind === 'hung' || kind === 'cut off')
      this.tally.note(kind, replica.name, told);
    else this.tally.waited(waitedMs);
    if (kind === 'answer' && waitedMs > lateAfter)
      this.tally.note('late', replica.name, told);
    return answered;
  }

  private judge(
    replica: ChaosReplica,
    token: string,
    answered: Answered,
  ): void {
    if (this.wechat.accepts(token)) return;
    const place = this.wechat.issuedTokens.indexOf(token) + 1;
    const told = `token ${place} of ${this.wechat.issued()} ${after(answered)}`;
    // If it is served beyond its end, the next read, which is a quick one, will show it.
    const isOvertaken = answered.waitedMs > this.options.transitMs;
    this.tally.note(
      isOvertaken ? 'overtaken' : 'bad token',
      replica.name,
      told,
    );
  }
}

function after({ waitedMs }: Answered): string {
  return `after ${Math.round(waitedMs)} ms`;
}

function withoutToken(body: string): {
  token: string | undefined;
  shown: string;
} {
  try {
    const answer = JSON.parse(body) as Record<string, unknown>;
    const { access_token: token, ...rest } = answer;
    return typeof token === 'string'
      ? { token, shown: JSON.stringify(rest) }
      : { token: undefined, shown: body };
  } catch {
    return { token: undefined, shown: body };
  }
}
