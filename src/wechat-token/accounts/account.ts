import { createHash } from 'node:crypto';
import { DEFAULT_ACCOUNT } from '../common/token-name.js';

/** How access tokens are issued: `/cgi-bin/stable_token`, or the older `/cgi-bin/token` where each call ends the last token. */
export type TokenMode = 'stable' | 'classic';

/** What the credentials belong to. Both kinds are issued tokens by the same endpoints. */
export type AccountKind = 'official-account' | 'mini-program';

/** One set of credentials as it is configured. */
export interface WechatAccount {
  /** Letters, digits, `.`, `_` and `-`, at most 64. Default: `default`, the account that is meant when none is named. */
  name?: string;
  /** Default: `official-account`. */
  kind?: AccountKind;
  /** `wx…`, from the platform's console. */
  appId: string;
  /** Never logged, stored or shown. A `reader` needs none. */
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
  /** First 8 hex of a hash of the credentials: a changed secret ends a cool-down (R8). */
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

/** One that is made already is taken as it is. */
export function toAccount(account: WechatAccount): Account {
  return account instanceof Account ? account : new Account(account);
}
