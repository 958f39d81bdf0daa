import { Injectable } from '@nestjs/common';
import { TokenCache } from '../cache/token-cache.js';
import { Clock } from '../common/clock.js';
import { TokenUnavailableError } from '../common/errors.js';
import { fingerprint } from '../common/fingerprint.js';
import { messages } from '../common/messages.js';
import type { TokenName } from '../common/token-name.js';
import { TokenJournal } from '../observe/token-journal.js';
import { UpstreamError } from '../upstream/failure.js';
import type { InputTokens } from '../sources/token-source.js';
import type { IssuedToken } from '../upstream/issued-token.js';
import { Issuer } from '../upstream/issuer.js';
import { Answers } from '../renewal/answers.js';
import { LocalCoolDowns } from '../renewal/policy/local-cool-downs.js';
import { FORCE_BUDGET } from '../renewal/policy/budget-limits.js';
import { isReport, type RenewalIntent } from '../renewal/policy/policy.js';
import type { RenewalTarget } from '../renewal/policy/renewal-target.js';
import { coolingDown } from '../renewal/token-unavailable.js';

/** What a renewal without the lease is for, and who wants it: a replica, or the id of an API key. */
interface DirectRequest {
  readonly intent: RenewalIntent;
  readonly actor: string;
}

/**
 * R4, R11: a renewal without the database, where the platform allows parallel calls (stable mode): the token is served from
 * memory, and written when the database is back.
 */
@Injectable()
export class DirectRenewal {
  /** When whoever reports a token may next have it replaced, by token and actor, on this replica's clock; the first to come first. */
  private readonly nextReplacement = new Map<string, number>();

  constructor(
    private readonly cache: TokenCache,
    private readonly coolDowns: LocalCoolDowns,
    private readonly answers: Answers,
    private readonly issuer: Issuer,
    private readonly journal: TokenJournal,
    private readonly clock: Clock,
  ) {}

  /**
   * When it resolves, a usable token is cached that is not the rejected one. Never forces: that budget is in the database (R9).
   * @throws TokenUnavailableError when the platform gives none, and while this replica's own cool-down lasts.
   */
  async run(
    target: RenewalTarget,
    tokens: InputTokens,
    { intent, actor }: DirectRequest,
  ): Promise<void> {
    const rejected = isReport(intent) ? intent.value : undefined;
    const { name, account, source, circumstances } = target;
    for (const input of source.needs?.(account) ?? []) await tokens.get(input);
    await this.issuer.ready();
    const sentAt = this.clock.now();
    const cached = this.cache.usable(name, sentAt);
    const isFresh = cached !== undefined && sentAt < cached.refreshAt;
    if (rejected === undefined ? isFresh : cached && cached.value !== rejected)
      return;
    if (rejected !== undefined) this.spendReplacement(name, rejected, actor);
    const cooling = this.coolDowns.active(name, circumstances);
    if (cooling) throw coolingDown(name, cooling.wait, cooling.reason);
    const version = this.cache.nextVersion(name);
    const detail = messages.withoutLease();
    const call = { target, actor, sentAt, version, detail };
    let issued: IssuedToken;
    try {
      const request = { account, tokens, force: false };
      issued = await this.issuer.issue(source, request);
    } catch (error) {
      if (!(error instanceof UpstreamError)) throw error;
      return this.answers.fail(call, error);
    }
    if (issued.value === rejected) throw this.stillRejected(target, intent);
    await this.answers.keep(call, issued);
  }

  /** R5: the budget of rejections is in the database; without it this one holds. */
  private spendReplacement(
    name: TokenName,
    rejected: string,
    actor: string,
  ): void {
    const now = this.clock.now();
    for (const [oldest, at] of this.nextReplacement) {
      if (at > now) break;
      this.nextReplacement.delete(oldest);
    }
    const key = `${name} ${actor}`;
    const wait = (this.nextReplacement.get(key) ?? now) - now;
    if (wait > 0) throw coolingDown(name, wait, messages.rejectedAgain());
    this.journal.rejected({ name, fingerprint: fingerprint(rejected) });
    this.nextReplacement.set(key, now + FORCE_BUDGET.spacing);
  }

  private stillRejected(
    target: RenewalTarget,
    intent: RenewalIntent,
  ): TokenUnavailableError {
    const wait = FORCE_BUDGET.spacing;
    const message = messages.stillRejected(target.name);
    const { credentialId } = target.account;
    const lastError = { class: 'rejected', message, credentialId };
    // A caller in the process has seen WeChat's answer. What others say over HTTP delays nobody.
    if (intent.kind === 'rejected')
      this.coolDowns.set(target, this.clock.now() + wait, lastError);
    return new TokenUnavailableError(message, wait / 1000);
  }
}
