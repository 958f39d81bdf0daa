import type { Account } from '../../accounts/account.js';
import type { WechatTokenSettings } from '../../common/settings.js';
import { probeAccessToken } from './access-token-probe.js';
import { type Platform, wechat } from '../../sources/platform.js';
import type {
  IssueRequest,
  SourceAnswer,
  TokenSource,
} from '../../sources/token-source.js';
import { WECHAT_SECRET_ERRCODES } from './wechat-errcodes.js';

/**
 * Source of stable tokens, `POST /cgi-bin/stable_token`: a call returns the current token with its remaining life, and a new
 * one only in the last five minutes of that life.
 * @see https://developers.weixin.qq.com/doc/service/api/base/api_getstableaccesstoken
 */
export class StableTokenSource implements TokenSource {
  readonly id = 'stable';
  readonly kind = 'access_token';
  readonly platform: Platform;
  readonly errcodes = WECHAT_SECRET_ERRCODES;
  readonly repeatedCall = 'same';
  readonly canForce = true;
  readonly mayCallInParallel = true;
  readonly isEarlyCallHarmless = true;
  readonly marginSeconds = 300;
  readonly rejectionHealedBy = 'forced call';
  readonly probe = probeAccessToken;

  constructor({ api }: WechatTokenSettings) {
    this.platform = wechat(api);
  }

  serves({ isOfWechat, mode }: Account): boolean {
    return isOfWechat && mode === 'stable';
  }

  async issue({ account, force, call }: IssueRequest): Promise<SourceAnswer> {
    const answer = await call({
      method: 'POST',
      path: '/cgi-bin/stable_token',
      ...(!force && { repeatable: 'any host' }),
      body: {
        grant_type: 'client_credential',
        appid: account.appId,
        secret: account.appSecret,
        force_refresh: force,
      },
    });
    return { value: answer['access_token'], expiresIn: answer['expires_in'] };
  }
}
