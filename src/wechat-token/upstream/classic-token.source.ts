import { Injectable } from '@nestjs/common';
import type { Account } from '../accounts/account.js';
import { parseIssued } from './issued-token.js';
import { probeAccessToken } from './access-token-probe.js';
import type {
  IssuedToken,
  IssueRequest,
  ProbeAnswer,
  TokenSource,
} from './token-source.js';
import { WechatGateway } from './wechat-gateway.js';

/**
 * Source of classic tokens, `GET /cgi-bin/token`: every call issues a new token; the previous one works for five more minutes.
 * @see https://developers.weixin.qq.com/doc/service/api/base/api_getaccesstoken
 */
@Injectable()
export class ClassicTokenSource implements TokenSource {
  readonly id = 'classic';
  readonly kind = 'access_token';
  readonly rotatesOnEveryCall = true;

  constructor(private readonly gateway: WechatGateway) {}

  serves(account: Account): boolean {
    return account.mode === 'classic';
  }

  needs(): readonly string[] {
    return [];
  }

  ready(): Promise<void> {
    return this.gateway.ready();
  }

  async issue(request: IssueRequest): Promise<IssuedToken> {
    const { appId, appSecret } = request.account;
    const answer = await this.gateway.call({
      method: 'GET',
      path: '/cgi-bin/token',
      params: {
        grant_type: 'client_credential',
        appid: appId,
        secret: appSecret,
      },
    });
    return parseIssued(answer, 'access_token', 'issue', [appSecret]);
  }

  probe(value: string): Promise<ProbeAnswer> {
    return probeAccessToken(this.gateway, value);
  }
}
