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
 * Source of classic tokens, `GET /cgi-bin/token`: every call issues a new token; the previous one works for five more minutes.
 * @see https://developers.weixin.qq.com/doc/service/api/base/api_getaccesstoken
 */
export class ClassicTokenSource implements TokenSource {
  readonly id = 'classic';
  readonly kind = 'access_token';
  readonly platform: Platform;
  readonly errcodes = WECHAT_SECRET_ERRCODES;
  readonly repeatedCall = 'rotates';
  readonly canForce = true;
  readonly mayCallInParallel = false;
  readonly isEarlyCallHarmless = false;
  readonly marginSeconds = 600;
  readonly rejectionHealedBy = 'call';
  readonly probe = probeAccessToken;

  constructor({ api }: WechatTokenSettings) {
    this.platform = wechat(api);
  }

  serves({ isOfWechat, mode }: Account): boolean {
    return isOfWechat && mode === 'classic';
  }

  async issue({ account, call }: IssueRequest): Promise<SourceAnswer> {
    const answer = await call({
      method: 'GET',
      path: '/cgi-bin/token',
      params: {
        grant_type: 'client_credential',
        appid: account.appId,
        secret: account.appSecret,
      },
    });
    return { value: answer['access_token'], expiresIn: answer['expires_in'] };
  }
}
