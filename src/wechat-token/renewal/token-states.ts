import { Injectable } from '@nestjs/common';
import { Clock } from '../common/clock.js';
import { fingerprint } from '../common/fingerprint.js';
import { TokenCache } from '../cache/token-cache.js';
import { lifeOf, type TokenRow } from '../store/token-row.js';
import type { TokenUnavailableError } from '../common/errors.js';
import { WechatTokenSettings } from '../common/settings.js';
import { LocalCoolDowns } from './local-cool-downs.js';
import { FOREVER, safetyMargin, type TokenState } from './policy.js';
import type { RenewalTarget } from './renewal-target.js';
import { coolingDown } from './token-unavailable.js';
import { PendingWrites } from './pending-writes.js';

/** While others renew a due token that we still serve, the next look at its row is this far off. */
const LOOK_AGAIN_MS = 1000;

/** How this replica sees a stored row: whether the token is its to serve, for how long, and whether it may renew it. */
@Injectable()
export class TokenStates {
  constructor(
    private readonly cache: TokenCache,
    private readonly pending: PendingWrites,
    private readonly coolDowns: LocalCoolDowns,
    private readonly clock: Clock,
    private readonly settings: WechatTokenSettings,
  ) {}

  /** Takes a stored token over into memory, if it may be handed out. */
  adopt(row: TokenRow, target: RenewalTarget): void {
    const { value, expiresInMs } = row;
    if (value === null || expiresInMs === null || !this.isOurs(row, target))
      return;
    if (this.pending.outdates(row)) return;
    // What others renew is looked at again soon; what is ours to renew, when it is due and the back-off is over.
    const othersRenew =
      this.settings.role === 'reader' || (row.leaseInMs ?? 0) > 0;
    const nextLook = Math.max(
      row.refreshInMs ?? 0,
      this.coolDown(row, target).wait,
      othersRenew ? LOOK_AGAIN_MS : 0,
    );
    const expiresAt = row.readAt + expiresInMs;
    this.cache.adopt(target.name, {
      value,
      version: row.version,
      credentialId: target.account.credentialId,
      askedAt: row.readAt,
      knownAt: this.clock.now(),
      refreshAt: row.readAt + nextLook,
      serveUntil: expiresAt - safetyMargin(lifeOf(row)),
      expiresAt,
    });
  }

  state(row: TokenRow, target: RenewalTarget): TokenState {
    const { confirmMs } = this.settings.refresh;
    const { rotatesOnEveryCall } = target.source;
    const unconfirmed =
      confirmMs > 0 &&
      !rotatesOnEveryCall &&
      -(row.updatedInMs ?? 0) >= confirmMs;
    return {
      value: row.value,
      fingerprint: row.value === null ? null : fingerprint(row.value),
      usable:
        row.value !== null &&
        this.isOurs(row, target) &&
        (row.expiresInMs ?? 0) > safetyMargin(lifeOf(row)),
      due: (row.refreshInMs ?? 0) <= 0,
      unconfirmed,
      rotatesOnEveryCall,
      leasedFor: row.leaseInMs ?? 0,
      coolingFor: this.coolDown(row, target).wait,
      mayCallPlatform: this.settings.role === 'refresher',
    };
  }

  /** What a caller is told while the back-off lasts and there is nothing to serve. */
  coolingDown(row: TokenRow, target: RenewalTarget): TokenUnavailableError {
    const { wait, reason } = this.coolDown(row, target);
    return coolingDown(target.name, wait, reason);
  }

  /** A token that was issued for another appid or secret is not ours to hand out; a reader knows no secret to compare. */
  private isOurs(row: TokenRow, { account }: RenewalTarget): boolean {
    return (
      this.settings.role === 'reader' ||
      row.credentialId === account.credentialId
    );
  }

  /** R8: the back-off that binds this replica: the one all share, or its own, whichever lasts longer. */
  private coolDown(
    row: TokenRow,
    { name, account }: RenewalTarget,
  ): { wait: number; reason: string } {
    const { lastError } = row;
    const shared = {
      wait: sharedWait(row, account.credentialId),
      reason: lastError?.message ?? '',
    };
    const own = this.coolDowns.get(name, account);
    const ownWait = own ? own.until - this.clock.now() : 0;
    return own && ownWait > shared.wait
      ? { wait: ownWait, reason: own.reason }
      : shared;
  }
}

/** A stop over credentials lasts as long as they do, and binds only those who have the same. */
function sharedWait(row: TokenRow, credentialId: string): number {
  const { lastError } = row;
  if (lastError?.class !== 'credentials')
    return Math.max(0, row.nextAttemptInMs ?? 0);
  return lastError.credentialId === credentialId ? FOREVER : 0;
}
