import { Injectable } from '@nestjs/common';
import { WechatTokenSettings } from '../common/settings.js';
import type { TokenName } from '../common/token-name.js';
import { TokenJournal } from '../observe/token-journal.js';
import { type HeldLease, Leases } from '../renewal/leases.js';
import { FOREVER } from '../renewal/policy.js';
import {
  type RenewalTarget,
  RenewalTargets,
} from '../renewal/renewal-target.js';
import { TokenStates } from '../renewal/token-states.js';
import { type DueToken, DueTokens } from '../store/due-tokens.js';

/** Before every token that is due. */
const START: DueToken = { name: '', since: '1000-01-01 00:00:00.000' };

type FindPage = (after: DueToken) => Promise<DueToken[]>;

/** R14: finds the tokens to renew, the longest due first, and claims their leases, a batch at a time. */
@Injectable()
export class DueLeases {
  private readonly unconfirmedMs: number;

  constructor(
    private readonly dueTokens: DueTokens,
    private readonly targets: RenewalTargets,
    private readonly states: TokenStates,
    private readonly leases: Leases,
    private readonly journal: TokenJournal,
    private readonly settings: WechatTokenSettings,
  ) {
    this.unconfirmedMs = settings.refresh.confirmMs || FOREVER;
  }

  due(): AsyncGenerator<readonly HeldLease[]> {
    const { batchSize } = this.settings.refresh;
    return this.batches((after) => this.dueTokens.due(after, batchSize));
  }

  /** R7: tokens in stable mode that were not confirmed for a while. */
  unconfirmed(): AsyncGenerator<readonly HeldLease[]> {
    const { batchSize } = this.settings.refresh;
    return this.batches((after) =>
      this.dueTokens.unconfirmed(this.unconfirmedMs, after, batchSize),
    );
  }

  /** Whether the lease of this token was not used by a caller in the meantime. */
  holds(name: TokenName): boolean {
    return this.leases.get(name) !== undefined;
  }

  /** Gives back the leases that were not used. */
  release(): Promise<void> {
    return this.leases.releaseHeld();
  }

  private async *batches(
    find: FindPage,
  ): AsyncGenerator<readonly HeldLease[], void> {
    for await (const page of this.pages(find)) yield await this.claim(page);
  }

  /** Each page is read while the leases of the page before are taken. */
  private async *pages(
    find: FindPage,
  ): AsyncGenerator<readonly DueToken[], undefined> {
    let coming: Promise<readonly DueToken[]> | undefined = find(START);
    while (coming) {
      const page: readonly DueToken[] = await coming;
      const isFull = page.length === this.settings.refresh.batchSize;
      const last = isFull ? page.at(-1) : undefined;
      coming = last && find(last);
      try {
        yield page;
      } finally {
        // R12: no statement is in flight when the round has ended.
        await coming?.catch(() => undefined);
      }
    }
  }

  private async claim(page: readonly DueToken[]): Promise<HeldLease[]> {
    const found = await this.targets.findAll(page.map(({ name }) => name));
    await this.unschedule(
      page.filter(({ name }) => found.has(name) && !found.get(name)),
    );
    const targets = new Map<TokenName, RenewalTarget>();
    for (const [name, target] of found)
      if (target && this.states.mayRenew(target)) targets.set(name, target);
    if (targets.size === 0) return [];
    const sources = new Set([...targets.values()].map(({ source }) => source));
    for (const source of sources) await source.ready();
    const { rows, unreadable } = await this.dueTokens.claimDue(
      [...targets.keys()],
      this.unconfirmedMs,
      this.leases.owner,
      this.settings.refresh.leaseMs,
    );
    for (const { name, error } of unreadable)
      this.journal.notRenewed(name, error);
    const claimed = rows.flatMap((leased) => {
      const target = targets.get(leased.row.name);
      return target ? [{ ...leased, target }] : [];
    });
    this.leases.hold(claimed);
    return claimed;
  }

  /** Tokens of removed accounts may be many: those that expired long ago are not visited again at every round. */
  private async unschedule(unknown: readonly DueToken[]): Promise<void> {
    const expired = unknown.filter(({ isLongExpired }) => isLongExpired);
    if (expired.length > 0)
      await this.dueTokens.unschedule(expired.map(({ name }) => name));
  }
}
