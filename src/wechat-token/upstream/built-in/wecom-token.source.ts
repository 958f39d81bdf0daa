import type { Account } from '../../accounts/account.js';
import type { WechatTokenSettings } from '../../common/settings.js';
import { type Platform, wecom } from '../../sources/platform.js';
import type {
  IssueRequest,
  ProbeRequest,
  SourceAnswer,
  TokenSource,
} from '../../sources/token-source.js';
import { WECOM_ERRCODES } from './wecom-errcodes.js';

/**
 * Source of the access tokens of WeCom applications, `GET /cgi-bin/gettoken`: the same token until its end, with what is left of its
 * life or with two hours; the pages differ, so the smaller end counts.
 * @see https://developer.work.weixin.qq.com/document/path/91039
 */
export class WecomTokenSource implements TokenSource {
  readonly id = 'wecom';
  readonly kind = 'access_token';
  readonly platform: Platform;
  readonly errcodes = WECOM_ERRCODES;
  readonly repeatedCall = 'same, life counted anew';
  readonly canForce = false;
  readonly mayCallInParallel = true;
  readonly isEarlyCallHarmless = true;
  readonly marginSeconds = 300;
  readonly rejectionHealedBy = 'call';

  constructor({ api }: WechatTokenSettings) {
    this.platform = wecom(api);
  }

  serves({ kind }: Account): boolean {
    return kind === 'wecom';
  }

  async issue({ account, call }: IssueRequest): Promise<SourceAnswer> {
    const answer = await call({
      method: 'GET',
      path: '/cgi-bin/gettoken',
      params: { corpid: account.platformId, corpsecret: account.appSecret },
      repeatable: 'any host',
    });
    return { value: answer['access_token'], expiresIn: answer['expires_in'] };
  }

  async probe({ value, call }: ProbeRequest): Promise<boolean> {
    const path = '/cgi-bin/get_api_domain_ip';
    const params = { access_token: value };
    const answer = await call({ method: 'GET', path, params });
    return Array.isArray(answer['ip_list']);
  }
}
