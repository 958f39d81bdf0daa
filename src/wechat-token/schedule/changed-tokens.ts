import { Injectable } from '@nestjs/common';
import { TokenCache } from '../cache/token-cache.js';
import type { TokenName } from '../common/token-name.js';
import { TokenJournal } from '../observe/token-journal.js';
import { RenewalTargets } from '../renewal/policy/renewal-target.js';
import { TokenStates } from '../renewal/token-states.js';
import type { Change } from '../store/change-feed.js';
import type { TokenRow } from '../store/token-row.js';
import { TokenStore } from '../store/token-store.js';
import { QueueRepair } from './queue-repair.js';

/** Accounts that are looked up at a time. */
const LOOKUPS = 10;

/**
 * R13: caches the tokens of changed rows that this replica keeps, and sees to their places in the queue. Of the others it reads no
 * value.
 */
@Injectable()
export class ChangedTokens {
  /** Rows whose account has to be looked up: other credentials than before, or the first token of an account. */
  private readonly unresolved = new Map<TokenName, TokenRow>();
  /** Read again with the next changes: their account lookup failed, or they have no place in the queue and are leased or locked. */
  private readonly again = new Set<TokenName>();
  private lookups = 0;

  constructor(
    private readonly store: TokenStore,
    private readonly cache: TokenCache,
    private readonly states: TokenStates,
    private readonly targets: RenewalTargets,
    private readonly queue: QueueRepair,
    private readonly journal: TokenJournal,
  ) {}

  /** @throws StoreError */
  async takeUp(changes: readonly Change[]): Promise<void> {
    const names = new Set(this.again);
    for (const change of changes)
      if (this.cache.keeps(change.name) && this.isNews(change))
        names.add(change.name);
    if (names.size === 0) return;
    const { rows } = await this.store.readAll([...names]);
    for (const row of rows)
      if (!this.states.adoptKnown(row)) this.unresolved.set(row.name, row);
    const notMoved = await this.queue.moveMisplaced(rows);
    for (const name of names) this.again.delete(name);
    for (const name of notMoved) this.again.add(name);
    this.lookUp();
  }

  private isNews(change: Change): boolean {
    const { name, version } = change;
    return !this.cache.knows(name, version) || this.queue.wants(change);
  }

  /** In the background and a few at a time: one lookup that takes long delays no other. */
  private lookUp(): void {
    for (const [name, row] of this.unresolved) {
      if (this.lookups === LOOKUPS) return;
      this.unresolved.delete(name);
      this.lookups++;
      void this.resolve(row).finally(() => {
        this.lookups--;
        this.lookUp();
      });
    }
  }

  private async resolve(row: TokenRow): Promise<void> {
    try {
      const target = await this.targets.find(row.name);
      if (target) this.states.adopt(row, target.account);
    } catch (error) {
      this.journal.notRenewed(row.name, error);
      this.again.add(row.name);
    }
  }
}
