import type { CachedToken } from './cached-token.js';

/**
 * The tokens of one kind, by account. What a read needs is kept in dense columns beside the tokens: with many accounts, a read
 * waits for memory no more often than a lookup in a map of promises (docs/adr/0009).
 */
export class TokensOfKind {
  private readonly places = new Map<string, number>();
  private readonly accounts: string[] = [];
  private readonly tokens: CachedToken[] = [];
  private readonly promises: Promise<string>[] = [];
  private readonly refreshAt: number[] = [];

  get size(): number {
    return this.places.size;
  }

  /** R1: a token that is not due at `now`, resolved already; undefined for every other one. */
  fresh(account: string, now: number): Promise<string> | undefined {
    const place = this.places.get(account);
    if (place === undefined || !(now < (this.refreshAt[place] ?? 0)))
      return undefined;
    return this.promises[place];
  }

  get(account: string): CachedToken | undefined {
    const place = this.places.get(account);
    return place === undefined ? undefined : this.tokens[place];
  }

  set(account: string, token: CachedToken): void {
    this.put(account, this.places.get(account) ?? this.size, token);
  }

  /** Drops the tokens of all accounts that do not meet the condition. */
  keep(condition: (account: string) => boolean): void {
    for (const account of this.accounts.toReversed())
      if (!condition(account)) this.delete(account);
  }

  delete(account: string): void {
    const place = this.places.get(account);
    if (place === undefined) return;
    const lastAccount = this.accounts.pop();
    const lastToken = this.tokens.pop();
    void this.promises.pop();
    this.refreshAt.pop();
    this.places.delete(account);
    // The last token takes the empty place.
    if (lastAccount !== undefined && lastToken && lastAccount !== account)
      this.put(lastAccount, place, lastToken);
  }

  private put(account: string, place: number, token: CachedToken): void {
    this.places.set(account, place);
    this.accounts[place] = account;
    this.tokens[place] = token;
    this.promises[place] = token.promise;
    this.refreshAt[place] = token.refreshAt;
  }
}
