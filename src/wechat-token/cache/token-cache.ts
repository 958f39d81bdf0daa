// Which tokens does this process hold?

import { Injectable } from '@nestjs/common';
import {
  parseTokenName,
  type TokenKind,
  type TokenName,
  tokenName,
} from '../common/token-name.js';
import type { CachedToken, LearnedToken } from './cached-token.js';
import { TokensByAccount } from './tokens-by-account.js';

/** What this process knows of each token. Only ever replaced by something newer. */
@Injectable()
export class TokenCache {
  private readonly held = new TokensByName();
  private readonly listeners = new Map<TokenName, () => void>();

  /** All that is held of one kind, by account: a read need not build the token's name (R1). */
  ofKind(kind: TokenKind): TokensByAccount {
    return this.held.ofKind(kind);
  }

  /** The token, if it may be handed out at `now`. */
  usable(name: TokenName, now: number): CachedToken | undefined {
    const held = this.held.get(name);
    return held && now < held.serveUntil ? held : undefined;
  }

  /** Takes a token over, unless a newer one is known already. */
  adopt(name: TokenName, token: LearnedToken): void {
    const { value, version, credentialId } = token;
    const { askedAt, knownAt, serveUntil, expiresAt } = token;
    const known = this.held.get(name);
    // An answer that was overtaken on its way. What was asked for later counts even with a lower version: the table may
    // have been restored from a backup.
    const overtaken =
      known !== undefined &&
      known.value !== value &&
      known.version >= version &&
      askedAt < Math.min(known.knownAt, known.serveUntil);
    if (overtaken) return;
    const promise =
      known?.value === value ? known.promise : Promise.resolve(value);
    const refreshAt = Math.min(token.refreshAt, serveUntil);
    // Written out: what a spread makes takes more memory, in more places.
    this.held.set(name, {
      value,
      promise,
      version,
      credentialId,
      knownAt,
      refreshAt,
      serveUntil,
      expiresAt,
    });
    const isStored = knownAt !== Infinity;
    if (isStored && askedAt < serveUntil) this.listeners.get(name)?.();
  }

  /** Has `listener`, and no other, called whenever a token of that name comes that may be handed out and is in its row. */
  listen(name: TokenName, listener: () => void): void {
    this.listeners.set(name, listener);
  }

  unlisten(name: TokenName): void {
    this.listeners.delete(name);
  }

  /** For a token that the row does not have: it is newer than all that is known by now. */
  nextVersion(name: TokenName): number {
    return (this.held.get(name)?.version ?? 0) + 1;
  }

  /** Whether it has learned this version from the row itself. */
  knows(name: TokenName, version: number): boolean {
    const known = this.held.get(name);
    return known?.version === version && known.knownAt !== Infinity;
  }

  /** A name may be another account by now, or its credentials others. */
  forgetUnlessOf(name: TokenName, credentialId: string): void {
    if (this.held.get(name)?.credentialId !== credentialId)
      this.held.delete(name);
  }

  /** The tokens of accounts that are gone are not handed out. */
  forgetAllBut(names: ReadonlySet<TokenName>): void {
    for (const name of this.held.names())
      if (!names.has(name)) this.held.delete(name);
  }

  /** Nothing can be done about this token before `at`: reads until then start nothing. */
  delayRenewal(name: TokenName, at: number): void {
    const known = this.held.get(name);
    if (!known || known.refreshAt >= at) return;
    const refreshAt = Math.min(at, known.serveUntil);
    this.held.set(name, { ...known, refreshAt });
  }
}

/** A map by token name, kept by kind and account. */
class TokensByName {
  private readonly kinds = new Map<TokenKind, TokensByAccount>();

  ofKind(kind: TokenKind): TokensByAccount {
    const known = this.kinds.get(kind);
    if (known) return known;
    const made = new TokensByAccount();
    this.kinds.set(kind, made);
    return made;
  }

  get(name: TokenName): CachedToken | undefined {
    const { kind, account } = parseTokenName(name);
    return this.kinds.get(kind)?.get(account);
  }

  set(name: TokenName, token: CachedToken): void {
    const { kind, account } = parseTokenName(name);
    this.ofKind(kind).set(account, token);
  }

  delete(name: TokenName): void {
    const { kind, account } = parseTokenName(name);
    this.kinds.get(kind)?.delete(account);
  }

  *names(): Generator<TokenName> {
    for (const [kind, tokens] of this.kinds)
      for (const account of tokens.accounts()) yield tokenName(kind, account);
  }
}
