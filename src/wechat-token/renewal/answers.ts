import { Injectable } from '@nestjs/common';
import { TokenCache } from '../cache/token-cache.js';
import { Clock } from '../common/clock.js';
import type { StoreError, TokenUnavailableError } from '../common/errors.js';
import { fingerprint, mask } from '../common/fingerprint.js';
import { WechatTokenSettings } from '../common/settings.js';
import { TokenJournal } from '../observe/token-journal.js';
import type { Lease, TokenRow, TokenUpdate } from '../store/token-row.js';
import type { UpstreamError } from '../upstream/failure.js';
import type { IssuedToken } from '../upstream/token-source.js';
import { LocalCoolDowns } from './local-cool-downs.js';
import { PendingWrites } from './pending-writes.js';
import { backOff } from './policy.js';
import type { RenewalTarget } from './renewal-target.js';
import { renewalFailed } from './token-unavailable.js';
import { toCached, toUpdate } from './token-update.js';

/** A call to the platform for a new token, with a lease or without one. */
export interface IssueCall {
  readonly target: RenewalTarget;
  /** Who asked: a replica, or the id of an API key. */
  readonly actor: string;
  /** On this process's clock, before the request was sent: lives count from here (R3). */
  readonly sentAt: number;
  /** The row under whose lease the platform is asked; undefined without a lease. */
  readonly row?: TokenRow;
  /** For the event. */
  readonly detail?: string;
}

/** The platform issued a token. */
export interface Answer extends IssueCall {
  readonly update: TokenUpdate;
  readonly fingerprint: string;
  readonly latencyMs: number;
}

/** The platform issued none. */
export interface Refusal extends IssueCall {
  readonly error: UpstreamError;
  /** Failures in a row before this one. */
  readonly failures: number;
  /** R8: the cool-down, milliseconds. */
  readonly wait: number;
  /** The end of the cool-down on this process's clock. */
  readonly until: number;
  readonly latencyMs: number;
}

/** What becomes of the platform's answer, with a lease or without: a token is served and reported, a failure cools down. */
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

  issued(call: IssueCall, token: IssuedToken): Answer {
    const { target, row, sentAt } = call;
    this.coolDowns.clear(target.name);
    const { marginSeconds } = this.settings.refresh;
    return {
      ...call,
      update: toUpdate(token, target, marginSeconds, row),
      fingerprint: fingerprint(token.value),
      latencyMs: this.clock.now() - sentAt,
    };
  }

  refused(call: IssueCall, error: UpstreamError): Refusal {
    const { target, row, sentAt } = call;
    const { name, account } = target;
    const failures =
      row?.failureCount ?? this.coolDowns.get(name, account)?.failures ?? 0;
    const wait = backOff(error, failures, row?.databaseNow, Math.random());
    const now = this.clock.now();
    const latencyMs = now - sentAt;
    return { ...call, error, failures, wait, until: now + wait, latencyMs };
  }

  /** R6: callers need not wait for the write. Until it is stored nothing but a newer version replaces the token. */
  serveUnstored(answer: Answer, version: number): void {
    this.serve(answer, version, Infinity);
  }

  serveStored(answer: Answer, version: number): void {
    this.serve(answer, version, this.clock.now());
  }

  /** Without a lease: rows that are read later are newer. The token is written when that is possible. */
  serveUnleased(answer: Answer, version: number): void {
    this.serve(answer, version, this.clock.now());
    const { target, sentAt: since, update: token } = answer;
    this.pending.keep({ name: target.name, token, since });
  }

  /** R6: the token could not be written; its write is retried. */
  keepUnstored(answer: Answer, lease: Lease, error: StoreError): void {
    this.keepForWrite(answer, lease);
    this.journal.notStored(answer.target.name, error.message);
  }

  /** The replica that has taken the lease over may bring a newer token, or none. */
  keepAfterLeaseLost(answer: Answer, lease: Lease): void {
    this.keepForWrite(answer, lease);
    this.journal.leaseLost(this.eventOf(answer));
  }

  report(answer: Answer): void {
    const { target, row, update } = answer;
    const fields = {
      source: target.source.id,
      masked: mask(update.value),
      expiresIn: Math.floor(update.expiresAfterMs / 1000),
    };
    const event = this.eventOf(answer);
    if (update.unchanged)
      return this.journal.unchanged(target.name, {
        fingerprint: answer.fingerprint,
        ...fields,
      });
    const replaced = row?.value && { replaced: fingerprint(row.value) };
    const origin = row ? replaced : { withoutLease: true };
    this.journal.refreshed(event, { ...fields, ...origin });
  }

  /** The lease was lost before the failure could be written: the row decides. */
  reportLeaseLost({ target, actor, latencyMs, error }: Refusal): void {
    const { name } = target;
    this.journal.leaseLost({ name, actor, latencyMs, detail: error.message });
  }

  /** R8: the failure of one replica alone holds back this replica; the row holds back all others. */
  coolDown(
    refusal: Refusal,
    scope: 'this replica' | 'all replicas',
  ): TokenUnavailableError {
    const { target, actor, error, failures, wait, until, latencyMs } = refusal;
    const { name, account } = target;
    const { message, errcode } = error;
    if (scope === 'this replica')
      this.coolDowns.set(name, account, until, message);
    this.cache.delayRenewal(name, until);
    this.journal.failed(
      { name, actor, latencyMs, detail: message },
      { class: error.class, errcode, failures: failures + 1 },
    );
    return renewalFailed(name, error, wait);
  }

  private serve(answer: Answer, version: number, knownAt: number): void {
    const { target, update, sentAt } = answer;
    this.cache.adopt(target.name, toCached(update, sentAt, version, knownAt));
  }

  private keepForWrite({ target, update }: Answer, lease: Lease): void {
    const since = lease.until - lease.durationMs;
    this.pending.keep({ name: target.name, token: update, since, lease });
  }

  private eventOf(answer: Answer) {
    const { target, actor, latencyMs, detail } = answer;
    const { name } = target;
    return { name, actor, fingerprint: answer.fingerprint, latencyMs, detail };
  }
}
