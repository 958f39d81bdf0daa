import type { TokenToCache } from '../cache/cached-token.js';
import { lifeOf, type TokenRow, type TokenUpdate } from '../store/token-row.js';
import type { IssuedToken } from '../upstream/token-source.js';
import * as policy from './policy.js';
import type { RenewalTarget } from './renewal-target.js';

/** R7: an issued token as it is written. `row` is the row that it replaces, where that is known. */
export function toUpdate(
  issued: IssuedToken,
  { account, source }: RenewalTarget,
  marginSeconds: number | undefined,
  row?: TokenRow,
): TokenUpdate {
  const { rotatesOnEveryCall } = source;
  const options = { rotatesOnEveryCall, marginSeconds };
  const random = Math.random();
  const left = issued.lifeMs;
  const unchanged = row !== undefined && isUnchanged(issued, row);
  const refreshAfterMs = unchanged
    ? policy.unchangedDelay(left, lifeOf(row), options, random)
    : policy.refreshDelay(left, options, random);
  return {
    value: issued.value,
    unchanged,
    source: source.id,
    credentialId: account.credentialId,
    refreshAfterMs: Math.round(refreshAfterMs),
    expiresAfterMs: left,
  };
}

/** The same token back: only its new life is written. A row from elsewhere may hold the current token, but not when it was issued. */
export function isUnchanged({ value }: { value: string }, row: TokenRow) {
  return value === row.value && row.issuedInMs !== -Infinity;
}

/** R3: a token as it is cached; its life counts from before the request was sent. */
export function toCached(
  update: TokenUpdate,
  sentAt: number,
  version: number,
  knownAt: number,
): TokenToCache {
  const life = update.expiresAfterMs;
  // Written out: a spread takes longer than all the rest.
  return {
    version,
    knownAt,
    value: update.value,
    credentialId: update.credentialId,
    askedAt: sentAt,
    refreshAt: sentAt + update.refreshAfterMs,
    serveUntil: sentAt + policy.servableFor(life, life),
    expiresAt: sentAt + life,
  };
}
