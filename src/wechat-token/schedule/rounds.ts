import { Injectable } from '@nestjs/common';
import { Clock } from '../common/clock.js';
import { TokenJournal } from '../observe/token-journal.js';
import { PendingWrites } from '../renewal/pending-writes.js';
import { Renewer } from '../renewal/renewer.js';
import { ChangePoller } from './change-poller.js';
import { DueRound, type RoundOptions } from './due-round.js';

const PURGE_EVERY_MS = 3600 * 1000;

/** Rounds of renewals, one at a time: a round that takes long is not overtaken by the next. */
@Injectable()
export class Rounds {
  private purgedAt = -Infinity;
  private running: Promise<void> | undefined;

  constructor(
    private readonly due: DueRound,
    private readonly pending: PendingWrites,
    private readonly poller: ChangePoller,
    private readonly renewer: Renewer,
    private readonly journal: TokenJournal,
    private readonly clock: Clock,
  ) {}

  /** Whether tokens wait to be probed, one in each round. */
  get hasProbes(): boolean {
    return this.due.hasProbes;
  }

  /** At each tick of the cron: renews what is due, and confirms what was not confirmed for a while. */
  tick(): Promise<void> {
    return this.round({ confirm: true });
  }

  /** A round that begins now: one in flight may have missed a token that was added since it began. */
  async begin(): Promise<void> {
    this.poller.expectWork();
    await this.running;
    await this.round({ confirm: false });
  }

  private round(options: RoundOptions): Promise<void> {
    this.running ??= this.run(options).finally(
      () => (this.running = undefined),
    );
    return this.running;
  }

  private async run(options: RoundOptions): Promise<void> {
    try {
      // R14: a token that cannot be written is no reason to let the others expire.
      await this.pending
        .saveAll()
        .catch((error: unknown) =>
          this.journal.problem('pending token write failed', error),
        );
      if (!this.poller.isQuiet || this.hasProbes) await this.due.run(options);
      else this.journal.observe('due', { count: 0, oldestMs: 0 });
      await this.journal.saveCounts();
      if (!this.renewer.isStopping) await this.purge();
    } catch (error) {
      this.journal.problem('scheduled renewal failed', error);
    }
  }

  /** Old events, once an hour: a part of them in each round until none is left. */
  private async purge(): Promise<void> {
    if (this.clock.now() - this.purgedAt < PURGE_EVERY_MS) return;
    const hasMore = await this.journal.purge();
    if (!hasMore) this.purgedAt = this.clock.now();
  }
}
