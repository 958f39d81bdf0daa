import type { LearnedToken } from '../cache/cached-token.js';
import { lifeOf, type TokenUpdate, type TokenRow } from '../store/token-row.js';
import type { IssuedToken } from '../upstream/token-source.js';
import * as policy from './policy.js';
import type { RenewalTarget } from './renewal-target.js';

/** R7: an answer of the platform as it is written. `row` is the one that it replaces, where that is known. */
export function toStore(
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

/** Only a new life is written for it. A row from elsewhere may hold the current token, but not when it was issued. */
export function isUnchanged({ value }: { value: string }, row: TokenRow) {
  return value === row.value && row.issuedInMs !== null;
}

/** R3: the same as it is served; its life counts from before the request was sent. */
export function toServe(
  token: TokenUpdate,
  sentAt: number,
  known: { version: number; knownAt: number },
): LearnedToken {
  const expiresAt = sentAt + token.expiresAfterMs;
  // Written out: a spread takes longer than all the rest.
  return {
    version: known.version,
    knownAt: known.knownAt,
    value: token.value,
    credentialId: token.credentialId,
    askedAt: sentAt,
    refreshAt: sentAt + token.refreshAfterMs,
    serveUntil: expiresAt - policy.safetyMargin(token.expiresAfterMs),
    expiresAt,
  };
}
