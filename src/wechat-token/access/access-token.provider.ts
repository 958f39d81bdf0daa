import { Injectable } from '@nestjs/common';
import { Clock } from '../clock.js';
import { TokenRenewer } from '../refresh/token-renewer.js';
import { type HeldToken, TokenMemory } from '../store/token-memory.js';
import { DEFAULT_ACCOUNT, type TokenName, tokenName } from '../token-name.js';
import { isStoreError, TokenUnavailableError } from '../wechat-token.errors.js';
import { messages } from '../wechat-token.messages.js';
import { WechatTokenSettings } from '../wechat-token.settings.js';
import { withDeadline } from './with-deadline.js';

const DEFAULT_TIMEOUT_MS = 10_000;

export interface AccessTokenOptions {
  /** How long to wait when there is no valid token, milliseconds. Default: 10,000. */
  timeoutMs?: number;
  /** Ends the wait early; the renewal goes on for the others. */
  signal?: AbortSignal;
}

/** Hands out access tokens that the platform accepts. Inject it wherever WeChat is called. */
@Injectable()
export class AccessTokenProvider {
  constructor(
    private readonly memory: TokenMemory,
    private readonly renewer: TokenRenewer,
    private readonly clock: Clock,
    private readonly settings: WechatTokenSettings,
  ) {}

  /**
   * A valid access token. With one in memory there is no I/O (R1); past its `refresh_at` it is renewed in the background (R2);
   * only when it is expired does the caller wait, at most `timeoutMs`.
   * @param account The account's name; default: `default`.
   * @throws TokenUnavailableError when there is none in time, with the seconds after which to try again in `retryAfter`;
   * UnknownAccountError.
   */
  getAccessToken(
    account: string = DEFAULT_ACCOUNT,
    options?: AccessTokenOptions,
  ): Promise<string> {
    const name = tokenName('access_token', account);
    const held = this.served(name);
    return held ? held.promise : valueOf(this.obtain(name, options));
  }

  /** As {@link getAccessToken}, with all that is known of the token; {@link secondsLeft} tells how long it lives. */
  async getHeldToken(
    account: string = DEFAULT_ACCOUNT,
    options?: AccessTokenOptions,
  ): Promise<HeldToken> {
    const name = tokenName('access_token', account);
    return this.served(name) ?? this.obtain(name, options);
  }

  /** The life that the platform still gives a token, whole seconds. */
  secondsLeft(token: HeldToken): number {
    return Math.floor((token.expiresAt - this.clock.now()) / 1000);
  }

  /**
   * R5: tells that the platform refused this token in a business call (40001, 40014, 42001), and returns the one to use
   * instead: the stored one if it differs already, otherwise a new one. A late report of an old token costs nothing.
   * @throws TokenUnavailableError when no other token can be had now; RefreshBudgetError when only a forced renewal would
   * help and none is left; UnknownAccountError.
   */
  invalidate(
    rejectedToken: string,
    account: string = DEFAULT_ACCOUNT,
  ): Promise<string> {
    const name = tokenName('access_token', account);
    const renewed = this.renewer
      .renew(name, { kind: 'rejected', value: rejectedToken })
      .then(() => this.renewer.obtain(name));
    return valueOf(this.inTime(name, renewed));
  }

  /** R1, R2: the token in memory, if it may be handed out; past its `refresh_at` a renewal begins behind it. */
  private served(name: TokenName): HeldToken | undefined {
    const now = this.clock.now();
    const held = this.memory.usable(name, now);
    if (held && now >= held.refreshAt) this.renewer.renewInBackground(name);
    return held;
  }

  private obtain(
    name: TokenName,
    options?: AccessTokenOptions,
  ): Promise<HeldToken> {
    return this.inTime(name, this.renewer.obtain(name), options);
  }

  private async inTime(
    name: TokenName,
    work: Promise<HeldToken>,
    { timeoutMs = DEFAULT_TIMEOUT_MS, signal }: AccessTokenOptions = {},
  ): Promise<HeldToken> {
    try {
      return await withDeadline(work, this.clock, {
        timeoutMs,
        signal,
        timedOut: () =>
          new TokenUnavailableError(this.timedOut(name, timeoutMs), 1),
        aborted: (reason) =>
          new TokenUnavailableError(messages.aborted(name), undefined, {
            cause: reason,
          }),
      });
    } catch (error) {
      if (!isStoreError(error)) throw error;
      const message = messages.renewalFailed(name, error.message);
      throw new TokenUnavailableError(message, 1, { cause: error });
    }
  }

  /** R10: nothing is under way on a reader; it can only wait for others. */
  private timedOut(name: TokenName, timeoutMs: number): string {
    return this.settings.role === 'reader'
      ? messages.noRefresher(name)
      : messages.timedOut(name, timeoutMs);
  }
}

async function valueOf(token: Promise<HeldToken>): Promise<string> {
  return (await token).value;
}
