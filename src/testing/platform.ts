import type { FakeAccount, PlatformRules } from './fake-wechat-options.js';
import { PlatformAccount } from './platform-account.js';
import { fingerprintOf, tokenFault } from './token-space.js';
import type { IssuedToken, TokenKind } from './token-space.js';

/** News of an issued access token; never the token itself. */
export interface IssueNotice {
  readonly appId: string;
  readonly kind: TokenKind;
  /** Epoch milliseconds on the fake's clock. */
  readonly at: number;
  /** Whether a forced refresh issued it. */
  readonly forced: boolean;
  /** First 8 hex of the token's SHA-256. */
  readonly fingerprint: string;
}

export type IssueListener = (notice: IssueNotice) => void;

/** All accounts, and every access token that was ever issued. */
export class Platform {
  /** Calls that were refused because of their access token. */
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

  /** @throws Error when there is no such account */
  account(appId: string): PlatformAccount {
    const account = this.find(appId);
    if (!account) throw new Error(`FakeWechat has no account ${appId}.`);
    return account;
  }

  /** The one account, or all of them. */
  accounts(appId?: string): PlatformAccount[] {
    return appId === undefined
      ? [...this.accountsById.values()]
      : [this.account(appId)];
  }

  issued(appId?: string): IssuedToken[] {
    const all = [...this.tokens.values()];
    return appId === undefined ? all : all.filter((t) => t.appId === appId);
  }

  /** The account whose token this is, live or not. */
  ownerOf(token: string): PlatformAccount | undefined {
    const known = this.tokens.get(token);
    return known && this.find(known.appId);
  }

  /** Why a call with this token is refused at `now`, or undefined. */
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
