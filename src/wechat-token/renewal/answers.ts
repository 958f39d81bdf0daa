import { Injectable } from '@nestjs/common';
import { TokenCache } from '../cache/token-cache.js';
import { Clock } from '../common/clock.js';
import { fingerprint, mask } from '../common/fingerprint.js';
import type { RenewalObservation } from '../common/observer.js';
import { WechatTokenSettings } from '../common/settings.js';
import { TokenJournal } from '../observe/token-journal.js';
import type { LeasedRow } from '../store/token-row.js';
import type { UpstreamError } from '../upstream/failure.js';
import type { IssuedToken } from '../upstream/issued-token.js';
import { LocalCoolDowns } from './policy/local-cool-downs.js';
import { PendingWrites } from './pending-writes.js';
import type { RefreshOutcome } from './refresh-outcome.types.js';
import type { RenewalTarget } from './policy/renewal-target.js';
import { failureOf, type StoredFailure } from './policy/stored-failure.js';
import { renewalFailed } from './token-unavailable.js';
import { previousIn, previousOf, toCached, toUpdate } from './token-update.js';

/** A call to the platform for a new token. */
export interface IssueCall {
  readonly target: RenewalTarget;
  /** Who asked: a replica, or the id of an API key. */
  readonly actor: string;
  /** On this process's clock, before the request was sent: lives count from here (R3). */
  readonly sentAt: number;
  /** The version of the new token. */
  readonly version: number;
  /** The row that the token replaces, and the lease on it; undefined for a call without a lease. */
  readonly leased?: LeasedRow;
  /** Awaited before the answer is written, which ends the lease; not before it is served. */
  readonly beforeWrite?: () => Promise<void>;
  /** Detail for the event. */
  readonly detail?: string;
}

/** What becomes of the platform's answer, with a lease or without: a token is served, written and reported; a failure cools down. */
@Injectable()
export class Answers {
  constructor(
    private readonly cache: TokenCache,
    private readonly pending: PendingWrites,
    private readonly coolDowns: LocalCoolDowns,
    private readonly journal: TokenJournal,
    private readonly clock: Clock,
    private readonly settings: WechatTokenSettings,
  ) {}

  /** Undefined when the lease was lost: the row decides then. */
  async keep(
    call: IssueCall,
    issued: IssuedToken,
  ): Promise<RefreshOutcome | undefined> {
    const { target, actor, sentAt, version, leased, detail } = call;
    const { name, source } = target;
    const { refresh } = this.settings;
    const cached = this.cache.get(name);
    const previous = leased
      ? previousIn(leased.row, sentAt)
      : cached && previousOf(cached, sentAt);
    const update = toUpdate(issued, target, refresh, previous);
    const mark = fingerprint(update.value);
    const latencyMs = this.clock.now() - sentAt;
    const event = { name, actor, fingerprint: mark, latencyMs, detail };
    const { account } = target;
    const serve = (knownAt: number) =>
      this.cache.adopt(
        name,
        toCached(update, account, sentAt, version, knownAt),
      );

    this.coolDowns.clear(name);
    this.coolDowns.answers.note(target);
    if (leased) {
      const { lease } = leased;
      // While the lease holds, nobody can have a newer token: callers need not wait for the write. Afterwards the row decides.
      if (this.clock.now() < lease.until) serve(Infinity);
      await call.beforeWrite?.();
      const written = await this.pending.write(name, update, lease);
      if (written === 'lease lost') {
        this.journal.leaseLost(event);
        this.report(call, { outcome: 'superseded', latencyMs });
        return undefined;
      }
      serve(written === 'stored' ? this.clock.now() : Infinity);
    } else {
      serve(this.clock.now());
      this.pending.keep({ name, token: update, since: sentAt });
    }

    const expiresIn = Math.floor(update.expiresAfterMs / 1000);
    const nextDueAt = this.journal.instant(sentAt + update.refreshAfterMs);
    const fields = {
      source: source.id,
      masked: mask(update.value),
      expiresIn,
      ...(nextDueAt && { nextDueAt }),
    };
    const replaced = leased?.row.value;
    if (update.unchanged)
      this.journal.unchanged(name, { fingerprint: mark, ...fields });
    else
      this.journal.refreshed(event, {
        ...fields,
        ...(replaced && { replaced: fingerprint(replaced) }),
        ...(!leased && { withoutLease: true }),
      });
    const outcome = update.unchanged ? 'unchanged' : 'refreshed';
    const nextInMs = update.refreshAfterMs - (this.clock.now() - sentAt);
    this.report(call, { outcome, latencyMs, nextInMs });
    return { outcome, name, fingerprint: mark, version, expiresIn };
  }

  /**
   * R8: cools down after a failure: all replicas by the row; this one by itself where the row does not say it, or cannot.
   * @param write Stores the failure; false when the lease was lost.
   * @returns Undefined when the lease was lost: the row decides then.
   * @throws TokenUnavailableError otherwise.
   */
  async fail(
    call: IssueCall,
    error: UpstreamError,
    write?: (failure: StoredFailure) => Promise<boolean>,
  ): Promise<undefined> {
    const { target, actor, sentAt, leased } = call;
    const { name } = target;
    const { message, errcode, class: failureClass } = error;
    const now = this.clock.now();
    const row = leased?.row;
    const local = this.coolDowns.last(target);
    const servedUntil = this.cache.usable(name, now)?.serveUntil ?? now;
    const failure = failureOf({ target, error, row, local, now, servedUntil });
    const latencyMs = now - sentAt;
    const event = { name, actor, latencyMs, detail: message };
    this.coolDowns.answers.note(target, error);
    const { credentialId } = target.account;
    const noted = { class: failureClass, at: now, credentialId };
    this.coolDowns.failures.note(name, noted);
    const isStored = await write?.(failure).catch(() => undefined);
    if (isStored === false) {
      this.journal.leaseLost(event);
      this.report(call, { outcome: 'superseded', latencyMs });
      return undefined;
    }
    const { lastError, ownMs, isLocal } = failure;
    if (isLocal || !isStored)
      this.coolDowns.set(target, now + ownMs, lastError);
    this.cache.delayRenewal(name, now + ownMs);
    const failures = (row?.failureCount ?? local?.failures ?? 0) + 1;
    const what = { class: failureClass, errcode };
    const nextAttemptAt = this.journal.instant(now + ownMs);
    this.journal.failed(event, {
      ...what,
      failures,
      ...(nextAttemptAt && { nextAttemptAt }),
    });
    const nextInMs = ownMs;
    this.report(call, { outcome: 'failed', ...what, latencyMs, nextInMs });
    throw renewalFailed(name, error, ownMs);
  }

  private report(
    { target: { name, source } }: IssueCall,
    what: Omit<RenewalObservation, 'name' | 'source'>,
  ): void {
    this.journal.observe('renewal', { name, source: source.id, ...what });
  }
}
