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
 * Source of stable tokens, `POST /cgi-bin/stable_token`: a call returns the current token with its remaining life, and a new
 * one only in the last five minutes of that life.
 * @see https://developers.weixin.qq.com/doc/service/api/base/api_getstableaccesstoken
 */
@Injectable()
export class StableTokenSource implements TokenSource {
  readonly id = 'stable';
  readonly kind = 'access_token';
  readonly rotatesOnEveryCall = false;

  constructor(private readonly gateway: WechatGateway) {}

  serves(account: Account): boolean {
    return account.mode === 'stable';
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
      method: 'POST',
      path: '/cgi-bin/stable_token',
      ...(!request.force && { repeatable: 'any host' }),
      body: {
        grant_type: 'client_credential',
        appid: appId,
        secret: appSecret,
        force_refresh: request.force,
      },
    });
    return parseIssued(answer, 'access_token', 'issue', [appSecret]);
  }

  probe(value: string): Promise<ProbeAnswer> {
    return probeAccessToken(this.gateway, value);
  }
}
