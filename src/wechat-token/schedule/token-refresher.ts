// How are ALL tokens kept valid?

import { Injectable } from '@nestjs/common';
import { Clock } from '../common/clock.js';
import { TokenJournal } from '../observe/token-journal.js';
import type { TokenName } from '../common/token-name.js';
import { TokenUnavailableError } from '../common/errors.js';
import { messages } from '../common/messages.js';
import { WechatTokenSettings } from '../common/settings.js';
import { AccountScan } from './account-scan.js';
import { Budgets } from '../renewal/budgets.js';
import { DueRound, type RoundOptions } from './due-round.js';
import { inParallel } from '../common/in-parallel.js';
import { RenewalTargets } from '../renewal/renewal-target.js';
import type { RefreshOutcome } from '../renewal/refresh-outcome.js';
import { Renewer } from '../renewal/renewer.js';
import { ChangePoller } from './change-poller.js';
import { PendingWrites } from '../renewal/pending-writes.js';

const PURGE_EVERY_MS = 3600 * 1000;

export interface RefreshRequest {
  /** Ends the current token at once; spends one of the day's 20 forced renewals (R9). Default: false. */
  force?: boolean;
  /** First 8 hex of the SHA-256 of the token that is meant: if another has taken its place, that is the outcome, without a call. */
  expectedFingerprint?: string;
  /** Who asks, for the events: a person, or the id of an API key. At most 64 characters. */
  actor?: string;
  /** Why, for the log and the events; of those the first 255 characters. */
  reason?: string;
}

/** Keeps every token valid: by the cron, and when an operator asks. */
@Injectable()
export class TokenRefresher {
  private purgedAt = -Infinity;
  private ticking: Promise<void> | undefined;

  constructor(
    private readonly renewer: Renewer,
    private readonly due: DueRound,
    private readonly walk: AccountScan,
    private readonly sync: ChangePoller,
    private readonly targets: RenewalTargets,
    private readonly pending: PendingWrites,
    private readonly budgets: Budgets,
    private readonly journal: TokenJournal,
    private readonly clock: Clock,
    private readonly settings: WechatTokenSettings,
  ) {}

  /**
   * Renews a token now, whatever its cool-down. Without `force` it asks gently: stable in normal mode, which may give the
   * same token back (`unchanged`); classic only when it is due, since each call ends the old token.
   * @param name `access_token`, or `access_token:<account>`.
   * @throws RefreshBudgetError over the budget of forced renewals; TokenUnavailableError when WeChat refuses, with an
   * UpstreamError as its cause; UnknownAccountError; StoreError without a database.
   */
  async refresh(
    name: TokenName,
    request: RefreshRequest = {},
  ): Promise<RefreshOutcome> {
    const { force = false, actor, reason, expectedFingerprint } = request;
    if (this.settings.role === 'reader')
      throw new TokenUnavailableError(messages.readerCannotRefresh(name));
    // An unknown name leaves no event.
    await this.targets.get(name);
    this.journal.asked(name, { force, actor, reason });
    return this.renewer.renew(
      name,
      { kind: force ? 'forced' : 'gentle', expected: expectedFingerprint },
      actor,
    );
  }

  /** @internal R9: milliseconds until a forced renewal is possible, by the budget as it is now. */
  untilForce(name: TokenName): Promise<number> {
    return this.budgets.untilForce(name);
  }

  /**
   * R12: looks at every account's tokens, a batch in one statement; those that are valid cost no call. Again where accounts
   * come and go while the app runs.
   */
  async scanAccounts(): Promise<void> {
    const changed = await this.walk.run();
    if (this.settings.role === 'reader') return;
    this.sync.expectWork();
    // One that is under way may have passed what was added.
    await this.ticking;
    await this.round({ confirm: false });
    const { concurrency } = this.settings.refresh;
    await inParallel(changed, concurrency, async (name) => {
      try {
        await this.renewer.renew(name, { kind: 'due' });
      } catch (error) {
        this.journal.notRenewed(name, error);
      }
    });
  }

  /** What the cron does, one at a time: a tick that takes long is not overtaken by the next. */
  tick(): Promise<void> {
    return this.round({ confirm: true });
  }

  private round(options: RoundOptions): Promise<void> {
    this.ticking ??= this.renewDue(options).finally(
      () => (this.ticking = undefined),
    );
    return this.ticking;
  }

  /** Everything that is due; then old events, once an hour. */
  private async renewDue(options: RoundOptions): Promise<void> {
    try {
      // R14: one that cannot be written is no reason to let the others expire.
      await this.pending
        .saveAll()
        .catch((error: unknown) =>
          this.journal.problem('token not stored', error),
        );
      if (!this.sync.isQuiet) await this.due.run(options);
      if (!this.renewer.isStopping) await this.purge();
    } catch (error) {
      this.journal.problem('scheduled renewal failed', error);
    }
  }

  private async purge(): Promise<void> {
    if (this.clock.now() - this.purgedAt < PURGE_EVERY_MS) return;
    await this.journal.purge();
    this.purgedAt = this.clock.now();
  }
}
