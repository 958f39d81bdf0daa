import { createHash } from 'node:crypto';
import { DEFAULT_ACCOUNT } from '../common/token-name.js';
import type { AccountKind } from './account.types.js';

/** The endpoint of access tokens: `/cgi-bin/stable_token`, or `/cgi-bin/token`, where each call ends the previous token. */
export type TokenMode = 'stable' | 'classic';

/** One configured set of credentials. */
export interface WechatAccount {
  /** 1 to 64 letters, digits, `.`, `_` or `-`. Default: `default`, the account that is used when no name is given. */
  name?: string;
  /** Default: `official-account`. */
  kind?: AccountKind;
  /** The appid from the platform's console, `wx…`. */
  appId: string;
  /** The AppSecret. Never logged, stored or shown; a `reader` does not need it. */
  appSecret?: string;
  /** Default: `stable`. */
  mode?: TokenMode;
}

/** An account with its defaults filled in, and the id of its credentials. */
export class Account implements Required<WechatAccount> {
  readonly name: string;
  readonly kind: AccountKind;
  readonly appId: string;
  readonly appSecret: string;
  readonly mode: TokenMode;
  /** The first 8 hex digits of a hash of the credentials: changed credentials end a cool-down (R8). */
  readonly credentialId: string;

  constructor(account: WechatAccount) {
    this.name = account.name ?? DEFAULT_ACCOUNT;
    this.kind = account.kind ?? 'official-account';
    this.appId = account.appId;
    this.appSecret = account.appSecret ?? '';
    this.mode = account.mode ?? 'stable';
    this.credentialId = createHash('sha256')
      .update(JSON.stringify([this.appId, this.appSecret]))
      .digest('hex')
      .slice(0, 8);
  }
}

/** The account with its defaults; an `Account` is returned unchanged. */
export function toAccount(account: WechatAccount): Account {
  return account instanceof Account ? account : new Account(account);
}
