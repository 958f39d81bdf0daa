import { Injectable } from '@nestjs/common';
import { WechatTokenSettings } from '../common/settings.js';
import type { TokenName } from '../common/token-name.js';
import { decide } from '../renewal/policy.js';
import { remarkOf, type RenewalTarget } from '../renewal/renewal-target.js';
import { TokenStates } from '../renewal/token-states.js';
import {
  type NewPlace,
  type QueuedToken,
  RenewalQueue,
} from '../store/renewal-queue.js';
import type { TokenRow } from '../store/token-row.js';
import { TokenStore } from '../store/token-store.js';
import { leftOutDelay } from './new-places.js';

/** A row that the account scan has read. */
export interface FoundRow {
  readonly row: TokenRow;
  readonly target: RenewalTarget;
}

/** A row may be in the queue this much later than its other instants say: times are rounded. */
const SLACK_MS = 2000;
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
    const rows = missing.map((target) => {
      return { name: target.name, remark: remarkOf(target) };
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
      const nextMs = this.states.nextLook(row, target);
      const { name, version, nextInMs } = row;
      if (nextInMs > 0 && this.wantsRenewal(row, target)) changed.push(name);
      else if (nextInMs === -Infinity || nextInMs > nextMs + SLACK_MS)
        late.push({ name, version, nextMs });
    }
    await this.queue.place(late);
    return changed;
  }

  /** Puts all tokens that have no place into the queue, whoever keeps them. @throws StoreError */
  async placeAll(): Promise<void> {
    if (this.isReader) return;
    let before: NewPlace | undefined;
    for (;;) {
      const page = await this.queue.unplaced(PAGE);
      const places = page.map((token) => this.placeOf(token));
      const [first] = places;
      // Rows that are locked or change all the time are left to the next scan.
      if (!first || first.name === before?.name) return;
      await this.queue.place(places);
      before = first;
    }
  }

  /** Not all of them at once. */
  private placeOf({ name, version, refreshInMs }: QueuedToken): NewPlace {
    const { confirmMs } = this.settings.refresh;
    const confirmInMs =
      confirmMs > 0 ? leftOutDelay(confirmMs, Math.random()) : Infinity;
    const nextMs = Math.max(0, Math.min(refreshInMs, confirmInMs));
    return { name, version, nextMs };
  }

  private wantsRenewal(row: TokenRow, target: RenewalTarget): boolean {
    const state = this.states.of(row, target);
    return decide(state, { kind: 'due' }) === 'renew';
  }

  private get isReader(): boolean {
    return this.settings.role === 'reader';
  }
}
