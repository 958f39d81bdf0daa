import { setImmediate } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';
import { Clock } from '../common/clock.js';
import { TokenJournal } from '../observe/token-journal.js';
import { TokenCache } from '../cache/token-cache.js';
import type { TokenRow } from '../store/token-row.js';
import { TokenStore } from '../store/token-store.js';
import type { TokenName } from '../common/token-name.js';
import { WechatTokenSettings } from '../common/settings.js';
import { decide } from '../renewal/policy.js';
import {
  type RenewalTarget,
  RenewalTargets,
} from '../renewal/renewal-target.js';
import { remarkOf, Renewer } from '../renewal/renewer.js';
import { TokenStates } from '../renewal/token-states.js';

/** Tokens that are looked at in one statement. */
const BATCH = 500;

/** Goes through all accounts: at the start, and again and again where they may come and go while the app runs. */
@Injectable()
export class AccountScan {
  constructor(
    private readonly targets: RenewalTargets,
    private readonly store: TokenStore,
    private readonly cache: TokenCache,
    private readonly states: TokenStates,
    private readonly renewer: Renewer,
    private readonly journal: TokenJournal,
    private readonly clock: Clock,
    private readonly settings: WechatTokenSettings,
  ) {}

  /**
   * Takes stored tokens into memory, makes the rows of those that have none, and forgets the tokens of accounts that are gone.
   * What is in memory already costs no statement.
   * @returns The tokens that want a renewal though their rows are not due, such as those of credentials that have changed.
   * @throws StoreError, and whatever the AccountSource throws.
   */
  async run(): Promise<TokenName[]> {
    const found = new Set<TokenName>();
    const changed: TokenName[] = [];
    let batch: RenewalTarget[] = [];
    const look = async () => {
      changed.push(...(await this.look(batch)));
      batch = [];
    };
    let isComplete = true;
    const leavesOut = () => (isComplete = false);
    for await (const target of this.targets.all(leavesOut)) {
      if (this.renewer.isStopping) return [];
      found.add(target.name);
      batch.push(target);
      if (batch.length === BATCH) await look();
    }
    await look();
    // A slip in one account, such as a secret that is empty for a moment, takes no good token away.
    if (isComplete) this.cache.forgetAllBut(found);
    return changed;
  }

  private async look(batch: readonly RenewalTarget[]): Promise<TokenName[]> {
    // However fast the accounts come, callers have their turn in between.
    await setImmediate();
    const now = this.clock.now();
    for (const { name, account } of batch)
      this.cache.forgetUnlessOf(name, account.credentialId);
    const unknown = new Map(
      batch
        .filter(({ name }) => !this.cache.usable(name, now))
        .map((target) => [target.name, target]),
    );
    if (unknown.size === 0) return [];
    const { rows, unreadable } = await this.store.readAll([...unknown.keys()]);
    for (const { name, error } of unreadable) {
      this.journal.notRenewed(name, error);
      unknown.delete(name);
    }
    const changed: TokenName[] = [];
    for (const row of rows) {
      const target = unknown.get(row.name);
      if (!target) continue;
      this.states.adopt(row, target);
      if (this.wasMissedByTheQueue(row, target)) changed.push(row.name);
      unknown.delete(row.name);
    }
    await this.makeRows([...unknown.values()]);
    return changed;
  }

  private async makeRows(missing: readonly RenewalTarget[]): Promise<void> {
    if (missing.length === 0 || this.settings.role === 'reader') return;
    const rows = missing.map((target) => {
      return { name: target.name, remark: remarkOf(target) };
    });
    await this.store.insertMissing(rows);
  }

  /** It is ours to renew, and the cron would not find it by its instants. */
  private wasMissedByTheQueue(row: TokenRow, target: RenewalTarget): boolean {
    const isQueued =
      (row.refreshInMs ?? 1) <= 0 && (row.nextAttemptInMs ?? 0) <= 0;
    const state = this.states.state(row, target);
    return !isQueued && decide(state, { kind: 'due' }).kind === 'renew';
  }
}
