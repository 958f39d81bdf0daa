import { Injectable } from '@nestjs/common';
import { Clock } from '../common/clock.js';
import { inParallel } from '../common/in-parallel.js';
import { WechatTokenSettings } from '../common/settings.js';
import type { TokenName } from '../common/token-name.js';
import { TokenJournal } from '../observe/token-journal.js';
import { Probes } from '../renewal/policy/probes.js';
import { Renewer } from '../renewal/renewer.js';
import { DueLeases } from './due-leases.js';
import { Slots } from './slots.js';

/** Renewals whose answers are being written, at most: what one statement takes, and what is collected for the next. */
const MAX_WRITES = 200;
const PROGRESS_EVERY_MS = 10_000;
/** While tokens are confirmed, this often those come first that became due meanwhile. */
const DUE_EVERY_MS = 1000;
/** A round that confirms tokens for longer is behind. */
const CONFIRM_FOR_MS = 20_000;

export interface RoundOptions {
  /** Also confirm tokens that are not due, and were not confirmed for a while (R7). */
  readonly confirm: boolean;
}

/** R14: one round of renewals. A token that takes long keeps one worker busy and no other token waiting. */
@Injectable()
export class DueRound {
  /** For the calls to the platform, of which `concurrency` are made at a time. */
  private readonly slots: Slots;
  /** Some of them call the platform, the others wait for their answers to be written. */
  private readonly workers: number;

  constructor(
    private readonly leases: DueLeases,
    private readonly probes: Probes,
    private readonly renewer: Renewer,
    private readonly journal: TokenJournal,
    private readonly clock: Clock,
    settings: WechatTokenSettings,
  ) {
    const { concurrency } = settings.refresh;
    this.slots = new Slots(concurrency);
    this.workers = concurrency + MAX_WRITES;
  }

  /** Whether tokens wait to be probed, one in each round. */
  get hasProbes(): boolean {
    return this.probes.areWaiting;
  }

  /** @throws StoreError */
  async run({ confirm }: RoundOptions): Promise<void> {
    const startedAt = this.clock.now();
    let loggedAt = startedAt;
    let done = 0;
    const logProgress = () => {
      loggedAt = this.clock.now();
      this.journal.progress(done, loggedAt - startedAt);
    };
    const names = this.withSlots(this.names(confirm));
    try {
      await inParallel(names, this.workers, async ({ name, release }) => {
        await this.renew(name, release);
        done++;
        if (this.clock.now() - loggedAt >= PROGRESS_EVERY_MS) logProgress();
      });
    } finally {
      await this.leases.release();
    }
    if (loggedAt > startedAt) logProgress();
  }

  /** @param release Called as soon as the platform has answered: a slow write holds no slot. */
  private async renew(name: TokenName, release: () => void): Promise<void> {
    try {
      const intent = { kind: 'due-or-unconfirmed' } as const;
      await this.renewer.renew(name, intent, undefined, release);
    } catch (error) {
      this.journal.notRenewed(name, error);
    } finally {
      release();
    }
  }

  /** A token leaves the queue only when there is a slot for it: until then another replica may take it. */
  private async *withSlots(
    names: AsyncGenerator<TokenName>,
  ): AsyncGenerator<{ name: TokenName; release: () => void }> {
    for (;;) {
      const release = await this.slots.acquire();
      try {
        const next = this.renewer.isStopping
          ? await names.return(undefined)
          : await names.next();
        if (next.done) return release();
        yield { name: next.value, release };
      } catch (error) {
        release();
        throw error;
      }
    }
  }

  /** What is due comes first, a probe comes last, without a lease until its turn (R8). */
  private async *names(confirm: boolean): AsyncGenerator<TokenName> {
    yield* this.leases.due();
    if (confirm) yield* this.confirmations();
    const probed = this.probes.next();
    if (probed !== undefined) yield probed;
  }

  /** What became due meanwhile comes first, again and again. */
  private async *confirmations(): AsyncGenerator<TokenName> {
    const startedAt = this.clock.now();
    let askedAt = startedAt;
    const becameDue = () => {
      const now = this.clock.now();
      if (now - askedAt < DUE_EVERY_MS) return [];
      askedAt = now;
      return this.leases.due();
    };
    for await (const names of this.leases.unconfirmed()) {
      yield* names;
      yield* becameDue();
      if (this.clock.now() - startedAt >= CONFIRM_FOR_MS) break;
    }
    if (this.clock.now() - startedAt < CONFIRM_FOR_MS) return;
    let leftOut = 0;
    for await (const count of this.leases.leaveOut()) {
      leftOut += count;
      yield* becameDue();
    }
    this.journal.confirmationsLeftOut(leftOut);
  }
}
