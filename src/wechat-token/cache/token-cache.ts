// Which tokens does this process hold?

import { Injectable } from '@nestjs/common';
import {
  parseTokenName,
  type TokenKind,
  type TokenName,
  tokenName,
} from '../common/token-name.js';
import type { CachedToken, TokenOwner, TokenToCache } from './cached-token.js';
import { TokensOfKind } from './tokens-of-kind.js';

export interface TokenCounts {
  /** Those that this process holds or expects. */
  readonly total: number;
  /** Held, and not to be handed out any more. */
  readonly expired: number;
  /** Expected, and not held yet. */
  readonly missing: number;
}

/** The tokens that this process holds, by kind and account. A token is only ever replaced by a newer one. */
@Injectable()
export class TokenCache {
  private readonly kinds = new Map<TokenKind, TokensOfKind>();
  private readonly listeners = new Map<TokenName, Set<() => void>>();
  /** Tokens that this process needs and does not hold yet. */
  private readonly expected = new Set<TokenName>();

  /** All tokens of one kind by account: a read need not build the token's name (R1). */
  ofKind(kind: TokenKind): TokensOfKind {
    const known = this.kinds.get(kind);
    if (known) return known;
    const tokens = new TokensOfKind();
    this.kinds.set(kind, tokens);
    return tokens;
  }

  /** The token, if it may be handed out at `now`. */
  usable(name: TokenName, now: number): CachedToken | undefined {
    const cached = this.get(name);
    return cached && now < cached.serveUntil ? cached : undefined;
  }

  /** Caches a token, unless a newer one is cached already. */
  adopt(name: TokenName, token: TokenToCache): void {
    const { value, version, credentialId, appId, application } = token;
    const { issuedAt, writtenAt, askedAt } = token;
    const { knownAt, serveUntil, expiresAt } = token;
    const known = this.get(name);
    // An answer that was overtaken on its way, or a row from before the known token was issued, put back from a backup. What was
    // asked for later counts even with a lower version: a failover may have lost commits.
    const overtaken =
      known !== undefined &&
      known.value !== value &&
      known.version >= version &&
      askedAt < known.serveUntil &&
      (askedAt < known.knownAt || writtenAt <= known.issuedAt);
    if (overtaken) return;
    const promise =
      known?.value === value ? known.promise : Promise.resolve(value);
    const refreshAt = Math.min(token.refreshAt, serveUntil);
    // Written out: objects made by a spread take more memory, in more places.
    this.set(name, {
      value,
      promise,
      version,
      credentialId,
      appId,
      application,
      issuedAt,
      knownAt,
      refreshAt,
      serveUntil,
      expiresAt,
    });
    const isStored = knownAt !== Infinity;
    if (isStored && askedAt < serveUntil)
      for (const listener of this.listeners.get(name) ?? []) listener();
  }

  /** Calls `listener` whenever a stored token of that name that may be handed out is cached. */
  listen(name: TokenName, listener: () => void): void {
    const listeners = this.listeners.get(name) ?? new Set();
    this.listeners.set(name, listeners.add(listener));
  }

  unlisten(name: TokenName, listener: () => void): void {
    const listeners = this.listeners.get(name);
    listeners?.delete(listener);
    if (listeners?.size === 0) this.listeners.delete(name);
  }

  /** This process needs the token of that name: it wants to know when it is stored. */
  expect(name: TokenName): void {
    if (!this.get(name)) this.expected.add(name);
  }

  /** Whether this process holds the token of that name, or expects it. */
  keeps(name: TokenName): boolean {
    return this.expected.has(name) || this.get(name) !== undefined;
  }

  /** The names of all tokens that this process holds or expects. */
  *names(): Generator<TokenName> {
    yield* this.expected;
    for (const [kind, tokens] of this.kinds)
      for (const account of tokens.accounts()) yield tokenName(kind, account);
  }

  /** All tokens that this process holds, also those that are not stored or have expired. */
  *held(): Generator<[TokenName, CachedToken]> {
    for (const [kind, tokens] of this.kinds)
      for (const account of tokens.accounts()) {
        const token = tokens.get(account);
        if (token) yield [tokenName(kind, account), token];
      }
  }

  get size(): number {
    let size = 0;
    for (const tokens of this.kinds.values()) size += tokens.size;
    return size;
  }

  /** How many tokens this process needs, and how many of them it cannot hand out at `now`. One step for each, without I/O. */
  count(now: number): TokenCounts {
    let expired = 0;
    for (const tokens of this.kinds.values())
      for (const { serveUntil } of tokens.values())
        if (now >= serveUntil) expired++;
    const missing = this.expected.size;
    return { total: this.size + missing, expired, missing };
  }

  /** How often a token was served from memory. */
  get hits(): number {
    let hits = 0;
    for (const tokens of this.kinds.values()) hits += tokens.hits;
    return hits;
  }

  /** Whose token is held under that name. */
  ownerOf(name: TokenName): TokenOwner | undefined {
    return this.get(name);
  }

  /** For a token that is not stored: higher than every version known so far. */
  nextVersion(name: TokenName): number {
    return (this.get(name)?.version ?? 0) + 1;
  }

  /** Whether this version was read from the row itself. */
  knows(name: TokenName, version: number): boolean {
    const known = this.get(name);
    return known?.version === version && known.knownAt !== Infinity;
  }

  /** Drops the token of another application: the name is another account's by now. */
  forgetUnlessOf(name: TokenName, { application }: TokenOwner): void {
    const known = this.get(name);
    if (known && known.application !== application) this.delete(name);
  }

  /** Drops the tokens of accounts that were removed. */
  forgetAllBut(names: ReadonlySet<TokenName>): void {
    for (const [kind, tokens] of this.kinds)
      tokens.keep((account) => names.has(tokenName(kind, account)));
    for (const name of this.expected)
      if (!names.has(name)) this.expected.delete(name);
  }

  /** The token cannot be renewed before `at`: reads until then start no renewal. */
  delayRenewal(name: TokenName, at: number): void {
    const known = this.get(name);
    if (!known || known.refreshAt >= at) return;
    const refreshAt = Math.min(at, known.serveUntil);
    this.set(name, { ...known, refreshAt });
  }

  /** The token, whether or not it may be handed out. */
  get(name: TokenName): CachedToken | undefined {
    const { kind, account } = parseTokenName(name);
    return this.kinds.get(kind)?.get(account);
  }

  private set(name: TokenName, token: CachedToken): void {
    const { kind, account } = parseTokenName(name);
    this.ofKind(kind).set(account, token);
    this.expected.delete(name);
  }

  private delete(name: TokenName): void {
    const { kind, account } = parseTokenName(name);
    this.kinds.get(kind)?.delete(account);
  }
}
