import { Injectable } from '@nestjs/common';
import { Clock } from '../common/clock.js';
import { TokenJournal } from '../observe/token-journal.js';
import { Replica } from '../common/replica.js';
import { type DueToken, DueTokens } from '../store/due-tokens.js';
import type { TokenName } from '../common/token-name.js';
import { WechatTokenSettings } from '../common/settings.js';
import { inParallel } from '../common/in-parallel.js';
import { LocalCoolDowns } from '../renewal/local-cool-downs.js';
import { FOREVER } from '../renewal/policy.js';
import {
  type RenewalTarget,
  RenewalTargets,
} from '../renewal/renewal-target.js';
import { type ClaimedToken, Renewer } from '../renewal/renewer.js';
import { Slots } from '../renewal/slots.js';
import { PendingWrites } from '../renewal/pending-writes.js';

/** Renewals whose answers are being written, at most: what one statement takes, and what is gathered for the next. */
const WRITING = 200;
const TELL_EVERY_MS = 10_000;
/** Before every token that is due. */
const FIRST: DueToken = { name: '', since: '1000-01-01 00:00:00.000' };

export interface RoundOptions {
  /** Also what is not due, and was not confirmed for a while (R7). */
  readonly confirm: boolean;
}

type FindPage = (after: DueToken) => Promise<DueToken[]>;

/**
 * R14: one round of renewals, the longest due first. Leases are taken a batch at a time, and the next batch when a worker has
 * nothing left to do: a token that takes long keeps one worker busy and no other token waiting.
 */
@Injectable()
export class DueRound {
  private readonly unconfirmedMs: number;
  /** Some of them call WeChat, the others wait for their answers to be written. */
  private readonly workers: number;

  constructor(
    private readonly renewer: Renewer,
    private readonly targets: RenewalTargets,
    private readonly dueTokens: DueTokens,
    private readonly pending: PendingWrites,
    private readonly coolDowns: LocalCoolDowns,
    private readonly journal: TokenJournal,
    private readonly replica: Replica,
    private readonly slots: Slots,
    private readonly clock: Clock,
    private readonly settings: WechatTokenSettings,
  ) {
    this.unconfirmedMs = settings.refresh.confirmMs || FOREVER;
    this.workers = settings.refresh.concurrency + WRITING;
  }

  /** @throws StoreError */
  async run({ confirm }: RoundOptions): Promise<void> {
    const beganAt = this.clock.now();
    let toldAt = beganAt;
    let done = 0;
    const tell = () => {
      toldAt = this.clock.now();
      this.journal.progress(done, toldAt - beganAt);
    };
    try {
      await inParallel(this.claimed(confirm), this.workers, async (name) => {
        await this.renew(name);
        done++;
        if (this.clock.now() - toldAt >= TELL_EVERY_MS) tell();
      });
    } finally {
      await this.renewer.letGo();
    }
    if (toldAt > beganAt) tell();
  }

  private async renew(name: TokenName): Promise<void> {
    await this.slots.begin(name);
    try {
      // A caller who could not wait for the turn has taken the claim over.
      if (this.renewer.isStopping || !this.renewer.holds(name)) return;
      await this.renewer.renew(name, { kind: 'due-or-unconfirmed' });
    } catch (error) {
      this.journal.notRenewed(name, error);
    } finally {
      this.slots.end(name);
    }
  }

  private async *claimed(confirm: boolean): AsyncGenerator<TokenName> {
    const { batchSize } = this.settings.refresh;
    yield* this.claimedOf((after) => this.dueTokens.due(after, batchSize));
    if (!confirm) return;
    yield* this.claimedOf((after) =>
      this.dueTokens.unconfirmed(this.unconfirmedMs, after, batchSize),
    );
  }

  private async *claimedOf(find: FindPage): AsyncGenerator<TokenName> {
    const pages = this.pages(find);
    const next = async () => {
      const { value: page } = await pages.next();
      return page && this.claim(page);
    };
    try {
      let batch = await next();
      while (batch) {
        // Before the workers run out of this one.
        const soon = Math.max(0, batch.length - this.workers);
        let coming: ReturnType<typeof next> | undefined;
        for (const [index, { row }] of batch.entries()) {
          if (this.renewer.isStopping) break;
          if (index === soon) coming = next();
          coming?.catch(() => undefined);
          yield row.name;
        }
        if (this.renewer.isStopping && !coming) return;
        // Also when it is wanted no more: what it claims is given back with the rest.
        batch = await (coming ?? next());
      }
    } finally {
      await pages.return(undefined);
    }
  }

  /** Each is read while the leases of the one before are taken. */
  private async *pages(
    find: FindPage,
  ): AsyncGenerator<readonly DueToken[], undefined> {
    let coming: Promise<readonly DueToken[]> | undefined = find(FIRST);
    while (coming) {
      const page: readonly DueToken[] = await coming;
      const isFull = page.length === this.settings.refresh.batchSize;
      const last = isFull ? page.at(-1) : undefined;
      coming = last && find(last);
      try {
        yield page;
      } finally {
        // R12: no statement is under way when the round has ended.
        await coming?.catch(() => undefined);
      }
    }
  }

  private async claim(page: readonly DueToken[]): Promise<ClaimedToken[]> {
    const known = await this.targets.known(page.map(({ name }) => name));
    await this.setAside(
      page.filter(({ name }) => known.has(name) && !known.get(name)),
    );
    const targets = new Map<TokenName, RenewalTarget>();
    for (const [name, target] of known)
      if (target && this.mayRenew(target)) targets.set(name, target);
    if (targets.size === 0) return [];
    const sources = new Set([...targets.values()].map(({ source }) => source));
    for (const source of sources) await source.ready();
    const { claimed, unreadable } = await this.dueTokens.claimDue(
      [...targets.keys()],
      this.unconfirmedMs,
      this.replica.id,
      this.settings.refresh.leaseMs,
    );
    for (const { name, error } of unreadable)
      this.journal.notRenewed(name, error);
    const claims = claimed.flatMap((leased) => {
      const target = targets.get(leased.row.name);
      return target ? [{ ...leased, target }] : [];
    });
    this.renewer.hold(claims);
    return claims;
  }

  /** Of accounts that are gone there may be many: what ended long ago is not gone through at every round. */
  private async setAside(strangers: readonly DueToken[]): Promise<void> {
    const over = strangers.filter(({ isLongOver }) => Number(isLongOver) === 1);
    if (over.length > 0)
      await this.dueTokens.setAside(over.map(({ name }) => name));
  }

  /** Not while this replica's own back-off lasts (R8), nor what it has fetched already and could not store (R6). */
  private mayRenew({ name, account }: RenewalTarget): boolean {
    const own = this.coolDowns.get(name, account);
    const isCooling = own !== undefined && own.until > this.clock.now();
    return !isCooling && this.pending.get(name) === undefined;
  }
}
