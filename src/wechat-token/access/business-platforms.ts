import { Injectable } from '@nestjs/common';
import { Accounts } from '../accounts/accounts.js';
import type { CachedToken } from '../cache/cached-token.js';
import { WechatApiError } from '../common/errors.js';
import { messages } from '../common/messages.js';
import { WechatTokenSettings } from '../common/settings.js';
import type { Errcodes } from '../sources/errcodes.js';
import { type Platform, wechat, wecom } from '../sources/platform.js';
import { WECHAT_TOKEN_ERRCODES } from '../upstream/wechat-errcodes.js';
import { WECOM_ERRCODES } from '../upstream/wecom-errcodes.js';

/** Where business calls with a token go, and what their refusals mean. */
export interface BusinessPlatform {
  readonly platform: Platform;
  readonly errcodes: Errcodes;
}

/** The platforms of the accounts. An account is looked up once for each token of it that is cached. */
@Injectable()
export class BusinessPlatforms {
  readonly wechat: BusinessPlatform;
  private readonly wecom: BusinessPlatform;
  private readonly known = new WeakMap<CachedToken, BusinessPlatform>();

  constructor(
    private readonly accounts: Accounts,
    { api }: WechatTokenSettings,
  ) {
    this.wechat = { platform: wechat(api), errcodes: WECHAT_TOKEN_ERRCODES };
    this.wecom = { platform: wecom(api), errcodes: WECOM_ERRCODES };
  }

  /** @throws WechatApiError for an account of a source of the app's own; UnknownAccountError, AccountSourceError */
  async of(token: CachedToken, account: string): Promise<BusinessPlatform> {
    const known = this.known.get(token);
    if (known) return known;
    const { kind, isOfWechat } = await this.accounts.get(account);
    const found = isOfWechat ? this.wechat : this.wecom;
    if (!isOfWechat && kind !== 'wecom') {
      const message = messages.otherPlatform(account, kind);
      throw new WechatApiError(message, { errmsg: message, class: 'api' });
    }
    this.known.set(token, found);
    return found;
  }
}
