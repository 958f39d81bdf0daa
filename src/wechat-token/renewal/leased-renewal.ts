import { Injectable } from '@nestjs/common';
import { Clock } from '../common/clock.js';
import {
  isRefreshBudgetError,
  isTokenUnavailableError,
  TokenUnavailableError,
} from '../common/errors.js';
import { fingerprint } from '../common/fingerprint.js';
import { messages } from '../common/messages.js';
import { WechatTokenSettings } from '../common/settings.js';
import type { TokenName } from '../common/token-name.js';
import type { Lease, TokenRow } from '../store/token-row.js';
import { TokenStore } from '../store/token-store.js';
import { UpstreamError } from '../upstream/failure.js';
import type { IssuedToken } from '../upstream/token-source.js';
import { Answers } from './answers.js';
import { Budgets } from './budgets.js';
import { FORCE_BUDGET, type RenewalIntent } from './policy/policy.js';
import type { RefreshOutcome } from './refresh-outcome.js';
import type { RenewalTarget } from './policy/renewal-target.js';
import { refusalBehind } from './token-unavailable.js';

/** A renewal that was decided on `row`, and holds the lease on exactly that row. */
export interface Renewal {
  readonly target: RenewalTarget;
  readonly row: TokenRow;
  readonly lease: Lease;
  readonly intent: RenewalIntent;
  /** Who asked: a replica, or the id of an API key. */
  readonly actor: string;
  readonly inputs: ReadonlyMap<TokenName, string>;
  readonly onAnswer: (() => void) | undefined;
}

class LeaseTooShort extends Error {}

/** From the lease to the stored answer: asks the platform, and writes what came of it on exactly that lease. */
@Injectable()
export class LeasedRenewal {
  constructor(
    private readonly store: TokenStore,
    private readonly budgets: Budgets,
    private readonly answers: Answers,
    private readonly clock: Clock,
    private readonly settings: WechatTokenSettings,
  ) {}

  /**
   * Undefined when the lease was lost: the row decides then.
   * @throws TokenUnavailableError, with an UpstreamError as its cause when the platform refused; RefreshBudgetError, StoreError
   */
  async run(renewal: Renewal): Promise<RefreshOutcome | undefined> {
    const { target, actor, row, lease } = renewal;
    const sentAt = this.clock.now();
    const version = lease.version + 1;
    const call = { target, actor, sentAt, version, leased: { row, lease } };
    let issued: IssuedToken;
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
    return this.answers.keep(call, issued);
  }

  /** R5, R9: what the platform is asked. */
  private async issue(renewal: Renewal): Promise<IssuedToken> {
    const { target, row, intent, actor, inputs } = renewal;
    const { account, source } = target;
    const ask = (force: boolean) => source.issue({ account, inputs, force });
    const force = async () => {
      this.assertLeaseTime(renewal);
      const startedAt = this.clock.now();
      await this.budgets.spendForced(row, actor);
      try {
        return await ask(true);
      } finally {
        this.budgets.forcedAnswered(row.name, this.clock.now() - startedAt);
      }
    };
    this.assertLeaseTime(renewal);
    if (intent.kind === 'forced') return force();
    if (intent.kind !== 'rejected') return ask(false);

    await this.budgets.spendRejected(row, actor, fingerprint(intent.value));
    const normal = await ask(false);
    if (normal.value !== intent.value) return normal;
    const forced = await force();
    if (forced.value !== intent.value) return forced;
    throw new TokenUnavailableError(messages.stillRejected(target.name), 30);
  }

  /** A process that was suspended since it took the lease must not call: the lease might expire before the answer comes. */
  private assertLeaseTime({ lease }: Renewal): void {
    const left = lease.until - this.clock.now();
    if (left < this.settings.api.timeoutMs) throw new LeaseTooShort();
  }

  /** The platform was not asked to the end, and is not at fault. */
  private giveBack(
    { target, lease, intent }: Renewal,
    error: unknown,
  ): Promise<boolean> {
    if (intent.kind !== 'rejected' || !isRefreshBudgetError(error))
      return this.store.release(lease);
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

/** Whether the platform refused a token that this one is made from, and not this request. */
export function refusesInputs(error: unknown, renewal: Renewal): boolean {
  return (
    isTokenUnavailableError(error) &&
    refusalBehind(error)?.class === 'rejected' &&
    renewal.inputs.size > 0
  );
}
