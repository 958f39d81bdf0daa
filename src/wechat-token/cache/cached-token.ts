import { fingerprint } from '../common/fingerprint.js';

/** Whose token it is. */
export interface TokenOwner {
  /** Of the account that the token was cached for. */
  readonly appId: string;
  /** The appid, where it tells the account from every other one. */
  readonly application: string;
  /** Of the account, if this process has had a token that was issued for these credentials; else those of the stored token. */
  readonly credentialId: string;
}

/** A token in this process's memory. Instants are on this process's clock, in milliseconds. */
export interface CachedToken extends TokenOwner {
  readonly value: string;
  /** Already resolved with the value, so that handing it out allocates nothing (R1). */
  readonly promise: Promise<string>;
  readonly version: number;
  /** When the platform was asked for it, or for its confirmation. */
  readonly issuedAt: number;
  /** Rows that are read from this instant on are newer; Infinity for a token that is not stored yet (R6). */
  readonly knownAt: number;
  /** From this instant on a read starts a renewal in the background (R2); never later than `serveUntil`. */
  readonly refreshAt: number;
  /** From this instant on the token is not handed out: its expiry, less a small safety margin (R2). */
  readonly serveUntil: number;
  /** When the platform stops accepting the token. */
  readonly expiresAt: number;
}

/** A token that was read from its row or issued by the platform, to be cached unless a newer one is. */
export interface TokenToCache extends Omit<CachedToken, 'promise'> {
  /** When the row, or the platform, was asked. */
  readonly askedAt: number;
  /** When its row was last changed; of a token that the platform issued, as `issuedAt`. */
  readonly writtenAt: number;
}

const fingerprints = new WeakMap<CachedToken, string>();

/** The fingerprint of a token in memory, hashed once: routes ask for it at every request. */
export function fingerprintOf(token: CachedToken): string {
  const known = fingerprints.get(token);
  if (known !== undefined) return known;
  const mark = fingerprint(token.value);
  fingerprints.set(token, mark);
  return mark;
}
