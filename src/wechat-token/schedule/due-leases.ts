import { setImmediate } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';
import { WechatTokenSettings } from '../common/settings.js';
import type { TokenName } from '../common/token-name.js';
import { TokenJournal } from '../observe/token-journal.js';
import { Leases } from '../renewal/leases.js';
import {
  ANOTHER_REPLICA_MS,
  LONGEST_PROBE_MS,
} from '../renewal/policy/back-off.js';
import type { RenewalTarget } from '../renewal/policy/renewal-target.js';
import { isStopped } from '../renewal/policy/stored-failure.js';
import { TokenStates } from '../renewal/token-states.js';
import {
  type NewPlace,
  QUEUE_START,
  type QueuedToken,
  type QueuePlace,
  RenewalQueue,
} from '../store/renewal-queue.js';
import { otherHolder } from '../store/token-row.js';
import { leftOutDelay, unknownAccountDelay } from './new-places.js';
import { type FoundTargets, TargetLookups } from './target-lookups.js';

/** Confirmations that one statement leaves out. */
const LEFT_OUT_PAGE = 500;

/** R14: takes the leases of the tokens in the queue, the longest waiting first, a page at a time. */
@Injectable()
export class DueLeases {
  constructor(
    private readonly queue: RenewalQueue,
    private readonly lookups: TargetLookups,
    private readonly states: TokenStates,
    private readonly leases: Leases,
    private readonly journal: TokenJournal,
    private readonly settings: WechatTokenSettings,
  ) {}

  /** The tokens that are due now: leased, but for those whose account takes long to be looked up. */
  async *due(): AsyncGenerator<TokenName> {
    const { batchSize } = this.settings.refresh;
    let after: QueuePlace | undefined = QUEUE_START;
    while (after) {
      const page: QueuedToken[] = await this.queue.due(after, batchSize);
      const oldestMs = Math.max(0, -(page[0]?.nextInMs ?? 0));
      this.journal.observe('due', { count: page.length, oldestMs });
      yield* await this.claim(page);
      after = page.length === batchSize ? page.at(-1) : undefined;
    }
  }

  /** R7: tokens to confirm, no more than are confirmed at a time: what becomes due meanwhile comes first. */
  async *unconfirmed(): AsyncGenerator<TokenName[]> {
    const { concurrency } = this.settings.refresh;
    let after: QueuePlace | undefined = QUEUE_START;
    while (after) {
      const page: QueuedToken[] = await this.queue.unconfirmed(
        after,
        concurrency,
      );
      yield await this.claim(page);
      after = page.length === concurrency ? page.at(-1) : undefined;
    }
  }

  /** R7: a replica that is behind leaves confirmations out: all tokens that wait for one have it in their next turn. Yields counts. */
  async *leaveOut(): AsyncGenerator<number> {
    const { confirmMs } = this.settings.refresh;
    let after: QueuePlace | undefined = QUEUE_START;
    while (after) {
      const page: QueuedToken[] = await this.queue.unconfirmed(
        after,
        LEFT_OUT_PAGE,
      );
      const places = page.map((token) => {
        const nextMs = leftOutDelay(confirmMs, Math.random());
        return placed(token, Math.min(nextMs, token.refreshInMs));
      });
      await this.queue.place(places);
      await setImmediate();
      yield places.length;
      after = page.length === LEFT_OUT_PAGE ? page.at(-1) : undefined;
    }
  }

  /** Gives back the leases that were not used. */
  release(): Promise<void> {
    return this.leases.releaseHeld();
  }

  private async claim(page: readonly QueuedToken[]): Promise<TokenName[]> {
    if (page.length === 0) return [];
    // SQLite answers at once: the event loop serves callers in between.
    await setImmediate();
    const lookup = await this.lookups.findAll(page.map(({ name }) => name));
    await this.queue.place(this.placesOf(page, lookup));
    const targets = new Map<TokenName, RenewalTarget>();
    for (const token of page) {
      const target = lookup.found.get(token.name);
      if (target && this.mayRenew(token, target))
        targets.set(token.name, target);
    }
    await this.setAside(page, targets);
    if (targets.size === 0) return [...lookup.late];
    await this.leases.ready();
    const { rows, unreadable } = await this.queue.claim(
      [...targets.keys()],
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
    return [...claimed.map(({ row }) => row.name), ...lookup.late];
  }

  /** R8: what is stopped waits for its turn. Should this replica die before, the queue has it again soon after. */
  private async setAside(
    page: readonly QueuedToken[],
    targets: Map<TokenName, RenewalTarget>,
  ): Promise<void> {
    const stopped = page.filter(
      (token) => isStopped(token) && targets.delete(token.name),
    );
    const places = stopped.map((token) => {
      const turnMs = this.states.probes.add(token.name) + ANOTHER_REPLICA_MS;
      const attemptMs = Math.min(token.nextAttemptInMs, LONGEST_PROBE_MS);
      return placed(token, Math.max(turnMs, attemptMs));
    });
    await this.queue.place(places);
  }

  /** The new places of tokens that this replica cannot renew, once those that can have had time to. */
  private placesOf(
    page: readonly QueuedToken[],
    { found }: FoundTargets,
  ): NewPlace[] {
    return page.flatMap((token) => {
      const isLeft = token.nextInMs <= -ANOTHER_REPLICA_MS;
      if (!isLeft || !found.has(token.name)) return [];
      const target = found.get(token.name);
      if (!target)
        return [placed(token, unknownAccountDelay(token, Math.random()))];
      return this.mayRenew(token, target)
        ? []
        : [placed(token, ANOTHER_REPLICA_MS)];
    });
  }

  /** The row of another app is left to it. */
  private mayRenew(token: QueuedToken, target: RenewalTarget): boolean {
    const isOthers = otherHolder(token, target.account) !== undefined;
    return !isOthers && this.states.mayRenew(target);
  }
}

function placed({ name, version }: QueuedToken, nextMs: number): NewPlace {
  return { name, version, nextMs };
}
