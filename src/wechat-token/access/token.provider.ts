import { Injectable } from '@nestjs/common';
import { TokenCache } from '../cache/token-cache.js';
import { Clock } from '../common/clock.js';
import { UnknownTokenError } from '../common/errors.js';
import { messages } from '../common/messages.js';
import { DEFAULT_ACCOUNT, type TokenKind } from '../common/token-name.js';
import { TokenSources } from '../upstream/token-sources.js';
import type {
  AccessTokenOptions,
  InvalidateOptions,
} from './access-token-options.js';
import { TokenReader } from './token-reader.js';
import { TokenWaiter } from './token-waiter.js';

/** Hands out tokens of any kind: tickets, and those of the app's own sources. For access tokens there is `AccessTokenProvider`. */
@Injectable()
export class TokenProvider {
  readonly #readers: ReadonlyMap<TokenKind, TokenReader>;

  constructor(
    cache: TokenCache,
    waiter: TokenWaiter,
    sources: TokenSources,
    clock: Clock,
  ) {
    const readers = [...sources.kinds].map(
      (kind) => [kind, new TokenReader(kind, cache, waiter, clock)] as const,
    );
    this.#readers = new Map(readers);
  }

  /**
   * A valid token of that kind, such as `jsapi_ticket`; otherwise as `AccessTokenProvider.getAccessToken`.
   * @throws UnknownTokenError when the account has no token of that kind; as `AccessTokenProvider.getAccessToken`.
   */
  getToken(
    kind: TokenKind,
    account: string = DEFAULT_ACCOUNT,
    options?: AccessTokenOptions,
  ): Promise<string> {
    return this.find(kind)?.get(account, options) ?? unknown(kind, account);
  }

  /** R5: as `AccessTokenProvider.invalidate`, for a token of that kind. @throws UnknownTokenError; as that does. */
  invalidate(
    kind: TokenKind,
    rejected: string,
    account: string = DEFAULT_ACCOUNT,
    options?: InvalidateOptions,
  ): Promise<string> {
    const reader = this.find(kind);
    return (
      reader?.invalidate(rejected, account, options) ?? unknown(kind, account)
    );
  }

  /** @internal The tokens of one kind. @throws UnknownTokenError for a kind without a source */
  ofKind(kind: TokenKind): TokenReader {
    const reader = this.find(kind);
    if (!reader) throw unknownToken(kind, DEFAULT_ACCOUNT);
    return reader;
  }

  private find(kind: TokenKind): TokenReader | undefined {
    return this.#readers.get(kind);
  }
}

function unknownToken(kind: TokenKind, account: string): UnknownTokenError {
  return new UnknownTokenError(messages.unknownToken(kind, account));
}

function unknown(kind: TokenKind, account: string): Promise<never> {
  return Promise.reject(unknownToken(kind, account));
}
