import type { IncomingMessage, ServerResponse } from 'node:http';
import { CallLedger } from './call-ledger.js';
import type { CallCounts } from './call-ledger.js';
import { DEFAULT_FAKE_ACCOUNT, platformRules } from './fake-wechat-options.js';
import type { FakeAccount, FakeWechatOptions } from './fake-wechat-options.js';
import { deliver } from './fault-delivery.js';
import { FaultBook } from './faults.js';
import type {
  Fault,
  FaultTarget,
  InjectedFault,
  InjectOptions,
} from './faults.js';
import { HttpListener, readRequest } from './http-listener.js';
import { PlatformClock } from './platform-clock.js';
import { Platform } from './platform.js';
import type { IssueListener } from './platform.js';
import { answer, appIdOf, asksForForce, endpointOf } from './routes.js';
import type { TokenKind } from './token-space.js';

/**
 * A model of the WeChat platform, as a real HTTP server, to test against
 * without a network. It has the platform's token rules, quotas and errors, a
 * clock that tests move, and faults that tests inject. Methods that name an
 * account throw an Error when there is none of that appId.
 */
export class FakeWechat implements AsyncDisposable {
  private readonly platform: Platform;
  private readonly clock: PlatformClock;
  private readonly ledger = new CallLedger();
  private readonly faults = new FaultBook();
  private readonly listener: HttpListener;
  private readonly host: string;
  private stopped = false;

  private constructor(options: FakeWechatOptions) {
    this.platform = new Platform(platformRules(options));
    this.clock = new PlatformClock(options.startAt?.getTime() ?? Date.now());
    this.host = options.host ?? '127.0.0.1';
    this.listener = new HttpListener(
      (req, res) => this.handle(req, res),
      this.host,
      options.port ?? 0,
    );
    const accounts = options.accounts ?? [DEFAULT_FAKE_ACCOUNT];
    for (const account of accounts) this.platform.add(account);
  }

  /** @throws RangeError for an option that makes no sense; Error for a port in use */
  static async start(options: FakeWechatOptions = {}): Promise<FakeWechat> {
    const wechat = new FakeWechat(options);
    await wechat.listener.open();
    return wechat;
  }

  /** Ends it at once, open connections too. Any number of calls is fine. */
  async stop(): Promise<void> {
    this.stopped = true;
    await this.listener.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  /** The platform is down: open connections are cut, new ones refused. */
  async goDown(): Promise<void> {
    await this.listener.close();
  }

  /** It is back, on the same port and with all it knew. @throws once stopped */
  async comeBack(): Promise<void> {
    if (this.stopped) throw new Error('FakeWechat was stopped.');
    await this.listener.open();
  }

  /** The API's base address, without a slash at its end. */
  get baseUrl(): string {
    const host = this.host.includes(':') ? `[${this.host}]` : this.host;
    return `http://${host}:${this.listener.port}`;
  }

  /** The platform's wall clock, epoch milliseconds. */
  now(): number {
    return this.clock.now();
  }

  /** Moves the platform's clock forward. @throws RangeError when negative */
  advance(seconds: number): void {
    this.clock.advance(seconds);
  }

  /** @throws Error when the appId is taken */
  addAccount(account: FakeAccount): void {
    this.platform.add(account);
  }

  /** The old secret is wrong (40125) from now on; its tokens stay good. */
  changeSecret(appId: string, newSecret: string): void {
    this.platform.account(appId).changeSecret(newSecret);
  }

  /** A snapshot: how many requests came, injected faults included. */
  get calls(): CallCounts {
    return this.ledger.snapshot();
  }

  /** The same for one account: by appid, or by whose access token it was. */
  callsFor(appId: string): CallCounts {
    return this.ledger.snapshot(appId);
  }

  /** How many access tokens were issued, in all or for one account. */
  issued(appId?: string): number {
    return this.platform.issued(appId).length;
  }

  /** Every access token ever issued, oldest first: to scan logs for them. */
  get issuedTokens(): readonly string[] {
    return this.platform.issued().map((token) => token.value);
  }

  /** Whether a business call with this token would be accepted now. */
  accepts(token: string): boolean {
    return this.platform.faultOf(token, this.now()) === undefined;
  }

  /** Business and ticket calls refused for their token; no injected faults. */
  get refused(): number {
    return this.platform.refused;
  }

  /**
   * What the platform holds as the current token; it issues none for this.
   * Undefined after `drop` and past the token's life, not after `dropSilently`.
   */
  currentToken(appId: string, kind: TokenKind = 'stable'): string | undefined {
    return this.platform.account(appId).space(kind).currentAt(this.now());
  }

  /**
   * The platform drops live tokens before their end, of one account and kind
   * or of all: they get 40001, and the next normal call issues a new one.
   */
  drop(appId?: string, kind?: TokenKind): void {
    const kinds: TokenKind[] = kind ? [kind] : ['stable', 'classic'];
    for (const account of this.platform.accounts(appId)) {
      for (const each of kinds) account.space(each).drop(this.now());
    }
  }

  /**
   * As `drop`, but a normal stable call goes on answering the dead token: only
   * a forced refresh helps, or the rotation at its end.
   */
  dropSilently(appId?: string): void {
    for (const account of this.platform.accounts(appId)) {
      account.space('stable').dropSilently(this.now());
      account.space('classic').dropSilently(this.now());
    }
  }

  /** While on, every token of the account, new ones too, gets 40001. */
  rejectAllTokens(appId: string, on: boolean): void {
    this.platform.account(appId).revoked = on;
  }

  /**
   * Another program gets a token for the same account, which harms ours as on
   * the real platform. It is not in `calls`, and takes no quota or budget.
   */
  otherSystemFetches(appId: string, mode: 'classic' | 'stable-forced'): string {
    return this.platform.account(appId).fetchElsewhere(mode, this.now()).value;
  }

  /** Spoils the next calls of an endpoint. Faults wait first in, first out. */
  inject(
    target: FaultTarget,
    fault: Fault,
    options?: InjectOptions,
  ): InjectedFault {
    return this.faults.inject(target, fault, options);
  }

  /** Calls `listener` for each token issued, until the result is called. */
  onIssue(listener: IssueListener): () => void {
    this.platform.listeners.add(listener);
    return () => void this.platform.listeners.delete(listener);
  }

  private async handle(
    req: IncomingMessage,
    res: ServerResponse,
  ): Promise<void> {
    const gone = new AbortController();
    res.on('close', () => gone.abort());
    const request = await readRequest(req);
    const endpoint = endpointOf(request.path);
    const appId = appIdOf(request, this.platform);
    this.ledger.count(endpoint, appId, asksForForce(request));
    await deliver(
      {
        res,
        act: () => answer(request, this.platform, this.now()),
        now: this.now(),
        gone: gone.signal,
      },
      endpoint && this.faults.take(endpoint, appId),
    );
  }
}
