import { Injectable } from '@nestjs/common';
import { Clock } from '../common/clock.js';
import { inParallel } from '../common/in-parallel.js';
import { WechatTokenSettings } from '../common/settings.js';
import type { TokenName } from '../common/token-name.js';
import { TokenJournal } from '../observe/token-journal.js';
import type { HeldLease } from '../renewal/leases.js';
import { Renewer } from '../renewal/renewer.js';
import { Slots } from '../renewal/slots.js';
import { DueLeases } from './due-leases.js';

/** Renewals whose answers are being written, at most: what one statement takes, and what is collected for the next. */
const MAX_WRITES = 200;
const PROGRESS_EVERY_MS = 10_000;

export interface RoundOptions {
  /** Also confirm tokens that are not due, and were not confirmed for a while (R7). */
  readonly confirm: boolean;
}

/** R14: one round of renewals. A token that takes long keeps one worker busy and no other token waiting. */
@Injectable()
export class DueRound {
  /** Some of them call WeChat, the others wait for their answers to be written. */
  private readonly workers: number;

  constructor(
    private readonly leases: DueLeases,
    private readonly renewer: Renewer,
    private readonly slots: Slots,
    private readonly journal: TokenJournal,
    private readonly clock: Clock,
    settings: WechatTokenSettings,
  ) {
    this.workers = settings.refresh.concurrency + MAX_WRITES;
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
    try {
      await inParallel(this.leased(confirm), this.workers, async (name) => {
        await this.renew(name);
        done++;
        if (this.clock.now() - loggedAt >= PROGRESS_EVERY_MS) logProgress();
      });
    } finally {
      await this.leases.release();
    }
    if (loggedAt > startedAt) logProgress();
  }

  private async renew(name: TokenName): Promise<void> {
    await this.slots.acquire(name);
    try {
      // A caller who could not wait for the slot may have used the lease.
      if (this.renewer.isStopping || !this.leases.holds(name)) return;
      await this.renewer.renew(name, { kind: 'due-or-unconfirmed' });
    } catch (error) {
      this.journal.notRenewed(name, error);
    } finally {
      this.slots.release(name);
    }
  }

  private async *leased(confirm: boolean): AsyncGenerator<TokenName> {
    yield* this.names(this.leases.due());
    if (confirm) yield* this.names(this.leases.unconfirmed());
  }

  /** The next batch of leases is taken before the workers run out of the current one. */
  private async *names(
    batches: AsyncGenerator<readonly HeldLease[]>,
  ): AsyncGenerator<TokenName> {
    const next = async () => (await batches.next()).value;
    try {
      let batch = await next();
      while (batch) {
        const lead = Math.max(0, batch.length - this.workers);
        let coming: ReturnType<typeof next> | undefined;
        for (const [index, { row }] of batch.entries()) {
          if (this.renewer.isStopping) break;
          if (index === lead) coming = next();
          coming?.catch(() => undefined);
          yield row.name;
        }
        if (this.renewer.isStopping && !coming) return;
        // Also when it is not wanted any more: its leases are given back with the rest.
        batch = await (coming ?? next());
      }
    } finally {
      await batches.return(undefined);
    }
  }
}
