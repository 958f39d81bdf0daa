import type { Account } from '../../accounts/account.js';
import { messages } from '../../common/messages.js';
import { fingerprint, mask } from '../../common/fingerprint.js';
import { servableFor } from '../../renewal/policy/policy.js';
import type { RenewalTarget } from '../../renewal/policy/renewal-target.js';
import {
  isToken,
  lifeOf,
  otherHolder,
  secondsLeft,
  type TokenRow,
} from '../../store/token-row.js';
import type { AdminView, TokenStatus } from './admin.types.js';

export function statusOf(row: TokenRow): TokenStatus {
  if (row.leaseInMs > 0) return 'refreshing';
  if (row.value === null) return 'missing';
  if (servableFor(row.expiresInMs, lifeOf(row)) <= 0) return 'expired';
  if (row.nextAttemptInMs > 0) return 'cooling-down';
  return row.refreshInMs <= 0 ? 'due' : 'valid';
}

export function adminView(
  stored: TokenRow,
  { account, source }: Omit<RenewalTarget, 'name'>,
  forcedToday: number,
): AdminView {
  const row = withoutOthers(stored, account);
  const { value, expiresInMs, leaseInMs, lastError } = row;
  const until = instant(row, leaseInMs);
  return {
    name: row.name,
    account: account.name,
    appId: account.platformId,
    agentId: account.agentId ?? null,
    kind: account.kind,
    platform: source.platform.name,
    source: row.source,
    canForce: source.canForce,
    status: statusOf(row),
    fingerprint: value === null ? null : fingerprint(value),
    masked: value === null ? null : mask(value),
    issuedAt: instant(row, row.issuedInMs),
    refreshAt: instant(row, row.refreshInMs),
    expiresAt: instant(row, expiresInMs),
    expiresIn: isToken(row) ? secondsLeft(row) : null,
    version: row.version,
    lease:
      until !== null && leaseInMs > 0
        ? { owner: row.leaseOwner ?? '', until }
        : null,
    lastError: lastError && {
      class: lastError.class,
      errcode: lastError.errcode ?? null,
      message: lastError.message,
      at: lastError.at,
    },
    failureCount: row.failureCount,
    nextAttemptAt: instant(row, row.nextAttemptInMs),
    forcedToday,
  };
}

/** The token of another app is not shown as this account's: the reason is, as the last error. */
function withoutOthers(row: TokenRow, account: Account): TokenRow {
  const heldBy = otherHolder(row, account);
  if (heldBy === undefined) return row;
  const message = messages.rowConflict(row.name, account.appId, heldBy);
  const at = new Date(row.databaseNow).toISOString();
  const lastError = { class: 'row-conflict', message, credentialId: '', at };
  return { ...row, value: null, lastError };
}

/** R3: a row's instants are relative to the database's clock at the time of the read. */
function instant(row: TokenRow, inMs: number): string | null {
  return inMs === -Infinity
    ? null
    : new Date(row.databaseNow + inMs).toISOString();
}
