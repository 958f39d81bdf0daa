import { type CachedToken, fingerprintOf } from '../cache/cached-token.js';
import type { TokenCache } from '../cache/token-cache.js';
import type { TokensOfKind } from '../cache/tokens-of-kind.js';
import type { Clock } from '../common/clock.js';
import { type TokenKind, tokenName } from '../common/token-name.js';
import type {
  AccessTokenOptions,
  InvalidateOptions,
} from './access-token-options.js';
import type { TokenWaiter } from './token-waiter.js';

/** A token, and the whole seconds for which the platform still accepts it. */
export interface TokenWithLife {
  readonly value: string;
  readonly expiresIn: number;
  /** First 8 hex of the SHA-256 of the value. */
  readonly fingerprint: string;
}

/** Hands out the tokens of one kind. */
export class TokenReader {
  readonly #kind: TokenKind;
  readonly #byAccount: TokensOfKind;
  readonly #waiter: TokenWaiter;
  readonly #clock: Clock;

  constructor(
    kind: TokenKind,
    cache: TokenCache,
    waiter: TokenWaiter,
    clock: Clock,
  ) {
    this.#kind = kind;
    this.#waiter = waiter;
    this.#clock = clock;
    this.#byAccount = cache.ofKind(kind);
  }

  /** As `AccessTokenProvider.getAccessToken`. */
  get(account: string, options?: AccessTokenOptions): Promise<string> {
    // The event loop's time is exact enough for a token that is not due (docs/adr/0009).
    const fresh = this.#byAccount.freshPromise(account, this.#clock.turn());
    if (fresh) {
      this.#byAccount.hits++;
      return fresh;
    }
    const usable = this.usable(account);
    return usable ? usable.promise : valueOf(this.obtain(account, options));
  }

  /** As {@link get}, with the token's version and instants. */
  async cached(
    account: string,
    options?: AccessTokenOptions,
  ): Promise<CachedToken> {
    return this.usable(account) ?? this.obtain(account, options);
  }

  /** As {@link get}, with what is left of its life. */
  async withLife(
    account: string,
    options?: AccessTokenOptions,
  ): Promise<TokenWithLife> {
    return (
      this.fromMemory(account) ??
      this.lifeOf(await this.obtain(account, options))
    );
  }

  /** As {@link withLife}, if the token is in memory. */
  fromMemory(account: string): TokenWithLife | undefined {
    const token = this.usable(account);
    return token && this.lifeOf(token);
  }

  /** R5: as `AccessTokenProvider.invalidate`. */
  invalidate(
    rejected: string,
    account: string,
    options?: InvalidateOptions,
  ): Promise<string> {
    return valueOf(
      this.#waiter.replace(this.nameOf(account), rejected, options),
    );
  }

  /**
   * R5: as {@link invalidate}, for a report that comes over HTTP, which may be false: the token is tried at the platform,
   * and returned again when the platform accepts it.
   */
  answerReport(
    reported: string,
    account: string,
    actor: string,
  ): Promise<CachedToken> {
    return this.#waiter.answerReport(this.nameOf(account), reported, actor);
  }

  /** The account that this token is the current one of, among those in memory. */
  accountOf(value: string): string | undefined {
    const account = this.#byAccount.accountOf(value);
    return account !== undefined && this.usable(account)?.value === value
      ? account
      : undefined;
  }

  /** R2: the token in memory, if it may be handed out; past its `refresh_at` a renewal begins in the background. */
  private usable(account: string): CachedToken | undefined {
    const now = this.#clock.now();
    const cached = this.#byAccount.get(account);
    if (cached === undefined || now >= cached.serveUntil) return undefined;
    this.#byAccount.hits++;
    if (now < cached.refreshAt) return cached;
    this.#waiter.renewInBackground(this.nameOf(account));
    return cached;
  }

  private lifeOf(token: CachedToken): TokenWithLife {
    const { value, expiresAt } = token;
    const left = expiresAt - this.#clock.now();
    const expiresIn = Math.floor(left / 1000);
    return { value, expiresIn, fingerprint: fingerprintOf(token) };
  }

  private obtain(
    account: string,
    options?: AccessTokenOptions,
  ): Promise<CachedToken> {
    return this.#waiter.obtain(this.nameOf(account), options);
  }

  private nameOf(account: string): string {
    return tokenName(this.#kind, account);
  }
}

async function valueOf(token: Promise<CachedToken>): Promise<string> {
  return (await token).value;
}
