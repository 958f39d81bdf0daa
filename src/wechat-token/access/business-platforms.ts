import { Injectable } from '@nestjs/common';
import { WechatApiError } from '../common/errors.js';
import { messages } from '../common/messages.js';
import { WechatTokenSettings } from '../common/settings.js';
import type { Errcodes } from '../sources/errcodes.js';
import { type Platform, wechat, wecom } from '../sources/platform.js';
import { KnownAccounts } from './known-accounts.js';
import { WECHAT_TOKEN_ERRCODES } from '../upstream/built-in/wechat-errcodes.js';
import { WECOM_ERRCODES } from '../upstream/built-in/wecom-errcodes.js';

/** Where business calls with a token go, and what their refusals mean. */
interface BusinessPlatform {
  readonly platform: Platform;
  readonly errcodes: Errcodes;
}

/** The platforms of the accounts. */
@Injectable()
export class BusinessPlatforms {
  readonly wechat: BusinessPlatform;
  private readonly wecom: BusinessPlatform;

  constructor(
    private readonly accounts: KnownAccounts,
    { api }: WechatTokenSettings,
  ) {
    this.wechat = { platform: wechat(api), errcodes: WECHAT_TOKEN_ERRCODES };
    this.wecom = { platform: wecom(api), errcodes: WECOM_ERRCODES };
  }

  /** @throws WechatApiError for an account of a source of the app's own; UnknownAccountError, AccountSourceError */
  async of(account: string): Promise<BusinessPlatform> {
    const { kind, isOfWechat } = await this.accounts.get(account);
    if (isOfWechat) return this.wechat;
    if (kind === 'wecom') return this.wecom;
    const message = messages.otherPlatform(account, kind);
    throw new WechatApiError(message, { errmsg: message, class: 'api' });
  }
}
