import { Injectable } from '@nestjs/common';
import { Clock } from '../common/clock.js';
import {
  isRefreshBudgetError,
  isTokenUnavailableError,
  TokenUnavailableError,
} from '../common/errors.js';
import { fingerprint } from '../common/fingerprint.js';
import { messages } from '../common/messages.js';
import type { Lease, TokenRow } from '../store/token-row.js';
import { TokenStore } from '../store/token-store.js';
import { UpstreamError } from '../upstream/failure.js';
import type { InputTokens } from '../sources/token-source.js';
import type { IssuedToken } from '../upstream/issued-token.js';
import { Issuer } from '../upstream/issuer.js';
import { Answers } from './answers.js';
import { Budgets, ShareSpentError } from './budgets.js';
import { ANOTHER_REPLICA_MS } from './policy/back-off.js';
import { FORCE_BUDGET } from './policy/budget-limits.js';
import { isReport, type RenewalIntent } from './policy/policy.js';
import { unconfirmed } from './refresh-outcome.js';
import type { RefreshOutcome } from './refresh-outcome.types.js';
import { ReportedTokens } from './reported-tokens.js';
import type { RenewalTarget } from './policy/renewal-target.js';

/** A renewal that was decided on `row`, and holds the lease on exactly that row. */
export interface Renewal {
  readonly target: RenewalTarget;
  readonly row: TokenRow;
  readonly lease: Lease;
  readonly intent: RenewalIntent;
  /** Who asked: a replica, or the id of an API key. */
  readonly actor: string;
  readonly tokens: InputTokens;
  readonly onAnswer: (() => void) | undefined;
}

class LeaseTooShort extends Error {}

/** From the lease to the stored answer: asks the platform, and writes what came of it on exactly that lease. */
@Injectable()
export class LeasedRenewal {
  constructor(
    private readonly store: TokenStore,
    private readonly issuer: Issuer,
    private readonly budgets: Budgets,
    private readonly answers: Answers,
    readonly reports: ReportedTokens,
    private readonly clock: Clock,
  ) {}

  /**
   * Undefined when the lease was lost: the row decides then.
   * @throws TokenUnavailableError, with an UpstreamError as its cause when the platform refused; RefreshBudgetError, StoreError
   */
  async run(renewal: Renewal): Promise<RefreshOutcome | undefined> {
    const { target, actor, row, lease } = renewal;
    const sentAt = this.clock.now();
    const version = lease.version + 1;
    const leased = { row, lease };
    const beforeWrite = () => this.budgets.settled();
    const call = { target, actor, sentAt, version, leased, beforeWrite };
    let issued: IssuedToken | undefined;
    try {
      issued = await this.issue(renewal);
    } catch (error) {
      if (error instanceof UpstreamError)
        return await this.answers.fail(call, error, (failure) =>
          this.store.storeFailure(
            lease,
            failure.lastError,
            failure.waitMs,
            failure.nextMs,
          ),
        );
      await this.giveBack(renewal, error).catch(() => undefined);
      if (error instanceof LeaseTooShort) return undefined;
      throw error;
    } finally {
      renewal.onAnswer?.();
    }
    if (issued) return this.answers.keep(call, issued);
    await this.store.release(lease, Math.max(0, row.nextInMs));
    return unconfirmed({ ...row, version });
  }

