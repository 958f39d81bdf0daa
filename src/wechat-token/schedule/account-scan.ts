import { setImmediate } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';
import { TokenCache } from '../cache/token-cache.js';
import type { TokenKind, TokenName } from '../common/token-name.js';
import { TokenJournal } from '../observe/token-journal.js';
import {
  type RenewalTarget,
  RenewalTargets,
} from '../renewal/policy/renewal-target.js';
import { TokenStates } from '../renewal/token-states.js';
import { TokenStore } from '../store/token-store.js';
import { type FoundRow, QueueRepair } from './queue-repair.js';

/** Tokens that one statement reads. */
const BATCH = 500;

/** Visits all accounts: at the start, and again and again where accounts may be added and removed while the app runs. */
@Injectable()
export class AccountScan {
  constructor(
    private readonly targets: RenewalTargets,
    private readonly store: TokenStore,
    private readonly cache: TokenCache,
    private readonly states: TokenStates,
    private readonly queue: QueueRepair,
    private readonly journal: TokenJournal,
  ) {}

  /**
   * Caches stored tokens, inserts missing rows, repairs the queue, and drops the tokens of removed accounts. A token that is cached
   * already costs no statement.
   * @param isStopping Ends the scan early.
   * @returns The tokens that want a renewal though the queue has them later, such as those of changed credentials.
   * @throws StoreError, AccountSourceError
   */
  async run(isStopping: () => boolean = () => false): Promise<TokenName[]> {
    const found = new Set<TokenName>();
    const changed: TokenName[] = [];
    let batch: RenewalTarget[] = [];
    const visitBatch = async () => {
      changed.push(...(await this.visit(batch)));
      batch = [];
    };
    const kinds = new Set<TokenKind>();
    let isComplete = true;
    const onSkipped = () => (isComplete = false);
    for await (const target of this.targets.all(onSkipped)) {
      if (isStopping()) return [];
      found.add(target.name);
      kinds.add(target.source.kind);
      batch.push(target);
      if (batch.length === BATCH) await visitBatch();
    }
    await visitBatch();
    // A slip in one account, such as a secret that is empty for a moment, takes no good token away.
    if (isComplete) this.states.forgetAllBut(found);
    await this.queue.placeAll(kinds);
    return changed;
  }

  private async visit(batch: readonly RenewalTarget[]): Promise<TokenName[]> {
    // However fast the accounts come, the event loop serves callers in between.
    await setImmediate();
    for (const { name, account } of batch)
      this.cache.forgetUnlessOf(name, account);
    const missing = new Map(
      batch
        .filter(({ name, account }) => !this.states.isSettled(name, account))
        .map((target) => [target.name, target]),
    );
    if (missing.size === 0) return [];
    const { rows, unreadable } = await this.store.readAll([...missing.keys()]);
    for (const { name, error } of unreadable) {
      this.journal.notRenewed(name, error);
      this.states.noteUnreadable(name);
      missing.delete(name);
    }
    const found: FoundRow[] = [];
    for (const row of rows) {
      const target = missing.get(row.name);
      if (!target) continue;
      this.states.adopt(row, target.account);
      found.push({ row, target });
      missing.delete(row.name);
    }
    for (const name of missing.keys()) this.cache.expect(name);
    await this.queue.insert([...missing.values()]);
    return this.queue.repair(found);
  }
}
