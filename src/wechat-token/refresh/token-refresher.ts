import { Injectable } from '@nestjs/common';
import { Accounts } from '../accounts/account-source.js';
import { Clock } from '../clock.js';
import { TokenJournal } from '../observe/token-journal.js';
import { TokenStore } from '../store/token-store.js';
import { type TokenName, tokenName } from '../token-name.js';
import { TokenSources } from '../upstream/token-sources.js';
import { TokenUnavailableError } from '../wechat-token.errors.js';
import { messages } from '../wechat-token.messages.js';
import { WechatTokenSettings } from '../wechat-token.settings.js';
import { Budgets } from './budgets.js';
import { inParallel } from './in-parallel.js';
import { FOREVER, type RenewalIntent } from './policy.js';
import { RenewalTargets } from './renewal-target.js';
import type { RefreshOutcome } from './refresh-outcome.js';
import { TokenRenewer } from './token-renewer.js';
import { UnsavedTokens } from './unsaved-tokens.js';

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
    private readonly renewer: TokenRenewer,
    private readonly targets: RenewalTargets,
    private readonly unsaved: UnsavedTokens,
    private readonly store: TokenStore,
    private readonly budgets: Budgets,
    private readonly accounts: Accounts,
    private readonly sources: TokenSources,
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

  /** R12: looks at every account's tokens once; those that are valid cost one read each and no call. */
  async start(): Promise<void> {
    const names: TokenName[] = [];
    for await (const account of this.accounts.list())
      for (const kind of this.sources.kindsOf(account))
        names.push(tokenName(kind, account.name));
    await this.renewAll(names, { kind: 'due' });
  }

  /** What the cron does, one at a time: a tick that takes long is not overtaken by the next. */
  tick(): Promise<void> {
    this.ticking ??= this.renewDue().finally(() => (this.ticking = undefined));
    return this.ticking;
  }

  /** Everything that is due, a page at a time; then old events, once an hour. */
  private async renewDue(): Promise<void> {
    try {
      // R14: one that cannot be written is no reason to let the others expire.
      await this.unsaved
        .saveAll()
        .catch((error: unknown) =>
          this.journal.problem('token not stored', error),
        );
      const { batchSize: limit, confirmMs } = this.settings.refresh;
      const unconfirmedMs = confirmMs || FOREVER;
      let page: TokenName[] = [];
      do {
        const after = page.at(-1) ?? '';
        page = await this.store.due({ unconfirmedMs, after, limit });
        await this.renewAll(page, { kind: 'due-or-unconfirmed' });
      } while (page.length === limit && !this.renewer.isStopping);
      if (!this.renewer.isStopping) await this.purge();
    } catch (error) {
      this.journal.problem('scheduled renewal failed', error);
    }
  }

  /** At most `concurrency` at a time; one that fails, or takes long, stops no other (R14). */
  private async renewAll(
    names: readonly TokenName[],
    intent: RenewalIntent,
  ): Promise<void> {
    const { concurrency } = this.settings.refresh;
    await inParallel(names, concurrency, async (name) => {
      try {
        await this.renewer.renew(name, intent);
      } catch (error) {
        this.journal.notRenewed(name, error);
      }
    });
  }

  private async purge(): Promise<void> {
    if (this.clock.now() - this.purgedAt < PURGE_EVERY_MS) return;
    await this.journal.purge();
    this.purgedAt = this.clock.now();
  }
}
