import { Injectable, Logger } from '@nestjs/common';
import { TokenProvider } from '../../access/token.provider.js';
import type { TokenWithLife } from '../../access/token-reader.js';
import { reasonOf } from '../../common/error-reason.js';
import { isUnknownTokenError } from '../../common/errors.js';
import { LogLine } from '../../common/log-line.js';
import { type TokenKind, tokenName } from '../../common/token-name.js';
import { TokenReads } from '../auth/token-reads.js';
import type { PlatformError } from '../problem/wechat-errors.js';
import type { Asked, Found, Holder } from './platform-clients.js';

/** A request for a token of one kind, by a client of a platform's own API. */
export interface ShapedQuestion<Answer> extends Asked {
  readonly kind: TokenKind;
  /** As reads of a token are reported, such as `GET /cgi-bin/token`. */
  readonly route: string;
  /** The body of the answer. */
  readonly shape: (token: TokenWithLife) => Answer;
}

/** Answers with a token in a platform's own shape, always with HTTP 200. */
@Injectable()
export class ShapedAnswers {
  private readonly logger = new Logger('WechatToken');

  constructor(
    private readonly tokens: TokenProvider,
    private readonly reads: TokenReads,
  ) {}

  /** No promise if the token is in memory. */
  answer<Answer>(
    question: ShapedQuestion<Answer>,
    found: Found<Holder>,
  ): Answer | PlatformError | Promise<Answer | PlatformError> {
    if (found instanceof Promise) return this.obtain(question, found);
    if (typeof found === 'string') return question.platform.errors[found];
    const { account } = found;
    const token = this.tokens.ofKind(question.kind).fromMemory(account.name);
    return token
      ? this.give(question, found, token)
      : this.obtain(question, found);
  }

  private async obtain<Answer>(
    question: ShapedQuestion<Answer>,
    found: Found<Holder>,
  ): Promise<Answer | PlatformError> {
    const { platform, platformId, kind } = question;
    let name: string | undefined;
    try {
      const holder = await found;
      if (typeof holder === 'string') return platform.errors[holder];
      name = tokenName(kind, holder.account.name);
      const tokens = this.tokens.ofKind(kind);
      const token = await tokens.withLife(holder.account.name);
      return this.give(question, holder, token);
    } catch (error) {
      const appId = typeof platformId === 'string' ? platformId : undefined;
      const fields = { name, appId, ...reasonOf(error) };
      this.logger.warn(new LogLine('token not issued', fields));
      return isUnknownTokenError(error)
        ? { errcode: platform.forbidden, errmsg: missing(kind) }
        : platform.errors.busy;
    }
  }

  private give<Answer>(
    { kind, route, sender, shape }: ShapedQuestion<Answer>,
    { account, actor }: Holder,
    token: TokenWithLife,
  ): Answer {
    const name = tokenName(kind, account.name);
    const { fingerprint } = token;
    this.reads.report({ name, fingerprint, actor, route }, sender);
    return shape(token);
  }
}

/** Every account has an access token. */
function missing(kind: TokenKind): string {
  const ticket = kind.replace(/_ticket$/, '');
  return `api unauthorized: this account has no ${kind} here; add "${ticket}" to its setting "tickets"`;
}
