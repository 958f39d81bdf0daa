import { Injectable } from '@nestjs/common';
import { Clock } from '../common/clock.js';
import { withDeadline } from '../common/deadline.js';
import { inParallel } from '../common/in-parallel.js';
import type { TokenName } from '../common/token-name.js';
import { TokenJournal } from '../observe/token-journal.js';
import {
  type RenewalTarget,
  RenewalTargets,
} from '../renewal/policy/renewal-target.js';

/** What became of many lookups. */
export interface FoundTargets {
  /** Undefined for a token of an unknown account or kind. */
  readonly found: ReadonlyMap<TokenName, RenewalTarget | undefined>;
  readonly late: readonly TokenName[];
}

/** Accounts that are looked up at a time: the app's own database answers. */
const LOOKUPS = 10;
const IN_TIME = { timeoutMs: 250, timedOut: () => new Error('late') };

/** Looks up the accounts of many tokens. */
@Injectable()
export class TargetLookups {
  constructor(
    private readonly targets: RenewalTargets,
    private readonly journal: TokenJournal,
    private readonly clock: Clock,
  ) {}

  /**
   * {@link RenewalTargets.find} for each name, a few at a time. An account whose lookup fails is logged and omitted. One lookup that
   * takes long delays no other (R14): the names that were not looked up in time are `late`.
   */
  async findAll(names: readonly TokenName[]): Promise<FoundTargets> {
    const found = new Map<TokenName, RenewalTarget | undefined>();
    const late = new Set(names);
    let isOver = false;
    const all = inParallel(names, LOOKUPS, async (name) => {
      if (isOver) return;
      try {
        const target = await this.targets.find(name);
        if (!isOver) found.set(name, target);
      } catch (error) {
        this.journal.notRenewed(name, error);
      }
      if (!isOver) late.delete(name);
    });
    await withDeadline(all, this.clock, IN_TIME).catch(() => undefined);
    isOver = true;
    return { found, late: [...late] };
  }
}
