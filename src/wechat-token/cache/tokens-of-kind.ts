import type { CachedToken } from './cached-token.js';

const FRESH_FOR_MS = 60_000;

/**
 * The tokens of one kind, by account. The promises of tokens that were read, and are not due within a minute, have a map of their
 * own: with many accounts read at random, a read waits for memory no more often than a lookup in that map (docs/adr/0009).
 */
export class TokensOfKind {
  private readonly tokens = new Map<string, CachedToken>();
  /** None of their tokens is due before `freshUntil`. */
  private readonly fresh = new Map<string, Promise<string>>();
  private freshUntil = -Infinity;
  /** The accounts by the values of their tokens: made when somebody first asks for it. */
  private byValue: Map<string, string> | undefined;
  /** How often one of them was served from memory: a plain number, since a read does next to nothing (R1). */
  hits = 0;

  get size(): number {
    return this.tokens.size;
  }

  /** R1: the promise of a token that is not due at `now`; undefined for every other token. */
  freshPromise(account: string, now: number): Promise<string> | undefined {
    if (now >= this.freshUntil) {
      this.fresh.clear();
      this.freshUntil = now + FRESH_FOR_MS;
    }
    return this.fresh.get(account) ?? this.addFresh(account, now);
  }

  get(account: string): CachedToken | undefined {
    return this.tokens.get(account);
  }

  /** Whose token it is. */
  accountOf(value: string): string | undefined {
    this.byValue ??= new Map(
      [...this.tokens].map(([account, token]) => [token.value, account]),
    );
    return this.byValue.get(value);
  }

  set(account: string, token: CachedToken): void {
    if (this.byValue) {
      const old = this.tokens.get(account)?.value ?? '';
      if (this.byValue.get(old) === account) this.byValue.delete(old);
      this.byValue.set(token.value, account);
    }
    this.tokens.set(account, token);
    this.fresh.delete(account);
  }

  accounts(): IterableIterator<string> {
    return this.tokens.keys();
  }

  values(): IterableIterator<CachedToken> {
    return this.tokens.values();
  }

  delete(account: string): void {
    // Another name of the same appid may have the same token.
    this.byValue = undefined;
    this.tokens.delete(account);
    this.fresh.delete(account);
  }

  /** Drops the tokens of all accounts that do not meet the condition. */
  keep(condition: (account: string) => boolean): void {
    for (const account of this.tokens.keys())
      if (!condition(account)) this.delete(account);
  }

  private addFresh(account: string, now: number): Promise<string> | undefined {
    const token = this.tokens.get(account);
    if (!token || now >= token.refreshAt) return undefined;
    const { promise, refreshAt } = token;
    if (refreshAt >= this.freshUntil) this.fresh.set(account, promise);
    return promise;
  }
}
