import { Injectable } from '@nestjs/common';
import { Clock } from '../common/clock.js';
import { fingerprint, mask } from '../common/fingerprint.js';
import { TokenJournal } from '../observe/token-journal.js';
import { TokenCache } from '../cache/token-cache.js';
import type { Lease, TokenRow } from '../store/token-row.js';
import { TokenStore } from '../store/token-store.js';
import type { TokenName } from '../common/token-name.js';
import { UpstreamError } from '../upstream/failure.js';
import type { IssuedToken } from '../upstream/token-source.js';
import {
  isRefreshBudgetError,
  isStoreError,
  isTokenUnavailableError,
  TokenUnavailableError,
} from '../common/errors.js';
import { messages } from '../common/messages.js';
import { WechatTokenSettings } from '../common/settings.js';
import { Budgets } from './budgets.js';
import { LocalCoolDowns } from './local-cool-downs.js';
import * as policy from './policy.js';
import type { RefreshOutcome } from './refresh-outcome.js';
import type { RenewalTarget } from './renewal-target.js';
import { toServe, toStore } from './token-update.js';
import { renewalFailed } from './token-unavailable.js';
import { Slots } from './slots.js';
import { PendingWrites } from './pending-writes.js';

/** A renewal that was decided on `row`, and holds the lease on exactly that row. */
export interface Renewal {
  readonly target: RenewalTarget;
  readonly row: TokenRow;
  readonly lease: Lease;
  readonly intent: policy.RenewalIntent;
  /** Who asked: a replica, or the id of an API key. */
  readonly actor: string;
  readonly inputs: ReadonlyMap<TokenName, string>;
}

class LeaseRunsOut extends Error {}

/** From the lease to the stored answer: asks the platform once, and writes what came of it on exactly that lease. */
@Injectable()
export class LeasedRenewal {
  constructor(
    private readonly store: TokenStore,
    private readonly cache: TokenCache,
    private readonly pending: PendingWrites,
    private readonly budgets: Budgets,
    private readonly coolDowns: LocalCoolDowns,
    private readonly journal: TokenJournal,
    private readonly clock: Clock,
    private readonly slots: Slots,
    private readonly settings: WechatTokenSettings,
  ) {}

  /**
   * Undefined when the lease was lost: the row decides then.
   * @throws TokenUnavailableError, with an UpstreamError as its cause when the platform refused; RefreshBudgetError, StoreError
   */
  async run(renewal: Renewal): Promise<RefreshOutcome | undefined> {
    const sentAt = this.clock.now();
    let issued: IssuedToken;
    try {
      issued = await this.issue(renewal);
    } catch (error) {
      if (error instanceof UpstreamError) {
        const failure = await this.failed(renewal, error, sentAt);
        if (!failure) return undefined;
        throw failure;
      }
      await this.giveBack(renewal, error).catch(() => undefined);
      if (error instanceof LeaseRunsOut) return undefined;
      throw error;
    } finally {
      this.slots.end(renewal.target.name);
    }
    return this.keep(renewal, issued, sentAt);
  }

  /** R5, R9: what the platform is asked. */
  private async issue(renewal: Renewal): Promise<IssuedToken> {
    const { target, row, lease, intent, actor, inputs } = renewal;
    const { account, source } = target;
    // A process that stood still since the claim must not call: its lease might end before the answer comes.
    const mindLease = () => {
      const left = lease.until - this.clock.now();
      if (left < this.settings.api.timeoutMs) throw new LeaseRunsOut();
    };
    const ask = (force: boolean) => source.issue({ account, inputs, force });
    const insist = async () => {
      mindLease();
      await this.budgets.spendForced(row, actor);
      return ask(true);
    };
    mindLease();
    if (intent.kind === 'forced') return insist();
    if (intent.kind !== 'rejected') return ask(false);

    const reported = fingerprint(intent.value);
    this.journal.rejected(target.name, reported);
    await this.budgets.spendRejected(row, actor, reported);
    const gentle = await ask(false);
    if (gentle.value !== intent.value) return gentle;
    const insisted = await insist();
    if (insisted.value !== intent.value) return insisted;
    throw new TokenUnavailableError(messages.stillRejected(target.name), 30);
  }

