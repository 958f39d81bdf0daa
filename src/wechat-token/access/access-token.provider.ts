// How does ONE caller get a token?

import { Injectable } from '@nestjs/common';
import { type CachedToken, fingerprintOf } from '../cache/cached-token.js';
import { TokenCache } from '../cache/token-cache.js';
import type { TokensOfKind } from '../cache/tokens-of-kind.js';
import { Clock } from '../common/clock.js';
import { DEFAULT_ACCOUNT, tokenName } from '../common/token-name.js';
import type {
  AccessTokenOptions,
  InvalidateOptions,
} from './access-token-options.js';
import { TokenWaiter } from './token-waiter.js';

/** A token, and the whole seconds for which the platform still accepts it. */
export interface TokenWithLife {
  readonly value: string;
  readonly expiresIn: number;
  /** First 8 hex of the SHA-256 of the value. */
  readonly fingerprint: string;
}

/** Hands out access tokens that the platform accepts. Inject it wherever WeChat is called. */
@Injectable()
export class AccessTokenProvider {
  readonly #byAccount: TokensOfKind;
  readonly #waiter: TokenWaiter;
  readonly #clock: Clock;

  constructor(cache: TokenCache, waiter: TokenWaiter, clock: Clock) {
    this.#waiter = waiter;
    this.#clock = clock;
    this.#byAccount = cache.ofKind('access_token');
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
    // The event loop's time is exact enough for a token that is not due (docs/adr/0009).
    const fresh = this.#byAccount.freshPromise(account, this.#clock.turn());
    if (fresh) {
      this.#byAccount.hits++;
      return fresh;
    }
    const usable = this.usable(account);
    return usable ? usable.promise : valueOf(this.obtain(account, options));
  }

  /** As {@link getAccessToken}, with the whole seconds for which the platform still accepts the token. */
  async getAccessTokenWithLife(
    account: string = DEFAULT_ACCOUNT,
    options?: AccessTokenOptions,
  ): Promise<TokenWithLife> {
    return (
      this.fromMemory(account) ??
      this.withLife(await this.obtain(account, options))
    );
  }

  /** @internal As {@link getAccessTokenWithLife}, if the token is in memory. */
  fromMemory(account: string): TokenWithLife | undefined {
    const token = this.usable(account);
    return token && this.withLife(token);
  }

  /** @internal As {@link getAccessToken}, with the token's version and instants, for the module's own routes. */
  async cachedToken(
    account: string,
    options?: AccessTokenOptions,
  ): Promise<CachedToken> {
    return this.usable(account) ?? this.obtain(account, options);
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
    const name = tokenName('access_token', account);
    return valueOf(this.#waiter.replace(name, rejectedToken, options));
  }

  /**
   * @internal R5: as {@link invalidate}, for a report that comes over HTTP, which may be false: the token is tried at the platform,
   * and returned again when the platform accepts it.
   */
  answerReport(
    reportedToken: string,
    account: string,
    actor: string,
  ): Promise<CachedToken> {
    const name = tokenName('access_token', account);
    return this.#waiter.answerReport(name, reportedToken, actor);
  }

  /** R2: the token in memory, if it may be handed out; past its `refresh_at` a renewal begins in the background. */
  private usable(account: string): CachedToken | undefined {
    const now = this.#clock.now();
    const cached = this.#byAccount.get(account);
    if (cached === undefined || now >= cached.serveUntil) return undefined;
    this.#byAccount.hits++;
    if (now < cached.refreshAt) return cached;
    this.#waiter.renewInBackground(tokenName('access_token', account));
    return cached;
  }

  private withLife(token: CachedToken): TokenWithLife {
    const { value, expiresAt } = token;
    const left = expiresAt - this.#clock.now();
    const expiresIn = Math.floor(left / 1000);
    return { value, expiresIn, fingerprint: fingerprintOf(token) };
  }

  private obtain(
    account: string,
    options?: AccessTokenOptions,
  ): Promise<CachedToken> {
    return this.#waiter.obtain(tokenName('access_token', account), options);
  }
}

async function valueOf(token: Promise<CachedToken>): Promise<string> {
  return (await token).value;
}
