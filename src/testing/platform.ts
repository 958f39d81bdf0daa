import type { FakeAccount, PlatformRules } from './fake-wechat-options.js';
import { PlatformAccount } from './platform-account.js';
import { fingerprintOf, tokenFault } from './token-space.js';
import type { IssuedToken, TokenKind } from './token-space.js';

/** An issued access token, as reported to listeners; without its value. */
export interface IssueNotice {
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

/** The state of the platform: all accounts, and every access token ever issued. */
export class Platform {
  /** The number of calls refused because of their access token. */
  refused = 0;
  readonly listeners = new Set<IssueListener>();
  private readonly accountsById = new Map<string, PlatformAccount>();
  private readonly tokens = new Map<string, IssuedToken>();

  constructor(private readonly rules: PlatformRules) {}

  add(account: FakeAccount): void {
    if (this.accountsById.has(account.appId)) {
      throw new Error(`FakeWechat already has an account ${account.appId}.`);
    }
    this.accountsById.set(
      account.appId,
      new PlatformAccount(account, this.rules, (token) => this.remember(token)),
    );
  }

  find(appId: string): PlatformAccount | undefined {
    return this.accountsById.get(appId);
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
    return this.ownerOf(token)?.revoked
      ? 40001
      : tokenFault(this.tokens.get(token), now);
  }

  private remember(token: IssuedToken): void {
    this.tokens.set(token.value, token);
    const notice: IssueNotice = {
      appId: token.appId,
      kind: token.kind,
      at: token.issuedAt,
      forced: token.forced,
      fingerprint: fingerprintOf(token.value),
    };
    for (const listener of this.listeners) listener(notice);
  }
}
