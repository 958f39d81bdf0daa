import { Injectable } from '@nestjs/common';
import { lifeOf, type TokenRow } from '../store/token-row.js';
import { TokenJournal } from '../observe/token-journal.js';
import {
  type RecentEvent,
  storedActor,
  TokenEvents,
} from '../store/token-events.js';
import { TokenStore } from '../store/token-store.js';
import { parseTokenName, type TokenName } from '../common/token-name.js';
import { RefreshBudgetError, TokenUnavailableError } from '../common/errors.js';
import { messages } from '../common/messages.js';
import { fingerprint } from '../common/fingerprint.js';
import type { CallLimit } from '../sources/token-source.js';
import { UpstreamError } from '../upstream/failure.js';
import { upstreamMessages } from '../upstream/upstream.messages.js';
import {
  type Bound,
  forceBound,
  rejectionBound,
} from './policy/budget-limits.js';
import type { RenewalTarget } from './policy/renewal-target.js';

const HOUR_MS = 3600 * 1000;
const DAY_MS = 24 * HOUR_MS;
const seconds = ({ wait }: Bound) => Math.ceil(wait / 1000);

/** Who wants a renewal of which token. */
interface Spender {
  readonly target: Pick<RenewalTarget, 'name' | 'account'>;
  /** A replica, or the id of an API key. */
  readonly actor: string;
}

/** Only this actor's share is spent: others may renew the token. */
export class ShareSpentError extends RefreshBudgetError {}

/**
 * The name under which what is spent is counted, beside the token's own: two names of one appid share a budget (R9). No token has
 * such a name. Older versions count by the token's name only.
 */
export function budgetName(name: TokenName, application: string): string {
  return `${parseTokenName(name).kind}@${application}`;
}

function namesOf({ name, account }: Spender['target']) {
  return [name, budgetName(name, account.application)] as const;
}

function eventOf({ target, actor }: Spender) {
  const [name, countedAs] = namesOf(target);
  return { name, countedAs, actor };
}

/**
 * Budgets that are counted in the database for all replicas together, and spent under the lease, so that nothing is spent twice
 * (but by two names of one appid at the same moment: they have two leases).
 */
@Injectable()
export class Budgets {
  private counted: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly store: TokenStore,
    private readonly events: TokenEvents,
    private readonly journal: TokenJournal,
  ) {}

  /** R9: milliseconds until an operator may force a renewal. Spends nothing. */
  async untilForce(spender: Spender): Promise<number> {
    const row = await this.store.read(spender.target.name);
    const who = { ...spender, isOperator: true };
    return row ? ((await this.forceBound(row, who))?.wait ?? 0) : 0;
  }

  /** R9. @throws RefreshBudgetError that says when the next forced renewal is possible. */
  async spendForced(
    row: TokenRow,
    spender: Spender & { readonly isOperator: boolean },
  ): Promise<void> {
    const { name } = row;
    const bound = await this.forceBound(row, spender);
    if (bound) {
      const wait = seconds(bound);
      const message = messages.forceBound[bound.limit](name, wait);
      const ErrorType =
        bound.limit === 'share' ? ShareSpentError : RefreshBudgetError;
      throw new ErrorType(message, wait);
    }
    const current = row.value === null ? undefined : fingerprint(row.value);
    await this.events.record({
      ...eventOf(spender),
      type: 'forced',
      fingerprint: current,
    });
  }

  /** R9: the platform has answered a forced renewal that was spent `agoMs` ago: the next one is possible 30 s from now. */
  forcedAnswered(target: Spender['target'], agoMs: number): void {
    for (const name of namesOf(target))
      this.journal.forcedAnswered(name, agoMs);
  }

  /** R5. Spends nothing. @throws TokenUnavailableError when a rejected token may not be renewed now. */
  async assertRejection(
    row: TokenRow,
    { target, actor }: { target: RenewalTarget; actor: string },
  ): Promise<void> {
    const rotates = target.source.repeatedCall === 'rotates';
    const who = { actor: storedActor(actor), rotates };
    const life = lifeOf(row);
    const bound = await this.longest(target, 'rejected', life, (spent) =>
      rejectionBound(spent, who, life),
    );
    if (!bound) return;
    const wait = seconds(bound);
    const message = messages.rejectionBound[bound.limit](row.name, wait);
    throw new TokenUnavailableError(message, wait);
  }

  /** R5: counts the renewal of a rejected token. No caller waits for it, but the lease does: see {@link settled}. */
  spendRejection(spender: Spender, rejected: string): void {
    const event = { ...eventOf(spender), fingerprint: rejected };
    const counting = this.journal.countRejection(event);
    this.counted = Promise.all([this.counted, counting]);
  }

  /**
   * Counts a call that the platform limits, before it is made.
   * @throws UpstreamError of class `quota` when the calls of the last hour have reached a limit: then none is made.
   */
  async spendCall({
    target: { source, account },
    actor,
  }: {
    target: RenewalTarget;
    actor: string;
  }): Promise<void> {
    const limits = source.limits?.(account) ?? [];
    for (const limit of limits) await this.assertBelow(limit, source.id);
    for (const { countedAs: name } of limits)
      await this.events.record({ name, type: 'called', actor });
  }

  private async assertBelow(
    { perHour, countedAs }: CallLimit,
    source: string,
  ): Promise<void> {
    const isUsable = perHour >= 1 && perHour <= 1000 && countedAs.length <= 150;
    if (!isUsable) {
      const message = upstreamMessages.badLimit(source);
      throw new UpstreamError(message, { class: 'transient' });
    }
    const spent = await this.events.recent([countedAs], 'called', HOUR_MS);
    const oldest = spent[perHour - 1];
    if (!oldest) return;
    const minWaitMs = Math.max(1000, HOUR_MS - oldest.ageMs);
    const wait = Math.ceil(minWaitMs / 1000);
    throw new UpstreamError(
      upstreamMessages.limitSpent(source, perHour, wait),
      { class: 'quota', minWaitMs, mustEnd: true },
    );
  }

  /** Resolves when the rejections are written that this replica has counted, or could not be. */
  async settled(): Promise<void> {
    await this.counted;
  }

  private forceBound(
    { databaseNow }: TokenRow,
    { target, actor, isOperator }: Spender & { readonly isOperator: boolean },
  ) {
    const who = { actor: storedActor(actor), isOperator };
    return this.longest(target, 'forced', DAY_MS, (spent) =>
      forceBound(spent, who, databaseNow),
    );
  }

  /** What binds the longest: what was spent under the token's name, or by the names of its appid together. */
  private async longest<Found extends Bound>(
    target: Spender['target'],
    type: 'forced' | 'rejected',
    windowMs: number,
    boundOf: (spent: readonly RecentEvent[]) => Found | undefined,
  ): Promise<Found | undefined> {
    const names = namesOf(target);
    const events = await this.events.recent(names, type, windowMs);
    const bounds = names.map((name) =>
      boundOf(events.filter((event) => event.name === name)),
    );
    return bounds.reduce((one, other) =>
      (other?.wait ?? 0) > (one?.wait ?? 0) ? other : one,
    );
  }
}
