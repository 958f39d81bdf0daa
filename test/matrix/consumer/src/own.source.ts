import type {
  Account,
  Errcodes,
  IssueRequest,
  SourceAnswer,
  TokenSource,
} from 'nestjs-wechat-token';

/** A source of the app's own. Its platform needs no call. */
export class OwnSource implements TokenSource {
  readonly id = 'own';
  readonly kind = 'access_token';
  readonly accountKind = 'own';
  readonly platform = { name: 'Own', baseUrl: 'http://127.0.0.1' };
  readonly errcodes: Errcodes = new Map([[1, { class: 'credentials' }]]);
  readonly repeatedCall = 'rotates';
  readonly canForce = false;
  readonly mayCallInParallel = false;
  readonly isEarlyCallHarmless = false;
  readonly marginSeconds = 600;
  readonly rejectionHealedBy = 'call';

  serves({ kind }: Account): boolean {
    return kind === 'own';
  }

  async issue({ account }: IssueRequest): Promise<SourceAnswer> {
    return { value: `token-of-${account.appId}`, expiresIn: 7200 };
  }
}