  /** R5, R9: what the platform is asked. Undefined when it accepts the token that was reported. */
  private async issue(renewal: Renewal): Promise<IssuedToken | undefined> {
    const { target, row, intent, tokens } = renewal;
    const { account, source } = target;
    const ask = async (force: boolean) => {
      await this.budgets.spendCall(renewal);
      this.assertLeaseTime(renewal);
      return this.issuer.issue(source, { account, tokens, force });
    };
    const force = async () => {
      this.assertLeaseTime(renewal);
      const startedAt = this.clock.now();
      const isOperator = intent.kind === 'forced';
      await this.budgets.spendForced(row, { ...renewal, isOperator });
      try {
        return await ask(true);
      } finally {
        this.budgets.forcedAnswered(target, this.clock.now() - startedAt);
      }
    };
    this.assertLeaseTime(renewal);
    if (intent.kind === 'forced') return force();
    // A token that is not the stored one says nothing about what is renewed here.
    if (!isReport(intent) || intent.value !== row.value) return ask(false);

    const mark = fingerprint(intent.value);
    // Without a probe the call that heals a rejection is the platform's word.
    const isTriedByCall = !source.probe && source.rejectionHealedBy === 'call';
    const isReported = intent.kind === 'reported';
    // Whoever has no share left gets a word of the platform's, but not one for each report.
    if (!isReported || isTriedByCall || this.reports.wasTried(mark))
      await this.budgets.assertRejection(row, renewal);
    const rotates = source.repeatedCall === 'rotates';
    const normal = rotates ? undefined : await ask(false);
    const isCurrent = !normal || normal.value === intent.value;
    if (isCurrent && (await this.isUnconfirmed(renewal))) return undefined;
    await this.budgets.assertRejection(row, renewal);
    const replacing = async () => {
      if (normal && !isCurrent) return normal;
      this.assertLeaseTime(renewal);
      if (!normal) return ask(false);
      if (source.rejectionHealedBy === 'forced call') {
        const forced = await force();
        if (forced.value !== intent.value) return forced;
      }
      if (isReported && isTriedByCall) return normal;
      throw new TokenUnavailableError(messages.stillRejected(target.name), 30);
    };
    return this.counted(renewal, mark, replacing());
  }

  /** R5: counts the rejection, unless the platform has failed: then there is a cool-down (R8). */
  private async counted(
    renewal: Renewal,
    mark: string,
    replacing: Promise<IssuedToken>,
  ): Promise<IssuedToken> {
    try {
      const issued = await replacing;
      this.budgets.spendRejection(renewal, mark);
      return issued;
    } catch (error) {
      const isOver =
        isRefreshBudgetError(error) || isTokenUnavailableError(error);
      if (isOver) this.budgets.spendRejection(renewal, mark);
      throw error;
    }
  }

  /** R5: a report over HTTP is tried, unless so many repeat it that the platform's answer counts no more. */
  private async isUnconfirmed(renewal: Renewal): Promise<boolean> {
    const { intent } = renewal;
    if (intent.kind !== 'reported') return false;
    const report = { ...renewal, value: intent.value };
    const known = await this.reports.known(report);
    if (known) return known === 'accepted';
    this.assertLeaseTime(renewal);
    return this.reports.isAccepted(report);
  }

  /** A process that was suspended since it took the lease must not call: the lease might expire before the answer comes. */
  private assertLeaseTime({ lease }: Renewal): void {
    const left = lease.until - this.clock.now();
    if (left < this.issuer.timeoutMs) throw new LeaseTooShort();
  }

  /** The platform was not asked to the end, and is not at fault. */
  private async giveBack(
    { target, row, lease, intent }: Renewal,
    error: unknown,
  ): Promise<boolean> {
    await this.budgets.settled();
    const bindsAll =
      isRefreshBudgetError(error) && !(error instanceof ShareSpentError);
    // In its place in the queue: that it was confirmed, or need not be, is known by it (R7).
    if (!isReport(intent) || !bindsAll)
      return this.store.release(lease, restOf(row, intent));
    // R5: reports that come until a forced renewal is possible neither ask the platform again nor spend the rejections of this life.
    const { credentialId } = target.account;
    const { message, retryAfter } = error;
    return this.store.storeFailure(
      lease,
      { class: 'rejected', message, credentialId },
      Math.min(retryAfter * 1000, FORCE_BUDGET.spacing),
    );
  }
}

/** When a refresher looks again at a row that was given back: what failed here would fail again at once. */
function restOf(row: TokenRow, intent: RenewalIntent): number {
  const least = isReport(intent) ? 0 : ANOTHER_REPLICA_MS;
  return Math.max(least, row.nextInMs);
}