  /** Nothing came of it, and nothing was the platform's fault. */
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
      Math.min(retryAfter * 1000, policy.FORCE_BUDGET.spacing),
    );
  }

  private async keep(
    renewal: Renewal,
    issued: IssuedToken,
    sentAt: number,
  ): Promise<RefreshOutcome | undefined> {
    const { target, row, lease, actor } = renewal;
    const { name, source } = target;
    const { marginSeconds } = this.settings.refresh;
    const token = toStore(issued, target, marginSeconds, row);
    const version = lease.version + 1;
    const serve = (knownAt: number) =>
      this.cache.adopt(name, toServe(token, sentAt, { version, knownAt }));
    const latencyMs = this.clock.now() - sentAt;
    const mark = fingerprint(token.value);
    const event = { name, actor, fingerprint: mark, latencyMs };

    this.coolDowns.clear(name);
    // While the lease holds, nobody can have a newer token: callers need not wait for the write. Afterwards the row decides.
    if (this.clock.now() < lease.until) serve(Infinity);
    const keepUnsaved = () => {
      const since = lease.until - lease.durationMs;
      this.pending.keep({ name, token, since, lease });
    };
    try {
      if (!(await this.store.storeRenewed(lease, token))) {
        // Whoever has taken the lease over may bring a newer token, or none.
        keepUnsaved();
        this.journal.leaseLost(event);
        return undefined;
      }
      serve(this.clock.now());
    } catch (error) {
      if (!isStoreError(error)) throw error;
      serve(Infinity);
      keepUnsaved();
      this.journal.notStored(name, error.message);
    }
    const expiresIn = Math.floor(issued.lifeMs / 1000);
    const fields = { source: source.id, masked: mask(token.value), expiresIn };
    if (token.unchanged)
      this.journal.unchanged(name, { fingerprint: mark, ...fields });
    else
      this.journal.refreshed(event, {
        ...fields,
        ...(row.value && { replaced: fingerprint(row.value) }),
      });
    return {
      outcome: token.unchanged ? 'unchanged' : 'refreshed',
      name,
      fingerprint: mark,
      version,
      expiresIn,
    };
  }

  /** R8: notes the failure where all replicas see it; R6: the token stays as it is. Undefined when the lease was lost. */
  private async failed(
    { target, row, lease, actor }: Renewal,
    error: UpstreamError,
    sentAt: number,
  ): Promise<TokenUnavailableError | undefined> {
    const { name, account } = target;
    const { message, errcode } = error;
    const failures = row.failureCount;
    const random = Math.random();
    const wait = policy.backOff(error, failures, row.databaseNow, random);
    const until = this.clock.now() + wait;
    // The platform refused this machine's address: another replica may well succeed. The same where the stored token was
    // issued for other credentials: theirs may be the right ones, and their cron must find the row.
    const ownAlone =
      error.class === 'ip' ||
      (error.class === 'credentials' &&
        row.credentialId !== null &&
        row.credentialId !== account.credentialId);
    const lastError = {
      class: error.class,
      ...(errcode !== undefined && { errcode }),
      message,
      credentialId: account.credentialId,
    };
    const latencyMs = this.clock.now() - sentAt;
    const stillOurs = await this.store
      .storeFailure(lease, lastError, ownAlone ? 0 : wait)
      .catch(() => true);
    if (!stillOurs) {
      this.journal.leaseLost({ name, actor, latencyMs, detail: message });
      return undefined;
    }
    if (ownAlone || error.class === 'credentials')
      this.coolDowns.set(name, account, until, message);
    this.cache.delayRenewal(name, until);
    this.journal.failed(
      { name, actor, latencyMs, detail: message },
      { class: error.class, errcode, failures: failures + 1 },
    );
    return renewalFailed(name, error, wait);
  }
}

/** The platform refused a token that this one is made from, not this request. */
export function refusesInputs(error: unknown, renewal: Renewal): boolean {
  return (
    isTokenUnavailableError(error) &&
    error.cause instanceof UpstreamError &&
    error.cause.class === 'rejected' &&
    renewal.inputs.size > 0
  );
}
