// How does ONE caller get a token?

import { Injectable } from '@nestjs/common';
import { Clock } from '../common/clock.js';
import { TokenWaiter } from './token-waiter.js';
import type { CachedToken } from '../cache/cached-token.js';
import type { TokensOfKind } from '../cache/tokens-of-kind.js';
import { TokenCache } from '../cache/token-cache.js';
import {
  DEFAULT_ACCOUNT,
  type TokenName,
  tokenName,
} from '../common/token-name.js';
import {
  isOpenTransaction,
  isStoreError,
  isTokenUnavailableError,
  TokenUnavailableError,
} from '../common/errors.js';
import { messages } from '../common/messages.js';
import { CALLER_TIMEOUT_MS, RETRY_MS } from '../common/timing.js';
import { WechatTokenSettings } from '../common/settings.js';
import { withDeadline } from '../common/deadline.js';

export interface AccessTokenOptions {
  /** How long to wait when there is no valid token, milliseconds. Default: 10,000. */
  timeoutMs?: number;
  /** Ends the wait early; the renewal goes on for other callers. */
  signal?: AbortSignal;
}

export interface InvalidateOptions extends AccessTokenOptions {
  /** Who reports the token, for the events. At most 64 characters. Default: this replica. */
  actor?: string;
}

/** Hands out access tokens that the platform accepts. Inject it wherever WeChat is called. */
@Injectable()
export class AccessTokenProvider {
  private readonly byAccount: TokensOfKind;

  constructor(
    private readonly cache: TokenCache,
    private readonly waiter: TokenWaiter,
    private readonly clock: Clock,
    private readonly settings: WechatTokenSettings,
  ) {
    this.byAccount = cache.ofKind('access_token');
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
    const fresh = this.byAccount.freshPromise(account, this.clock.turn());
    if (fresh) return fresh;
    const usable = this.usable(account);
    return usable ? usable.promise : valueOf(this.obtain(account, options));
  }

  /** As {@link getAccessToken}, with the whole seconds for which the platform still accepts the token. */
  async getAccessTokenWithLife(
    account: string = DEFAULT_ACCOUNT,
    options?: AccessTokenOptions,
  ): Promise<{ value: string; expiresIn: number }> {
    const token = this.usable(account) ?? (await this.obtain(account, options));
    const { value, expiresAt } = token;
    const left = expiresAt - this.clock.now();
    return { value, expiresIn: Math.floor(left / 1000) };
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
   * nothing.
   * @throws TokenUnavailableError when no other token can be had now; RefreshBudgetError when only a forced renewal would
   * help and none is left; UnknownAccountError; AccountSourceError.
   */
  invalidate(
    rejectedToken: string,
    account: string = DEFAULT_ACCOUNT,
    { actor, ...options }: InvalidateOptions = {},
  ): Promise<string> {
    const name = tokenName('access_token', account);
    const replace = () => this.waiter.replace(name, rejectedToken, actor);
    return valueOf(this.inTime(name, replace, options, rejectedToken));
  }

  /** R2: the token in memory, if it may be handed out; past its `refresh_at` a renewal begins in the background. */
  private usable(account: string): CachedToken | undefined {
    const now = this.clock.now();
    const cached = this.byAccount.get(account);
    if (cached === undefined || now < cached.refreshAt) return cached;
    if (now >= cached.serveUntil) return undefined;
    this.waiter.renewInBackground(tokenName('access_token', account));
    return cached;
  }

  private obtain(
    account: string,
    options?: AccessTokenOptions,
  ): Promise<CachedToken> {
    const name = tokenName('access_token', account);
    return this.inTime(name, () => this.waiter.obtain(name), options);
  }

  /** @param rejected A value that this caller must not get back. */
  private async inTime(
    name: TokenName,
    attempt: () => Promise<CachedToken>,
    { timeoutMs = CALLER_TIMEOUT_MS, signal }: AccessTokenOptions = {},
    rejected?: string,
  ): Promise<CachedToken> {
    const timedOut = this.timedOut(name, timeoutMs);
    const deadline = this.clock.now() + timeoutMs;
    try {
      const work = this.retry(attempt, deadline, signal);
      return await withDeadline(work, this.clock, {
        timeoutMs,
        signal,
        timedOut: () => timedOut,
        aborted: (reason) =>
          new TokenUnavailableError(messages.aborted(name), undefined, {
            cause: reason,
          }),
      });
    } catch (error) {
      if (error !== timedOut && !isStoreError(error)) throw error;
      // R6: an issued token is in memory before it is stored; a database that hangs keeps it from nobody.
      const cached = this.cache.usable(name, this.clock.now());
      if (cached && cached.value !== rejected) return cached;
      if (!isStoreError(error)) throw error;
      const message = messages.renewalFailed(name, error.message);
      throw new TokenUnavailableError(message, 1, { cause: error });
    }
  }

  /** R2: failures that clear before the caller's deadline are retried, not thrown. */
  private async retry(
    attempt: () => Promise<CachedToken>,
    deadline: number,
    signal: AbortSignal | undefined,
  ): Promise<CachedToken> {
    for (;;) {
      try {
        return await attempt();
      } catch (error) {
        const wait = secondsToWait(error) * 1000;
        if (!(this.clock.now() + wait < deadline)) throw error;
        await this.clock.sleep(Math.min(wait, RETRY_MS), signal);
      }
    }
  }

  /** R10: a reader renews nothing; it can only wait for others. */
  private timedOut(name: TokenName, timeoutMs: number): TokenUnavailableError {
    const message =
      this.settings.role === 'reader'
        ? messages.noRefresher(name)
        : messages.timedOut(name, timeoutMs);
    return new TokenUnavailableError(message, 1);
  }
}

/** Infinity for a failure that does not clear by itself. */
function secondsToWait(error: unknown): number {
  if (isStoreError(error)) return isOpenTransaction(error) ? Infinity : 1;
  return isTokenUnavailableError(error)
    ? (error.retryAfter ?? Infinity)
    : Infinity;
}

async function valueOf(token: Promise<CachedToken>): Promise<string> {
  return (await token).value;
}
