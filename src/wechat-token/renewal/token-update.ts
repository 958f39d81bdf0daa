import type {
  CachedToken,
  TokenOwner,
  TokenToCache,
} from '../cache/cached-token.js';
import type { WechatTokenSettings } from '../common/settings.js';
import type { TokenSource } from '../sources/token-source.js';
import {
  isUnproven,
  lifeOf,
  type TokenRow,
  type TokenUpdate,
} from '../store/token-row.js';
import type { IssuedToken } from '../upstream/issued-token.js';
import * as policy from './policy/policy.js';
import type { RenewalTarget } from './policy/renewal-target.js';

/** The token that a new one replaces, or confirms. Instants are milliseconds from the call. */
export interface PreviousToken {
  readonly value: string | null;
  /** Until its stored end. */
  readonly left: number;
  readonly life: number;
  /** The end of its life is not known for certain: it is confirmed. */
  readonly isUnproven: boolean;
  /** Until it is to be looked at again. */
  readonly nextIn: number;
}

/** The stored token. One from elsewhere may be the current one, but nobody knows when it was issued: it is replaced, never confirmed. */
export function previousIn(row: TokenRow, sentAt: number): PreviousToken {
  return {
    value: row.issuedInMs === -Infinity ? null : row.value,
    left: row.readAt + row.expiresInMs - sentAt,
    life: lifeOf(row),
    isUnproven: isUnproven(row),
    nextIn: row.nextInMs,
  };
}

/** The token in memory, for a call without the row. */
export function previousOf(
  { value, expiresAt, issuedAt }: CachedToken,
  sentAt: number,
): PreviousToken {
  const left = expiresAt - sentAt;
  const life = expiresAt - issuedAt;
  return { value, left, life, isUnproven: true, nextIn: -Infinity };
}

/** R7: a token that the platform was asked for at `sentAt`, as it is written. */
export function toUpdate(
  issued: IssuedToken,
  { account, source }: Pick<RenewalTarget, 'account' | 'source'>,
  { marginSeconds, confirmMs }: WechatTokenSettings['refresh'],
  previous?: PreviousToken,
): TokenUpdate {
  const margin = marginSeconds ?? source.marginSeconds;
  const unchanged = previous?.value === issued.value;
  const { left, refreshDelay } = lifeNow(issued, source, margin, previous);
  const refreshAfterMs = Math.round(refreshDelay);
  const isProven =
    source.repeatedCall === 'same, life counted anew' &&
    isLifeKnown(issued, previous);
  const confirmAfterMs = isProven
    ? Infinity
    : policy.confirmInterval(source, confirmMs);
  return {
    value: issued.value,
    unchanged,
    sameEnd: unchanged && policy.isSameEnd(left, previous.left),
    source: source.id,
    credentialId: account.credentialId,
    appId: account.appId,
    refreshAfterMs,
    expiresAfterMs: Math.round(left),
    nextAfterMs: Math.min(refreshAfterMs, confirmAfterMs),
  };
}

/** How long the token lives, and when it is due. */
function lifeNow(
  { value, lifeMs }: IssuedToken,
  { repeatedCall }: TokenSource,
  margin: number,
  previous: PreviousToken | undefined,
): { left: number; refreshDelay: number } {
  const random = Math.random();
  if (previous?.value !== value) {
    const refreshDelay = policy.refreshDelay(lifeMs, margin, random);
    return { left: lifeMs, refreshDelay };
  }
  if (repeatedCall === 'same, life counted anew')
    return policy.repeatedLife(lifeMs, previous, margin, random);
  const { life } = previous;
  const refreshDelay = policy.unchangedDelay(lifeMs, life, margin, random);
  return { left: lifeMs, refreshDelay };
}

/**
 * Whether the platform has issued the token a moment ago, at the end of the one before or since that was last confirmed: then its
 * whole life is ahead of it.
 */
function isLifeKnown(
  { value, lifeMs }: IssuedToken,
  previous: PreviousToken | undefined,
): boolean {
  if (!previous || previous.value === null) return false;
  const { isUnproven, nextIn, left } = previous;
  if (previous.value === value) return !isUnproven;
  const recent = policy.knownAfter(lifeMs);
  return Math.abs(left) <= recent || (isUnproven && nextIn >= -recent);
}

/** R3: a token as it is cached; its life counts from before the request was sent. */
export function toCached(
  update: TokenUpdate,
  owner: TokenOwner,
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
    credentialId: owner.credentialId,
    appId: owner.appId,
    application: owner.application,
    issuedAt: sentAt,
    writtenAt: sentAt,
    askedAt: sentAt,
    refreshAt: sentAt + update.refreshAfterMs,
    serveUntil: sentAt + policy.servableFor(life, life),
    expiresAt: sentAt + life,
  };
}
