import type { IncomingMessage, ServerResponse } from 'node:http';
import { CallLedger } from './call-ledger.js';
import type { CallCounts } from './call-ledger.js';
import { DEFAULT_FAKE_ACCOUNT, platformRules } from './fake-wechat-options.js';
import type {
  FakeAccount,
  FakeWechatOptions,
  FakeWecomAccount,
} from './fake-wechat-options.js';
import { deliver } from './fault-delivery.js';
import { FaultBook } from './faults.js';
import type {
  Fault,
  FaultTarget,
  InjectedFault,
  InjectOptions,
} from './faults.js';
import { HttpListener, readRequest } from './http-listener.js';
import { jsapiSignature } from './jsapi-signature.js';
import type { JsapiSignature } from './jsapi-signature.js';
import { PlatformClock } from './platform-clock.js';
import { Platform } from './platform.js';
import type { IssueListener } from './platform.js';
import { answer, appIdOf, endpointOf, refuse } from './routes.js';
import type { TicketType } from './ticket-space.js';
import type { TokenKind } from './token-space.js';
import { asksForForce } from './wechat-calls.js';

/**
 * A model of the WeChat platform and of WeCom's as one real HTTP server, for
 * tests without a network. It has their token and ticket rules, quotas and
 * errors, a clock that tests advance, and faults that tests inject. An `appId`
 * names an account of WeChat, or an application of WeCom as `corpId/agentId`
 * (see `fakeAppId`); methods with an `appId` throw an Error for an unknown
 * account, and for a kind of token or a type of ticket that it does not have.
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

  /** Starts the server. @throws RangeError for an invalid option, Error for a port in use */
  static async start(options: FakeWechatOptions = {}): Promise<FakeWechat> {
    const wechat = new FakeWechat(options);
    await wechat.listener.open();
    return wechat;
  }

  /** Stops the server and cuts open connections. May be called repeatedly. */
  async stop(): Promise<void> {
    this.stopped = true;
    await this.listener.close();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.stop();
  }

  /** Takes the platform down: cuts open connections and refuses new ones. */
  async goDown(): Promise<void> {
    await this.listener.close();
  }

  /** Brings the platform back on the same port with its state. @throws Error after `stop` */
  async comeBack(): Promise<void> {
    if (this.stopped) throw new Error('FakeWechat was stopped.');
    await this.listener.open();
  }

  /** The base URL of both platforms, without a trailing slash. */
  get baseUrl(): string {
    const host = this.host.includes(':') ? `[${this.host}]` : this.host;
    return `http://${host}:${this.listener.port}`;
  }

  /** The time of the platform's clock, epoch milliseconds. */
  now(): number {
    return this.clock.now();
  }

  /** Advances the platform's clock. @throws RangeError when `seconds` is negative */
  advance(seconds: number): void {
    this.clock.advance(seconds);
  }

  /** Adds an account. @throws Error when it exists, or when its secret is that of another application of its corp */
  addAccount(account: FakeAccount | FakeWecomAccount): void {
    this.platform.add(account);
  }

  /** Changes the secret: the old one gets 40125 from now on, on WeCom 40001; issued tokens stay valid. */
  changeSecret(appId: string, newSecret: string): void {
    this.platform.account(appId).changeSecret(newSecret);
  }

  /** A snapshot of the call counts, including calls with injected faults. */
  get calls(): CallCounts {
    return this.ledger.snapshot();
  }

  /**
   * A snapshot of the call counts of one account, by appid, corpsecret or access
   * token. Calls of `gettoken` with a secret that no application has or had
   * are counted for the corp id.
   */
  callsFor(appId: string): CallCounts {
    return this.ledger.snapshot(appId);
  }

  /** The number of access tokens issued, in total or for one account. */
  issued(appId?: string): number {
    return this.platform.issued(appId).length;
  }

  /** Every access token ever issued, oldest first, such as to scan logs for. */
  get issuedTokens(): readonly string[] {
    return this.platform.issued().map((token) => token.value);
  }

  /** Whether a business call with this token would be accepted now. */
  accepts(token: string): boolean {
    return this.platform.faultOf(token, this.now()) === undefined;
  }

  /** The number of business and ticket calls of both platforms refused for their token, without injected faults. */
  get refused(): number {
    return this.platform.refused;
  }

  /**
   * The token that the platform holds as current; the call issues none.
   * Undefined after `drop` and after the token's expiry, not after
   * `dropSilently`. Default of `kind`: 'stable', 'wecom' for a WeCom application.
   */
  currentToken(appId: string, kind?: TokenKind): string | undefined {
    return this.platform.account(appId).tokenSpace(kind).currentAt(this.now());
  }

  /**
   * Drops tokens before their expiry, of one account and kind or of all: they
   * get 40001, on WeCom 40014, and the next normal call issues a new one.
   */
  drop(appId?: string, kind?: TokenKind): void {
    for (const space of this.platform.tokenSpaces(appId, kind)) {
      space.drop(this.now());
    }
  }

  /**
   * Drops tokens like `drop`, but a normal call of `stable_token` or `gettoken`
   * still returns the dead token until a forced refresh or the token's end.
   */
  dropSilently(appId?: string): void {
    for (const space of this.platform.tokenSpaces(appId)) {
      space.dropSilently(this.now());
    }
  }

  /** While on, every token of the account, including new ones, gets 40001, on WeCom 40014. */
  rejectAllTokens(appId: string, on: boolean): void {
    this.platform.account(appId).revoked = on;
  }

  /**
   * Simulates another program that gets a token for the same account, with the
   * effect that this has on the real platform. Counts neither in `calls` nor in quotas.
   */
  otherSystemFetches(
    appId: string,
    mode: 'classic' | 'stable-forced' | 'wecom',
  ): string {
    const kind = mode === 'stable-forced' ? 'stable' : mode;
    const space = this.platform.account(appId).tokenSpace(kind);
    return space.fetchElsewhere(this.now()).value;
  }

  /** The ticket that the platform holds as current; the call issues none. */
  currentTicket(appId: string, type: TicketType): string | undefined {
    return this.platform.account(appId).ticketSpace(type).currentAt(this.now());
  }

  /** The number of distinct tickets issued, of one account and type or of all. */
  ticketsIssued(appId?: string, type?: TicketType): number {
    const spaces = this.platform.ticketSpaces(appId, type);
    return spaces.reduce((sum, space) => sum + space.issued, 0);
  }

  /** Every ticket ever issued, oldest first, such as to scan logs for. */
  get issuedTickets(): readonly string[] {
    return [...this.platform.tickets];
  }

  /** Whether this ticket is the current one of its account and type now. */
  acceptsTicket(ticket: string): boolean {
    const spaces = this.platform.ticketSpaces();
    return spaces.some((space) => space.currentAt(this.now()) === ticket);
  }

  /**
   * Whether `wx.config` (types 'jsapi' and 'corp') or `wx.agentConfig` ('agent')
   * would accept this signature on a page now. 'wx_card' tickets sign no pages.
   */
  acceptsJsapiSignature(
    appId: string,
    type: Exclude<TicketType, 'wx_card'>,
    page: JsapiSignature,
  ): boolean {
    const ticket = this.currentTicket(appId, type);
    return (
      ticket !== undefined && jsapiSignature(ticket, page) === page.signature
    );
  }

  /** Drops the current ticket before its expiry; the next call issues a new one. */
  dropTicket(appId: string, type: TicketType): void {
    this.platform.account(appId).ticketSpace(type).drop();
  }

  /**
   * Simulates another program that gets a ticket for the same account: the
   * current one, else a new one. Counts neither in `calls` nor in quotas.
   */
  otherSystemFetchesTicket(appId: string, type: TicketType): string {
    return this.platform.account(appId).ticketSpace(type).get(this.now()).value;
  }

  /** Injects a fault into the next calls of an endpoint. Faults apply first in, first out. */
  inject(
    target: FaultTarget,
    fault: Fault,
    options?: InjectOptions,
  ): InjectedFault {
    return this.faults.inject(target, fault, options);
  }

  /** Calls `listener` for each issued token. @returns a function that removes it. */
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
        refuse: (error) => refuse(request, this.platform, this.now(), error),
        gone: gone.signal,
      },
      endpoint && this.faults.take(endpoint, appId),
    );
  }
}
