import type {
  Account,
  Errcodes,
  IssueRequest,
  Platform,
  ProbeRequest,
  SourceAnswer,
  TokenSource,
} from 'nestjs-wechat-token';

const ERRCODES: Errcodes = new Map([
  [10003, { class: 'credentials' }], // no such app_id
  [10014, { class: 'credentials' }], // another app_secret
  [99991400, { class: 'transient', waitSeconds: 60 }], // too many calls
  [99991401, { class: 'ip' }],
  [99991663, { class: 'rejected' }], // the token is invalid, or has expired
]);

/** Tenant tokens of Feishu (Lark), for accounts of kind `feishu`. */
export class FeishuSource implements TokenSource {
  readonly id = 'feishu';
  readonly kind = 'access_token';
  readonly accountKind = 'feishu';
  readonly platform: Platform;
  readonly errcodes = ERRCODES;
  // The same token while 30 minutes of its life are left, then another one; both are valid.
  readonly repeatedCall = 'same';
  readonly marginSeconds = 1800;
  readonly canForce = false;
  readonly mayCallInParallel = true;
  readonly isEarlyCallHarmless = true;
  readonly rejectionHealedBy = 'call';

  constructor(baseUrl = 'https://open.feishu.cn') {
    const refusal = { code: 'code', message: 'msg' };
    this.platform = { name: 'Feishu', baseUrl, refusal };
  }

  serves({ kind }: Account): boolean {
    return kind === 'feishu';
  }

  async issue({ account, call }: IssueRequest): Promise<SourceAnswer> {
    const path = '/open-apis/auth/v3/tenant_access_token/internal';
    const body = { app_id: account.appId, app_secret: account.appSecret };
    const answer = await call({ method: 'POST', path, body });
    return {
      value: answer['tenant_access_token'],
      expiresIn: answer['expire'],
    };
  }

  async probe({ value, call }: ProbeRequest): Promise<boolean> {
    const path = '/open-apis/bot/v3/info';
    const headers = { authorization: `Bearer ${value}` };
    const answer = await call({ method: 'GET', path, headers });
    return answer['code'] === 0;
  }
}
