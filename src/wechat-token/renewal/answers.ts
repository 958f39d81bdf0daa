import { Injectable } from '@nestjs/common';
import { TokenCache } from '../cache/token-cache.js';
import { Clock } from '../common/clock.js';
import type { TokenUnavailableError } from '../common/errors.js';
import { fingerprint, mask } from '../common/fingerprint.js';
import { WechatTokenSettings } from '../common/settings.js';
import { TokenJournal } from '../observe/token-journal.js';
import type { LeasedRow } from '../store/token-row.js';
import type { UpstreamError } from '../upstream/failure.js';
import type { IssuedToken } from '../upstream/token-source.js';
import { LocalCoolDowns } from './local-cool-downs.js';
import { PendingWrites } from './pending-writes.js';
import { backOff } from './policy.js';
import type { RefreshOutcome } from './refresh-outcome.js';
import type { RenewalTarget } from './renewal-target.js';
import { renewalFailed } from './token-unavailable.js';
import { toCached, toUpdate } from './token-update.js';

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
  /** For the event. */
  readonly detail?: string;
}

/** A failed call, and the cool-down that follows. */
export interface CoolDown {
  /** Milliseconds (R8). */
  readonly wait: number;
  /** Its end on this process's clock. */
  readonly until: number;
  /** Failures in a row, this one included. */
  readonly failures: number;
  readonly latencyMs: number;
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
    const { marginSeconds } = this.settings.refresh;
    const update = toUpdate(issued, target, marginSeconds, leased?.row);
    const mark = fingerprint(update.value);
    const latencyMs = this.clock.now() - sentAt;
    const event = { name, actor, fingerprint: mark, latencyMs, detail };
    const serve = (knownAt: number) =>
      this.cache.adopt(name, toCached(update, sentAt, version, knownAt));

    this.coolDowns.clear(name);
    if (leased) {
      const { lease } = leased;
      // While the lease holds, nobody can have a newer token: callers need not wait for the write. Afterwards the row decides.
      if (this.clock.now() < lease.until) serve(Infinity);
      const written = await this.pending.write(name, update, lease);
      if (written === 'lease lost') {
        this.journal.leaseLost(event);
        return undefined;
      }
      serve(written === 'stored' ? this.clock.now() : Infinity);
    } else {
      serve(this.clock.now());
      this.pending.keep({ name, token: update, since: sentAt });
    }

    const expiresIn = Math.floor(issued.lifeMs / 1000);
    const fields = { source: source.id, masked: mask(update.value), expiresIn };
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
    return { outcome, name, fingerprint: mark, version, expiresIn };
  }

  /** R8: the cool-down that a failure causes, by its class and the failures before it. */
  coolDownAfter(
    { target, sentAt, leased }: IssueCall,
    error: UpstreamError,
  ): CoolDown {
    const { name, account } = target;
    const local = this.coolDowns.get(name, account);
    const before = leased?.row.failureCount ?? local?.failures ?? 0;
    const databaseNow = leased?.row.databaseNow;
    const wait = backOff(error, before, databaseNow, Math.random());
    const now = this.clock.now();
    const latencyMs = now - sentAt;
    return { wait, until: now + wait, failures: before + 1, latencyMs };
  }

  /** The failure could not be written: the row decides. */
  reportLeaseLost(
    { target, actor }: IssueCall,
    { message }: UpstreamError,
    { latencyMs }: CoolDown,
  ): void {
    const { name } = target;
    this.journal.leaseLost({ name, actor, latencyMs, detail: message });
  }

  /** R8: reports a failure. One of this replica alone holds back this replica; the row holds back all others. */
  fail(
    { target, actor }: IssueCall,
    error: UpstreamError,
    { wait, until, failures, latencyMs }: CoolDown,
    scope: 'this replica' | 'all replicas',
  ): TokenUnavailableError {
    const { name, account } = target;
    const { message, errcode } = error;
    if (scope === 'this replica')
      this.coolDowns.set(name, account, until, message);
    this.cache.delayRenewal(name, until);
    this.journal.failed(
      { name, actor, latencyMs, detail: message },
      { class: error.class, errcode, failures },
    );
    return renewalFailed(name, error, wait);
  }
}
