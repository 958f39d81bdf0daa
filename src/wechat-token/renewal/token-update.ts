import type { TokenToCache } from '../cache/cached-token.js';
import type { WechatTokenSettings } from '../common/settings.js';
import { lifeOf, type TokenRow, type TokenUpdate } from '../store/token-row.js';
import type { IssuedToken } from '../upstream/token-source.js';
import * as policy from './policy/policy.js';
import type { RenewalTarget } from './policy/renewal-target.js';

/** R7: a token that the platform was asked for at `sentAt`, as it is written. `row` is the row that it replaces, where that is known. */
export function toUpdate(
  issued: IssuedToken,
  sentAt: number,
  { account, source }: RenewalTarget,
  { marginSeconds, confirmMs }: WechatTokenSettings['refresh'],
  row?: TokenRow,
): TokenUpdate {
  const { rotatesOnEveryCall } = source;
  const options = { rotatesOnEveryCall, marginSeconds };
  const random = Math.random();
  const left = issued.lifeMs;
  const unchanged = row !== undefined && isUnchanged(issued, row);
  const refreshAfterMs = Math.round(
    unchanged
      ? policy.unchangedDelay(left, lifeOf(row), options, random)
      : policy.refreshDelay(left, options, random),
  );
  const isConfirmed = confirmMs > 0 && !rotatesOnEveryCall;
  return {
    value: issued.value,
    unchanged,
    sameEnd:
      unchanged &&
      policy.isSameEnd(sentAt + left, row.readAt + row.expiresInMs),
    source: source.id,
    credentialId: account.credentialId,
    appId: account.appId,
    refreshAfterMs,
    expiresAfterMs: left,
    nextAfterMs: isConfirmed
      ? Math.min(refreshAfterMs, confirmMs)
      : refreshAfterMs,
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
    appId: update.appId,
    issuedAt: sentAt,
    writtenAt: sentAt,
    askedAt: sentAt,
    refreshAt: sentAt + update.refreshAfterMs,
    serveUntil: sentAt + policy.servableFor(life, life),
    expiresAt: sentAt + life,
  };
}
