import { Injectable } from '@nestjs/common';
import { Clock } from '../common/clock.js';
import { fingerprint, mask } from '../common/fingerprint.js';
import { TokenJournal } from '../observe/token-journal.js';
import { Replica } from '../common/replica.js';
import { TokenCache } from '../cache/token-cache.js';
import type { TokenName } from '../common/token-name.js';
import { UpstreamError } from '../upstream/failure.js';
import type { IssuedToken } from '../upstream/token-source.js';
import { TokenUnavailableError } from '../common/errors.js';
import { messages } from '../common/messages.js';
import { WechatTokenSettings } from '../common/settings.js';
import { LocalCoolDowns } from './local-cool-downs.js';
import * as policy from './policy.js';
import type { RenewalTarget } from './renewal-target.js';
import { toServe, toStore } from './token-update.js';
import { coolingDown, renewalFailed } from './token-unavailable.js';
import { PendingWrites } from './pending-writes.js';

/**
 * R4, R11: a renewal without the database. Where the platform takes parallel calls (stable mode), a replica that can neither
 * have the stored token nor the lease asks by itself. It serves the answer from memory, and writes it when it can.
 */
@Injectable()
export class DirectRenewal {
  /** When this replica may next replace a token that was refused, on its clock. */
  private readonly nextReplacement = new Map<TokenName, number>();

  constructor(
    private readonly cache: TokenCache,
    private readonly pending: PendingWrites,
    private readonly coolDowns: LocalCoolDowns,
    private readonly journal: TokenJournal,
    private readonly replica: Replica,
    private readonly clock: Clock,
    private readonly settings: WechatTokenSettings,
  ) {}

  /** In classic mode a call would end the token of all others. */
  isSafe({ source }: RenewalTarget): boolean {
    return this.settings.role === 'refresher' && !source.rotatesOnEveryCall;
  }

  /**
   * Has a usable token in memory when it resolves, and another than the rejected one. Never forces: that budget is in the
   * database (R9).
   * @throws TokenUnavailableError when the platform gives none, and while a failure of this replica's own is cooling down.
   */
  async run(
    target: RenewalTarget,
    inputs: ReadonlyMap<TokenName, string>,
    rejected?: string,
  ): Promise<void> {
    const { name, account, source } = target;
    await source.ready();
    const sentAt = this.clock.now();
    const held = this.cache.usable(name, sentAt);
    const isFresh = held !== undefined && sentAt < held.refreshAt;
    if (rejected === undefined ? isFresh : held && held.value !== rejected)
      return;
    if (rejected !== undefined) this.spendReplacement(name, rejected);
    const own = this.coolDowns.get(name, account);
    if (own && own.until > sentAt)
      throw coolingDown(name, own.until - sentAt, own.reason);
    const version = this.cache.nextVersion(name);
    let issued: IssuedToken;
    try {
      issued = await source.issue({ account, inputs, force: false });
    } catch (error) {
      if (error instanceof UpstreamError)
        throw this.failed(target, error, sentAt);
      throw error;
    }
    if (issued.value === rejected) throw this.stillRejected(target);
    this.keep(target, issued, sentAt, version);
  }

  /** R5: the budget of rejections is in the database; without it there is this one. */
  private spendReplacement(name: TokenName, rejected: string): void {
    const now = this.clock.now();
    const wait = (this.nextReplacement.get(name) ?? now) - now;
    if (wait > 0) throw coolingDown(name, wait, messages.rejectedAgain());
    this.journal.rejected(name, fingerprint(rejected));
    this.nextReplacement.set(name, now + policy.FORCE_BUDGET.spacing);
  }

  private keep(
    target: RenewalTarget,
    issued: IssuedToken,
    sentAt: number,
    version: number,
  ): void {
    const { name, source } = target;
    const { marginSeconds } = this.settings.refresh;
    const token = toStore(issued, target, marginSeconds);
    const known = { version, knownAt: this.clock.now() };
    this.cache.adopt(name, toServe(token, sentAt, known));
    this.pending.keep({ name, token, since: sentAt });
    this.coolDowns.clear(name);
    const latencyMs = this.clock.now() - sentAt;
    this.journal.refreshed(
      {
        name,
        actor: this.replica.id,
        fingerprint: fingerprint(token.value),
        latencyMs,
        detail: messages.withoutLease(),
      },
      {
        source: source.id,
        masked: mask(token.value),
        expiresIn: Math.floor(issued.lifeMs / 1000),
        withoutLease: true,
      },
    );
  }

  private failed(
    { name, account }: RenewalTarget,
    error: UpstreamError,
    sentAt: number,
  ): TokenUnavailableError {
    const { message, errcode } = error;
    const failures = this.coolDowns.get(name, account)?.failures ?? 0;
    const wait = policy.backOff(error, failures, undefined, Math.random());
    const until = this.clock.now() + wait;
    this.coolDowns.set(name, account, until, message);
    this.cache.delayRenewal(name, until);
    const latencyMs = this.clock.now() - sentAt;
    this.journal.failed(
      { name, actor: this.replica.id, latencyMs, detail: message },
      { class: error.class, errcode, failures: failures + 1 },
    );
    return renewalFailed(name, error, wait);
  }

  private stillRejected({
    name,
    account,
  }: RenewalTarget): TokenUnavailableError {
    const wait = policy.FORCE_BUDGET.spacing;
    const message = messages.stillRejected(name);
    this.coolDowns.set(name, account, this.clock.now() + wait, message);
    return new TokenUnavailableError(message, wait / 1000);
  }
}
