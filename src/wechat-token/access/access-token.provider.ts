// How does ONE caller get a token?

import { Injectable } from '@nestjs/common';
import { Clock } from '../common/clock.js';
import { TokenWaiter } from './token-waiter.js';
import type { CachedToken } from '../cache/cached-token.js';
import { TokenCache } from '../cache/token-cache.js';
import type { TokensByAccount } from '../cache/tokens-by-account.js';
import {
  DEFAULT_ACCOUNT,
  type TokenName,
  tokenName,
} from '../common/token-name.js';
import {
  isStoreError,
  isTokenUnavailableError,
  TokenUnavailableError,
} from '../common/errors.js';
import { messages } from '../common/messages.js';
import { WechatTokenSettings } from '../common/settings.js';
import { withDeadline } from '../common/deadline.js';

const DEFAULT_TIMEOUT_MS = 10_000;
/** After a failure that ends soon, a caller who waits looks again this often. */
const LOOK_AGAIN_MS = 1000;

export interface AccessTokenOptions {
  /** How long to wait when there is no valid token, milliseconds. Default: 10,000. */
  timeoutMs?: number;
  /** Ends the wait early; the renewal goes on for the others. */
  signal?: AbortSignal;
}

export interface InvalidateOptions extends AccessTokenOptions {
  /** Who reports it, for the events. At most 64 characters. Default: this replica. */
  actor?: string;
}

/** Hands out access tokens that the platform accepts. Inject it wherever WeChat is called. */
@Injectable()
export class AccessTokenProvider {
  private readonly byAccount: TokensByAccount;

  constructor(
    private readonly cache: TokenCache,
    private readonly waiter: TokenWaiter,
    private readonly clock: Clock,
    private readonly settings: WechatTokenSettings,
  ) {
    this.byAccount = cache.ofKind('access_token');
  }

  /**
   * A valid access token. With one in memory there is no I/O (R1); past its `refresh_at` it is renewed in the background (R2);
   * only when it is expired does the caller wait, at most `timeoutMs`.
   * @param account The account's name; default: `default`.
   * @throws TokenUnavailableError when there is none in time, with the seconds after which to try again in `retryAfter`;
   * UnknownAccountError; AccountSourceError.
   */
  getAccessToken(
    account: string = DEFAULT_ACCOUNT,
    options?: AccessTokenOptions,
  ): Promise<string> {
    const carefree = this.byAccount.carefree(account, this.clock.turn());
    if (carefree) return carefree;
    const held = this.served(account);
    return held ? held.promise : valueOf(this.obtain(account, options));
  }

  /** As {@link getAccessToken}, with the whole seconds of life that the platform still gives the token. */
  async getAccessTokenWithLife(
    account: string = DEFAULT_ACCOUNT,
    options?: AccessTokenOptions,
  ): Promise<{ value: string; expiresIn: number }> {
    const held = await this.held(account, options);
    const left = held.expiresAt - this.clock.now();
    return { value: held.value, expiresIn: Math.floor(left / 1000) };
  }

  /** @internal The same with all that is known of it, for the module's own routes. */
  async held(
    account: string,
    options?: AccessTokenOptions,
  ): Promise<CachedToken> {
    return this.served(account) ?? this.obtain(account, options);
  }

  /**
   * R5: tells that the platform refused this token in a business call (40001, 40014, 42001), and returns the one to use
   * instead: the stored one if it differs already, otherwise a new one, within `timeoutMs`. A late report of an old token costs
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

  /** R1, R2: the token in memory, if it may be handed out; past its `refresh_at` a renewal begins behind it. */
  private served(account: string): CachedToken | undefined {
    const now = this.clock.now();
    const held = this.byAccount.get(account);
    if (held === undefined || now < held.refreshAt) return held;
    if (now >= held.serveUntil) return undefined;
    this.waiter.renewInBackground(tokenName('access_token', account));
    return held;
  }

  private obtain(
    account: string,
    options?: AccessTokenOptions,
  ): Promise<CachedToken> {
    const name = tokenName('access_token', account);
    return this.inTime(name, () => this.waiter.obtain(name), options);
  }

  /** `rejected` is a value that is no help to this caller. */
  private async inTime(
    name: TokenName,
    attempt: () => Promise<CachedToken>,
    { timeoutMs = DEFAULT_TIMEOUT_MS, signal }: AccessTokenOptions = {},
    rejected?: string,
  ): Promise<CachedToken> {
    const timedOut = this.timedOut(name, timeoutMs);
    const deadline = this.clock.now() + timeoutMs;
    try {
      const work = this.persist(attempt, deadline, signal);
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
      // R6: what the platform issued is in memory before it is stored; a database that hangs keeps it from nobody.
      const held = this.cache.usable(name, this.clock.now());
      if (held && held.value !== rejected) return held;
      if (!isStoreError(error)) throw error;
      const message = messages.renewalFailed(name, error.message);
      throw new TokenUnavailableError(message, 1, { cause: error });
    }
  }

  /** R2: a failure that is over before the caller's patience is not his: another attempt follows. */
  private async persist(
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
        await this.clock.sleep(Math.min(wait, LOOK_AGAIN_MS), signal);
      }
    }
  }

  /** R10: nothing is under way on a reader; it can only wait for others. */
  private timedOut(name: TokenName, timeoutMs: number): TokenUnavailableError {
    const message =
      this.settings.role === 'reader'
        ? messages.noRefresher(name)
        : messages.timedOut(name, timeoutMs);
    return new TokenUnavailableError(message, 1);
  }
}

/** Infinity for what no waiting mends. */
function secondsToWait(error: unknown): number {
  if (isStoreError(error)) return 1;
  return isTokenUnavailableError(error)
    ? (error.retryAfter ?? Infinity)
    : Infinity;
}

async function valueOf(token: Promise<CachedToken>): Promise<string> {
  return (await token).value;
}
