// How does ONE caller get a token?

import { Injectable } from '@nestjs/common';
import { DEFAULT_ACCOUNT } from '../common/token-name.js';
import type {
  AccessTokenOptions,
  InvalidateOptions,
} from './access-token-options.js';
import { TokenProvider } from './token.provider.js';
import type { TokenReader, TokenWithLife } from './token-reader.js';

/** Hands out access tokens that the platform accepts. Inject it wherever WeChat, or WeCom, is called. */
@Injectable()
export class AccessTokenProvider {
  readonly #tokens: TokenReader;

  constructor(tokens: TokenProvider) {
    this.#tokens = tokens.ofKind('access_token');
  }

  /**
   * A valid access token. A token in memory costs no I/O (R1); past its `refresh_at` the token is renewed in the background (R2);
   * only when it is expired does the caller wait, at most `timeoutMs`.
   * @param account The account's name; default: `default`.
   * @throws TokenUnavailableError when there is none in time, with the seconds after which to try again in `retryAfter`;
   * UnknownAccountError; AccountSourceError.
   */
  getAccessToken(
    account: string = DEFAULT_ACCOUNT,
    options?: AccessTokenOptions,
  ): Promise<string> {
    return this.#tokens.get(account, options);
  }

  /** As {@link getAccessToken}, with the whole seconds for which the platform still accepts the token. */
  getAccessTokenWithLife(
    account: string = DEFAULT_ACCOUNT,
    options?: AccessTokenOptions,
  ): Promise<TokenWithLife> {
    return this.#tokens.withLife(account, options);
  }

  /**
   * R5: reports that the platform refused this token in a business call (40001, 40014, 42001), and returns the token to use
   * instead: the stored token if it differs already, otherwise a new one, within `timeoutMs`. A late report of an old token costs
   * nothing. One replica has 3 of the 10 rejections of a token's life, and 5 of the day's 20 forced renewals.
   * @throws TokenUnavailableError when no other token can be had now; RefreshBudgetError when only a forced renewal would
   * help and none is left; UnknownAccountError; AccountSourceError.
   */
  invalidate(
    rejectedToken: string,
    account: string = DEFAULT_ACCOUNT,
    options?: InvalidateOptions,
  ): Promise<string> {
    return this.#tokens.invalidate(rejectedToken, account, options);
  }
}
