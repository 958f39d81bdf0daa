import { Injectable } from '@nestjs/common';
import type { CachedToken } from '../cache/cached-token.js';
import { TokenCache } from '../cache/token-cache.js';
import { Clock } from '../common/clock.js';
import {
  isOpenTransaction,
  isStoreError,
  isTokenUnavailableError,
} from '../common/errors.js';
import { fingerprint } from '../common/fingerprint.js';
import { WechatTokenSettings } from '../common/settings.js';
import { SingleFlight } from '../common/single-flight.js';
import { RETRY_MS } from '../common/timing.js';
import type { TokenName } from '../common/token-name.js';
import { TokenJournal } from '../observe/token-journal.js';
import { BoundedRenewal } from '../renewal/bounded-renewal.js';
import { RenewalTargets } from '../renewal/renewal-target.js';
import { nobodyRenewed } from '../renewal/token-unavailable.js';

const DUE = { kind: 'due' } as const;

/** Callers without a usable token in memory wait here, for a renewal or for a token that is stored meanwhile. */
@Injectable()
export class TokenWaiter {
  private readonly arrivals = new SingleFlight<void>();
  /** Recent failures: callers who come soon after get the same error. */
  private readonly failures = new Map<
    TokenName,
    { readonly error: unknown; readonly until: number }
  >();

  constructor(
    private readonly targets: RenewalTargets,
    private readonly cache: TokenCache,
    private readonly renewal: BoundedRenewal,
    private readonly journal: TokenJournal,
    private readonly clock: Clock,
    private readonly settings: WechatTokenSettings,
  ) {}

  /**
   * A usable token: from memory, from the row, or after a renewal; whichever comes first.
   * @throws TokenUnavailableError, UnknownAccountError, UnknownTokenError, SealedValueError, StoreError
   */
  async obtain(name: TokenName): Promise<CachedToken> {
    const usable = () => this.cache.usable(name, this.clock.now());
    // A renewal that began while the token was still good may have seen no reason to renew it: that one does not count.
    for (let tries = 0; tries < 2 && !usable(); tries++) {
      try {
        await this.arrival(name);
      } catch (error) {
        if (!usable()) throw error;
      }
    }
    const cached = usable();
    if (!cached) throw nobodyRenewed(name, this.settings.role);
    return cached;
  }

  /**
   * R5: the token to use in place of one that the platform refused.
   * @throws as {@link obtain}; RefreshBudgetError when only a forced renewal would help and none is left.
   */
  async replace(
    name: TokenName,
    rejected: string,
    actor?: string,
  ): Promise<CachedToken> {
    // An unknown name leaves no event.
    await this.targets.get(name);
    const inUse = this.cache.usable(name, this.clock.now());
    const report = { name, actor, fingerprint: fingerprint(rejected) };
    this.journal.reported(report, inUse && fingerprint(inUse.value));
    await this.renewal.renew(
      name,
      { kind: 'rejected', value: rejected },
      actor,
    );
    return this.obtain(name);
  }

  /** R2: a renewal that nobody waits for; a failure is logged. */
  renewInBackground(name: TokenName): void {
    // Thousands of reads may come while it runs: only the first one handles its end.
    if (this.renewal.isRunning(name, DUE)) return;
    this.renewal.renew(name, DUE).catch((error: unknown) => {
      this.cache.delayRenewal(name, this.clock.now() + RETRY_MS);
      this.journal.notRenewed(name, error);
    });
  }

  /** R2: nobody waits for the platform while there is a stored token that is good. */
  private arrival(name: TokenName): Promise<void> {
    const failed = this.failures.get(name);
    if (failed && this.clock.now() < failed.until)
      return Promise.reject(failed.error);
    return this.arrivals.run(name, () => {
      this.failures.delete(name);
      const stored = new Promise<void>((resolve) =>
        this.cache.listen(name, resolve),
      );
      return Promise.race([this.renewal.renew(name, DUE), stored])
        .catch((error: unknown) => {
          // Other callers need not be inside that transaction.
          if (isOpenTransaction(error)) throw error;
          if (isStoreError(error) || isTokenUnavailableError(error)) {
            const until = this.clock.now() + RETRY_MS;
            this.failures.set(name, { error, until });
          }
          throw error;
        })
        .finally(() => this.cache.unlisten(name));
    });
  }
}
