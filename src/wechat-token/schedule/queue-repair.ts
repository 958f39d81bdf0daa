import { setImmediate } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';
import { WechatTokenSettings } from '../common/settings.js';
import type { TokenKind, TokenName } from '../common/token-name.js';
import { decide } from '../renewal/policy/policy.js';
import {
  remarkOf,
  type RenewalTarget,
} from '../renewal/policy/renewal-target.js';
import { TokenStates } from '../renewal/token-states.js';
import type { Change } from '../store/change-feed.js';
import { type NewPlace, RenewalQueue } from '../store/renewal-queue.js';
import { PLACE_SLACK_MS } from '../store/statements/statements.js';
import type { TokenRow } from '../store/token-row.js';
import { TokenStore } from '../store/token-store.js';
import { leftOutDelay } from './new-places.js';

/** A row that the account scan has read. */
export interface FoundRow {
  readonly row: TokenRow;
  readonly target: RenewalTarget;
}

type Unplaced = Pick<TokenRow, 'name' | 'version' | 'refreshInMs'>;

/** Tokens without a place that one statement finds. */
const PAGE = 500;

/** Sees to it that every token is in the queue, and no later than it should be; a reader leaves the table as it is. */
@Injectable()
export class QueueRepair {
  constructor(
    private readonly queue: RenewalQueue,
    private readonly store: TokenStore,
    private readonly states: TokenStates,
    private readonly settings: WechatTokenSettings,
  ) {}

  /** Inserts the rows of tokens that were never issued. @throws StoreError */
  async insert(missing: readonly RenewalTarget[]): Promise<void> {
    if (missing.length === 0 || this.isReader) return;
    const rows = missing.map(({ name, account }) => {
      return { name, remark: remarkOf(name, account.appId) };
    });
    await this.store.insertMissing(rows);
  }

  /**
   * Moves rows that are in the queue too late.
   * @returns The tokens that this replica renews itself: in the queue, a replica with other credentials may find them first.
   * @throws StoreError
   */
  async repair(found: readonly FoundRow[]): Promise<TokenName[]> {
    if (this.isReader) return [];
    const changed: TokenName[] = [];
    const late: NewPlace[] = [];
    for (const { row, target } of found) {
      const state = this.states.of(row, target);
      if (state.heldBy !== undefined) continue;
      const nextMs = this.states.nextLook(row, target);
      const { name, version, nextInMs } = row;
      if (nextInMs > 0 && decide(state, { kind: 'due' }) === 'renew')
        if (state.stopped) this.states.probes.add(name);
        else changed.push(name);
      else if (nextInMs === -Infinity || nextInMs > nextMs + PLACE_SLACK_MS)
        late.push({ name, version, nextMs });
    }
    await this.queue.place(late);
    return changed;
  }

  /** Whether a row that was written is to be given another place. */
  wants({ isMisplaced }: Change): boolean {
    return isMisplaced && !this.isReader;
  }

  /**
   * Moves rows that were written by version 0.1, which knows of no queue.
   * @returns Those that are leased, whose place is decided once the lease has ended, and those that are locked.
   * @throws StoreError
   */
  async moveMisplaced(rows: readonly TokenRow[]): Promise<TokenName[]> {
    if (this.isReader) return [];
    const misplaced = rows.filter(isMisplaced);
    const leased = misplaced.filter(({ leaseInMs }) => leaseInMs > 0);
    const free = misplaced.filter(({ leaseInMs }) => leaseInMs <= 0);
    const skipped = await this.queue.place(
      free.map((row) => this.placeOf(row)),
    );
    return [...leased.map(({ name }) => name), ...skipped];
  }

  /** Puts all tokens of these kinds that have no place into the queue, whoever keeps them. @throws StoreError */
  async placeAll(kinds: Iterable<TokenKind>): Promise<void> {
    if (this.isReader) return;
    for (const kind of kinds) await this.placeKind(kind);
  }

  private async placeKind(kind: TokenKind): Promise<void> {
    let before: NewPlace | undefined;
    for (;;) {
      const page = await this.queue.unplaced(kind, PAGE);
      const places = page.map((token) => this.placeOf(token));
      const [first] = places;
      // Rows that are locked or change all the time are left to the next scan.
      if (!first || first.name === before?.name) return;
      await this.queue.place(places);
      await setImmediate();
      before = first;
    }
  }

  /** Not all of them at once. */
  private placeOf({ name, version, refreshInMs }: Unplaced): NewPlace {
    const { confirmMs } = this.settings.refresh;
    const confirmInMs =
      confirmMs > 0 ? leftOutDelay(confirmMs, Math.random()) : Infinity;
    const nextMs = Math.max(0, Math.min(refreshInMs, confirmInMs));
    return { name, version, nextMs };
  }

  private get isReader(): boolean {
    return this.settings.role === 'reader';
  }
}

/** As {@link Change.isMisplaced}, by the row as it was read. */
function isMisplaced(row: TokenRow): boolean {
  const isLate =
    row.nextInMs > row.refreshInMs + PLACE_SLACK_MS &&
    row.nextAttemptInMs === -Infinity &&
    row.leaseInMs === -Infinity;
  return row.nextInMs === -Infinity || isLate;
}
