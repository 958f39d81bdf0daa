import { Injectable } from '@nestjs/common';
import type { CachedToken } from '../cache/cached-token.js';
import { TokenCache } from '../cache/token-cache.js';
import { Clock } from '../common/clock.js';
import type { TokenUnavailableError } from '../common/errors.js';
import { fingerprint } from '../common/fingerprint.js';
import { WechatTokenSettings } from '../common/settings.js';
import { RETRY_MS } from '../common/timing.js';
import type { TokenName } from '../common/token-name.js';
import { isToken, lifeOf, type TokenRow } from '../store/token-row.js';
import { TokenStore } from '../store/token-store.js';
import { LocalCoolDowns } from './local-cool-downs.js';
import { PendingWrites } from './pending-writes.js';
import { FOREVER, servableFor, type TokenState } from './policy.js';
import { remarkOf, type RenewalTarget } from './renewal-target.js';
import { coolingDown, nobodyRenewed } from './token-unavailable.js';

/** The state of each token as this replica sees it: from its row, and from what only this replica knows. */
@Injectable()
export class TokenStates {
  constructor(
    private readonly store: TokenStore,
    private readonly cache: TokenCache,
    private readonly pending: PendingWrites,
    private readonly coolDowns: LocalCoolDowns,
    private readonly clock: Clock,
    private readonly settings: WechatTokenSettings,
  ) {}

  /**
   * The row as it is now, made when it is missing, after the token that is waiting to be written. What the row holds is cached.
   * @throws StoreError, SealedValueError
   */
  async read(target: RenewalTarget): Promise<TokenRow> {
    const { name } = target;
    await this.pending.save(name);
    for (;;) {
      const row = await this.store.read(name);
      if (row) {
        this.adopt(row, target);
        return row;
      }
      await this.store.insertMissing([{ name, remark: remarkOf(target) }]);
    }
  }

  /** Caches the token of a row, if it was issued for these credentials and no newer one waits to be written. */
  adopt(row: TokenRow, target: RenewalTarget): void {
    const { value } = row;
    if (value === null || !isToken(row) || !this.isOurs(row, target)) return;
    if (this.pending.outdates(row)) return;
    // A token that others renew is read again soon; one that this replica renews, when it is due and no cool-down lasts.
    const othersRenew = this.settings.role === 'reader' || row.leaseInMs > 0;
    const refreshInMs = Math.max(
      row.refreshInMs,
      this.coolDown(row, target).wait,
      othersRenew ? RETRY_MS : 0,
    );
    this.cache.adopt(target.name, {
      value,
      version: row.version,
      credentialId: target.account.credentialId,
      askedAt: row.readAt,
      knownAt: this.clock.now(),
      refreshAt: row.readAt + refreshInMs,
      serveUntil: row.readAt + servableFor(row.expiresInMs, lifeOf(row)),
      expiresAt: row.readAt + row.expiresInMs,
    });
  }

  of(row: TokenRow, target: RenewalTarget): TokenState {
    const { confirmMs } = this.settings.refresh;
    const { rotatesOnEveryCall } = target.source;
    const unconfirmed =
      confirmMs > 0 &&
      !rotatesOnEveryCall &&
      row.updatedInMs !== -Infinity &&
      -row.updatedInMs >= confirmMs;
    return {
      value: row.value,
      fingerprint: row.value === null ? null : fingerprint(row.value),
      usable:
        row.value !== null &&
        this.isOurs(row, target) &&
        servableFor(row.expiresInMs, lifeOf(row)) > 0,
      due: row.refreshInMs <= 0,
      unconfirmed,
      rotatesOnEveryCall,
      leasedFor: row.leaseInMs,
      coolingFor: this.coolDown(row, target).wait,
      mayCallPlatform: this.settings.role === 'refresher',
    };
  }

  /** The cached token, if it may be handed out now. */
  usable(name: TokenName): CachedToken | undefined {
    return this.cache.usable(name, this.clock.now());
  }

  /** Whether this version of the row is cached. */
  knows(name: TokenName, version: number): boolean {
    return this.cache.knows(name, version);
  }

  /**
   * The values that the target's source needs; each is renewed first when none is usable. Sources form a graph.
   * @throws TokenUnavailableError, and what `renew` throws.
   */
  async inputsOf(
    { source, account }: RenewalTarget,
    renew: (name: TokenName) => Promise<unknown>,
  ): Promise<ReadonlyMap<TokenName, string>> {
    const inputs = new Map<TokenName, string>();
    for (const name of source.needs(account)) {
      // A renewal that began while the token was still good may have seen no reason to renew it.
      for (let tries = 0; tries < 2 && !this.usable(name); tries++)
        await renew(name);
      const input = this.usable(name);
      if (!input) throw nobodyRenewed(name, this.settings.role);
      inputs.set(name, input.value);
    }
    return inputs;
  }

  /** Whether the cron may renew the token: not while this replica's own cool-down lasts (R8), or a token waits to be written (R6). */
  mayRenew({ name, account }: RenewalTarget): boolean {
    return (
      !this.coolDowns.active(name, account) &&
      this.pending.get(name) === undefined
    );
  }

  /** For callers, while the cool-down lasts and there is nothing to serve. */
  coolingDown(row: TokenRow, target: RenewalTarget): TokenUnavailableError {
    const { wait, reason } = this.coolDown(row, target);
    return coolingDown(target.name, wait, reason);
  }

  /** A token that was issued for another appid or secret is not handed out; a reader has no secret to compare. */
  private isOurs(row: TokenRow, { account }: RenewalTarget): boolean {
    return (
      this.settings.role === 'reader' ||
      row.credentialId === account.credentialId
    );
  }

  /** R8: the cool-down that binds this replica: the shared one or its own, whichever lasts longer. */
  private coolDown(
    row: TokenRow,
    { name, account }: RenewalTarget,
  ): { wait: number; reason: string } {
    const wait = sharedWait(row, account.credentialId);
    const local = this.coolDowns.active(name, account);
    return local && local.wait > wait
      ? local
      : { wait, reason: row.lastError?.message ?? '' };
  }
}

/** A stop for credentials lasts as long as they do, and binds only those who have the same ones. */
function sharedWait(row: TokenRow, credentialId: string): number {
  const { lastError } = row;
  if (lastError?.class !== 'credentials')
    return Math.max(0, row.nextAttemptInMs);
  return lastError.credentialId === credentialId ? FOREVER : 0;
}
