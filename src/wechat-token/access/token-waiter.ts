import { Injectable } from '@nestjs/common';
import { Clock } from '../common/clock.js';
import { fingerprint } from '../common/fingerprint.js';
import { TokenJournal } from '../observe/token-journal.js';
import { Replica } from '../common/replica.js';
import type { CachedToken } from '../cache/cached-token.js';
import { TokenCache } from '../cache/token-cache.js';
import type { TokenName } from '../common/token-name.js';
import { isStoreError, isTokenUnavailableError } from '../common/errors.js';
import { WechatTokenSettings } from '../common/settings.js';
import { withDeadline } from '../common/deadline.js';
import { DirectRenewal } from '../renewal/direct-renewal.js';
import type { RenewalIntent } from '../renewal/policy.js';
import { inputsOf, RenewalTargets } from '../renewal/renewal-target.js';
import { SingleFlight } from '../common/single-flight.js';
import { Renewer } from '../renewal/renewer.js';
import { nobodyRenewed } from '../renewal/token-unavailable.js';

/**
 * Beside the longest call to WeChat: after that neither a lease's holder that is alive nor a database that works has kept a
 * caller waiting.
 */
const PATIENCE_MARGIN_MS = 500;
/** Less than the usual timeout of a caller, however long a call to WeChat may take. */
const LONGEST_PATIENCE_MS = 8000;
/** After a failure that left no instant in the row, such as a database that is away. */
const RETRY_MS = 1000;

/** The database, or the holder of the lease, has not answered in time. */
class Silence extends Error {}

/**
 * What callers wait for who found no usable token in memory. Only one whom silence, of the database or of the lease's holder,
 * would leave with nothing goes past it, where that is safe ({@link DirectRenewal}).
 */
@Injectable()
export class TokenWaiter {
  /** Renewals, or what is done without them. */
  private readonly answers = new SingleFlight<void>();
  /** Those answers, or a token that comes before. */
  private readonly arrivals = new SingleFlight<void>();
  /** The last of them that failed: those who come soon after are told the same. */
  private readonly failures = new Map<
    TokenName,
    { readonly error: unknown; readonly until: number }
  >();

  constructor(
    private readonly targets: RenewalTargets,
    private readonly cache: TokenCache,
    private readonly renewer: Renewer,
    private readonly direct: DirectRenewal,
    private readonly journal: TokenJournal,
    private readonly replica: Replica,
    private readonly clock: Clock,
    private readonly settings: WechatTokenSettings,
  ) {}

  /**
   * A usable token: from memory, from the row, or after a renewal; whichever comes first.
   * @throws TokenUnavailableError, UnknownAccountError, UnknownTokenError, SealedValueError, StoreError
   */
  async obtain(name: TokenName): Promise<CachedToken> {
    const usable = () => this.cache.usable(name, this.clock.now());
    // What was begun when the token was still good may have seen no reason to renew it: that does not count.
    for (let tries = 0; tries < 2 && !usable(); tries++) {
      try {
        await this.arrival(name);
      } catch (error) {
        if (!usable()) throw error;
      }
    }
    const held = usable();
    if (!held) throw nobodyRenewed(name, this.settings.role);
    return held;
  }

  /**
   * R5: the token to use in place of one that the platform refused.
   * @throws as {@link obtain}; RefreshBudgetError when only a forced renewal would help and none is left.
   */
  async replace(
    name: TokenName,
    rejected: string,
    actor = this.replica.id,
  ): Promise<CachedToken> {
    // An unknown name leaves no event.
    await this.targets.get(name);
    const inUse = this.cache.usable(name, this.clock.now());
    const report = { name, actor, fingerprint: fingerprint(rejected) };
    this.journal.reported(report, inUse && fingerprint(inUse.value));
    await this.answer(name, { kind: 'rejected', value: rejected }, actor);
    return this.obtain(name);
  }

  /** R2: nobody waits for this one; what went wrong is logged. */
  renewInBackground(name: TokenName): void {
    const intent = { kind: 'due' } as const;
    // Thousands of reads may come while it runs: one of them minds how it ends.
    if (this.answers.has(this.renewer.flightKey(name, intent))) return;
    this.answer(name, intent).catch((error: unknown) => {
      this.cache.delayRenewal(name, this.clock.now() + RETRY_MS);
      this.journal.notRenewed(name, error);
    });
  }

  /** Resolves when nobody waits any more. */
  settled(): Promise<void> {
    return this.answers.settled();
  }

  /** R2: nobody waits for the platform while there is a stored token that is good. */
  private arrival(name: TokenName): Promise<void> {
    const failed = this.failures.get(name);
    if (failed && this.clock.now() < failed.until)
      return Promise.reject(failed.error);
    return this.arrivals.run(name, () => {
      this.failures.delete(name);
      const comes = new Promise<void>((resolve) =>
        this.cache.listen(name, resolve),
      );
      const answer = this.answer(name, { kind: 'due' });
      return Promise.race([answer, comes])
        .catch((error: unknown) => {
          if (isStoreError(error) || isTokenUnavailableError(error))
            this.failures.set(name, {
              error,
              until: this.clock.now() + RETRY_MS,
            });
          throw error;
        })
        .finally(() => this.cache.unlisten(name));
    });
  }

  /** Resolves when there is something to serve, from the database or past it. */
  private answer(
    name: TokenName,
    intent: Extract<RenewalIntent, { kind: 'due' | 'rejected' }>,
    actor?: string,
  ): Promise<void> {
    const key = this.renewer.flightKey(name, intent);
    return this.answers.run(key, async () => {
      const target = await this.targets.get(name);
      const renewal = this.renewer.renew(name, intent, actor);
      if (!this.direct.isSafe(target)) return void (await renewal);
      try {
        await withDeadline(renewal, this.clock, {
          timeoutMs: Math.min(
            this.settings.api.timeoutMs + PATIENCE_MARGIN_MS,
            LONGEST_PATIENCE_MS,
          ),
          timedOut: () => new Silence(),
        });
      } catch (error) {
        if (!(error instanceof Silence || isStoreError(error))) throw error;
        this.renewer.throwIfStopping();
        const rejected = intent.kind === 'rejected' ? intent.value : undefined;
        const valueOf = async (input: TokenName) =>
          (await this.obtain(input)).value;
        await this.direct.run(
          target,
          await inputsOf(target, valueOf),
          rejected,
        );
      }
    });
  }
}
