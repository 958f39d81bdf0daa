import { createHash } from 'node:crypto';
import { DEFAULT_ACCOUNT } from '../common/token-name.js';
import type { AccountKind, WechatKind } from './account.types.js';

export const WECHAT_KINDS = [
  'official-account',
  'mini-program',
  'mini-game',
  'website',
  'mobile-app',
] as const satisfies readonly WechatKind[];

/** The endpoint of access tokens: `/cgi-bin/stable_token`, or `/cgi-bin/token`, where each call ends the previous token. */
export type TokenMode = 'stable' | 'classic';

/** The tickets of an account: `jsapi` signs web pages (`wx.config`), `wx_card` signs cards. */
export type WechatTicket = 'jsapi' | 'wx_card';

/** The tickets of a WeCom application: `corp` for `wx.config`, `agent` for `wx.agentConfig`. */
export type WecomTicket = 'corp' | 'agent';

interface Named {
  /** 1 to 64 letters, digits, `.`, `_` or `-`. Default: `default`, the account that is used when no name is given. */
  name?: string;
}

/** One set of credentials of WeChat. */
export interface WechatAccount extends Named {
  /** Default: `official-account`. */
  kind?: WechatKind;
  /** The appid from the platform's console, `wx…`. */
  appId: string;
  /** The AppSecret. Never logged, stored or shown; a `reader` does not need it. */
  appSecret?: string;
  /** Default: `stable`. */
  mode?: TokenMode;
  /** The tickets that are kept valid besides the access token. Default: none. */
  tickets?: readonly WechatTicket[];
}

/** One application of a corporation in WeCom. Each application has a secret and a token of its own. */
export interface WecomAccount extends Named {
  kind: 'wecom';
  /** The id of the corporation, `ww…`. */
  corpId: string;
  /**
   * The id of the application; needed for the ticket `agent`, and where several applications of one corporation share a table with
   * readers, which have no secrets to tell them apart by.
   */
  agentId?: string | number;
  /** The secret of the application. Never logged, stored or shown; a `reader` does not need it. */
  secret?: string;
  /** The tickets that are kept valid besides the access token. Default: none. */
  tickets?: readonly WecomTicket[];
}

/** One set of credentials for a source of the app's own. */
export interface OwnAccount extends Named {
  /** The `accountKind` of one of the option `sources`. */
  kind: string;
  /** The id of the application on that platform. */
  appId: string;
  /** Its secret. Never logged, stored or shown; a `reader` does not need it. */
  appSecret?: string;
}

/** An account as it is configured. */
export type ConfiguredAccount = WechatAccount | WecomAccount | OwnAccount;

/** An account with its defaults filled in, and the id of its credentials. */
export class Account {
  readonly name: string;
  readonly kind: AccountKind;
  /** What tokens are issued for: the appid; of a WeCom application its corpid, with its agentid where that is known. */
  readonly appId: string;
  readonly appSecret: string;
  readonly mode: TokenMode;
  readonly tickets: readonly string[];
  /** Of a WeCom application. */
  readonly corpId: string | undefined;
  readonly agentId: string | undefined;
  /** The first 8 hex digits of a hash of the credentials: changed credentials end a cool-down (R8). */
  readonly credentialId: string;

  constructor(account: ConfiguredAccount) {
    const { name = DEFAULT_ACCOUNT, kind = 'official-account' } = account;
    this.name = name;
    this.kind = kind;
    this.mode = ('mode' in account ? account.mode : undefined) ?? 'stable';
    this.tickets = ('tickets' in account ? account.tickets : undefined) ?? [];
    if ('corpId' in account) {
      this.corpId = account.corpId;
      this.agentId = account.agentId?.toString();
      this.appId = [this.corpId, this.agentId].filter(Boolean).join('/');
      this.appSecret = account.secret ?? '';
    } else {
      this.appId = account.appId;
      this.appSecret = account.appSecret ?? '';
    }
    this.credentialId = createHash('sha256')
      .update(JSON.stringify([this.platformId, this.appSecret]))
      .digest('hex')
      .slice(0, 8);
  }

  /** The id that the platform knows: the appid, or the corpid that all applications of one corporation have. */
  get platformId(): string {
    return this.corpId ?? this.appId;
  }

  /**
   * What budgets and limits are counted by, and whose tokens are the account's: applications of one corporation share none, whether or
   * not their agentIds are known.
   */
  get application(): string {
    const isAlone = this.corpId === undefined || this.agentId !== undefined;
    return isAlone ? this.appId : `${this.corpId}/${this.credentialId}`;
  }

  /** Whether `api.weixin.qq.com` issues its tokens. */
  get isOfWechat(): boolean {
    return (WECHAT_KINDS as readonly string[]).includes(this.kind);
  }
}

/** The account with its defaults; an `Account` is returned unchanged. */
export function toAccount(account: ConfiguredAccount | Account): Account {
  return account instanceof Account ? account : new Account(account);
}
