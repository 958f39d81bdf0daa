import { fakeAppId } from './fake-wechat-options.js';
import type {
  FakeAccount,
  FakeWecomAccount,
  PlatformRules,
} from './fake-wechat-options.js';
import type { PlatformAccount } from './platform-account.js';
import type { TicketSpace, TicketType } from './ticket-space.js';
import { endedCode, fingerprintOf, tokenFault } from './token-space.js';
import type { IssuedToken, TokenKind, TokenSpace } from './token-space.js';
import { WechatAccount } from './wechat-account.js';
import { WecomApplication } from './wecom-application.js';
import { WecomCorp } from './wecom-corp.js';

/** An issued access token, as reported to listeners; without its value. */
export interface IssueNotice {
  /** The account, see `fakeAppId`. */
  readonly appId: string;
  readonly kind: TokenKind;
  /** When it was issued, epoch milliseconds on the fake's clock. */
  readonly at: number;
  /** Whether it was issued by a forced refresh. */
  readonly forced: boolean;
  /** The first 8 hex digits of the token's SHA-256. */
  readonly fingerprint: string;
}

export type IssueListener = (notice: IssueNotice) => void;

/** The state of the platforms: all accounts, and every access token and ticket ever issued. */
export class Platform {
  /** The number of calls refused because of their access token. */
  refused = 0;
  readonly listeners = new Set<IssueListener>();
  /** Every ticket ever issued, oldest first. */
  readonly tickets: string[] = [];
  private readonly accountsById = new Map<string, PlatformAccount>();
  private readonly corps = new Map<string, WecomCorp>();
  private readonly tokens = new Map<string, IssuedToken>();

  constructor(private readonly rules: PlatformRules) {}

  /** Adds an account. @throws Error when it exists, or its secret is that of another application of its corp */
  add(account: FakeAccount | FakeWecomAccount): void {
    const appId = fakeAppId(account);
    if (this.accountsById.has(appId)) {
      throw new Error(`FakeWechat already has an account ${appId}.`);
    }
    const added =
      'appId' in account
        ? new WechatAccount(account, this.rules, this.onToken, this.onTicket)
        : this.application(account);
    this.accountsById.set(appId, added);
  }

  find(appId: string): PlatformAccount | undefined {
    return this.accountsById.get(appId);
  }

  findCorp(corpId: string): WecomCorp | undefined {
    return this.corps.get(corpId);
  }

  /** Returns the account. @throws Error when it is unknown */
  account(appId: string): PlatformAccount {
    const account = this.find(appId);
    if (!account) throw new Error(`FakeWechat has no account ${appId}.`);
    return account;
  }

  /** Returns the account with this appId, or all accounts. */
  accounts(appId?: string): PlatformAccount[] {
    return appId === undefined
      ? [...this.accountsById.values()]
      : [this.account(appId)];
  }

  /** The tokens of one account or all, and of one kind or all. @throws Error for an account without this kind */
  tokenSpaces(appId?: string, kind?: TokenKind): TokenSpace[] {
    if (appId !== undefined && kind) {
      return [this.account(appId).tokenSpace(kind)];
    }
    return this.accounts(appId)
      .flatMap((account) => account.tokenSpaces)
      .filter((space) => !kind || space.kind === kind);
  }

  /** The tickets of one account or all, and of one type or all. @throws Error for an account without this type */
  ticketSpaces(appId?: string, type?: TicketType): TicketSpace[] {
    if (appId !== undefined && type) {
      return [this.account(appId).ticketSpace(type)];
    }
    const all = this.accounts(appId).flatMap((account) => account.ticketSpaces);
    // A set: the applications of a corp share one.
    return [...new Set(all)].filter((space) => !type || space.type === type);
  }

  issued(appId?: string): IssuedToken[] {
    const all = [...this.tokens.values()];
    return appId === undefined ? all : all.filter((t) => t.appId === appId);
  }

  /** Returns the account of a token, valid or not. */
  ownerOf(token: string): PlatformAccount | undefined {
    const known = this.tokens.get(token);
    return known && this.find(known.appId);
  }

  /** The errcode with which a call with this token is refused at `now`, or undefined. */
  faultOf(token: string, now: number): number | undefined {
    const known = this.tokens.get(token);
    return known && this.find(known.appId)?.revoked
      ? endedCode(known.kind)
      : tokenFault(known, now);
  }

  private application(account: FakeWecomAccount): WecomApplication {
    const { rules, onToken, onTicket } = this;
    const corp =
      this.corps.get(account.corpId) ??
      new WecomCorp(account.corpId, rules, onTicket);
    const added = new WecomApplication(account, corp, rules, onToken, onTicket);
    corp.add(added);
    this.corps.set(account.corpId, corp);
    return added;
  }

  private readonly onTicket = (value: string): void => {
    this.tickets.push(value);
  };

  private readonly onToken = (token: IssuedToken): void => {
    this.tokens.set(token.value, token);
    const notice: IssueNotice = {
      appId: token.appId,
      kind: token.kind,
      at: token.issuedAt,
      forced: token.forced,
      fingerprint: fingerprintOf(token.value),
    };
    for (const listener of this.listeners) listener(notice);
  };
}
