import { Injectable } from '@nestjs/common';
import { lifeOf, type TokenRow } from '../store/token-row.js';
import { TokenJournal } from '../observe/token-journal.js';
import { TokenEvents } from '../store/token-events.js';
import { TokenStore } from '../store/token-store.js';
import type { TokenName } from '../common/token-name.js';
import { RefreshBudgetError, TokenUnavailableError } from '../common/errors.js';
import { messages } from '../common/messages.js';
import { fingerprint } from '../common/fingerprint.js';
import { FORCE_BUDGET, forceWait, rejectionWait } from './policy/policy.js';

const DAY_MS = 24 * 3600 * 1000;
const seconds = (ms: number) => Math.ceil(ms / 1000);

/** Budgets that are counted in the database for all replicas together, and spent under the lease, so that nothing is spent twice. */
@Injectable()
export class Budgets {
  constructor(
    private readonly store: TokenStore,
    private readonly events: TokenEvents,
    private readonly journal: TokenJournal,
  ) {}

  /** R9: milliseconds until a forced renewal is possible. Spends nothing. */
  async untilForce(name: TokenName): Promise<number> {
    const row = await this.store.read(name);
    return row ? (await this.forceWait(row)).wait : 0;
  }

  /** R9. @throws RefreshBudgetError that says when the next forced renewal is possible. */
  async spendForced(row: TokenRow, actor: string): Promise<void> {
    const { name } = row;
    const { wait, spent } = await this.forceWait(row);
    if (wait > 0) {
      const message = spent
        ? messages.forceSpent(name, FORCE_BUDGET.perDay, seconds(wait))
        : messages.forceTooSoon(name, seconds(wait));
      throw new RefreshBudgetError(message, seconds(wait));
    }
    const current = row.value === null ? undefined : fingerprint(row.value);
    await this.events.record({
      name,
      type: 'forced',
      actor,
      fingerprint: current,
    });
  }

  /** R9: the platform has answered a forced renewal that was spent `agoMs` ago: the next one is possible 30 s from now. */
  forcedAnswered(name: TokenName, agoMs: number): void {
    this.journal.forcedAnswered(name, agoMs);
  }

  /** R5. `reported` is the fingerprint of the rejected token. @throws TokenUnavailableError when the platform has rejected one token after the other. */
  async spendRejected(
    row: TokenRow,
    actor: string,
    reported: string,
  ): Promise<void> {
    this.journal.rejected(row.name, reported);
    const life = lifeOf(row);
    const ages = await this.events.recent(row.name, 'rejected', life);
    const wait = rejectionWait(ages, life);
    if (wait > 0)
      throw new TokenUnavailableError(
        messages.rejectedTooOften(row.name, ages.length),
        seconds(wait),
      );
    await this.events.record({
      name: row.name,
      type: 'rejected',
      actor,
      fingerprint: reported,
    });
  }

  private async forceWait(row: TokenRow) {
    const ages = await this.events.recent(row.name, 'forced', DAY_MS);
    return forceWait(ages, row.databaseNow);
  }
}
