import {
  type BeforeApplicationShutdown,
  Injectable,
  type OnApplicationBootstrap,
  type OnApplicationShutdown,
} from '@nestjs/common';
import { Clock } from './common/clock.js';
import { withDeadline } from './common/deadline.js';
import { TokenUnavailableError } from './common/errors.js';
import { messages } from './common/messages.js';
import { WechatTokenSettings } from './common/settings.js';
import { shutdownLimit } from './common/timing.js';
import { AdminStreams } from './http/admin/admin-streams.js';
import { TokenJournal } from './observe/token-journal.js';
import { BoundedRenewal } from './access/bounded-renewal.js';
import { PendingWrites } from './renewal/pending-writes.js';
import { Renewer } from './renewal/renewer.js';
import { EngineHealth } from './schedule/engine-health.js';
import { RenewalSchedule } from './schedule/renewal-schedule.js';
import { requireSchema } from './store/migrations/schema-check.js';
import { SqlRunner } from './store/sql-runner.js';

/** The one class that starts and stops the subsystems (R12). */
@Injectable()
export class WechatTokenLifecycle
  implements
    OnApplicationBootstrap,
    BeforeApplicationShutdown,
    OnApplicationShutdown
{
  constructor(
    private readonly schedule: RenewalSchedule,
    private readonly renewer: Renewer,
    private readonly renewals: BoundedRenewal,
    private readonly pending: PendingWrites,
    private readonly journal: TokenJournal,
    private readonly streams: AdminStreams,
    private readonly health: EngineHealth,
    private readonly sql: SqlRunner,
    private readonly clock: Clock,
    private readonly settings: WechatTokenSettings,
  ) {}

  /** The first token is not awaited: the app listens while it is fetched, and starts also while WeChat is down. */
  async onApplicationBootstrap(): Promise<void> {
    await requireSchema(this.sql, this.settings.role);
    this.schedule.start();
  }

  /** Before the database is closed, which TypeORM does in `onApplicationShutdown`. */
  async beforeApplicationShutdown(): Promise<void> {
    this.health.stop();
    this.streams.stop();
    const scheduled = this.schedule.stop();
    // Awaited at the end.
    scheduled.catch(() => undefined);
    const timeoutMs = shutdownLimit(this.settings.api.timeoutMs);
    await withDeadline(this.finish(scheduled), this.clock, {
      timeoutMs,
      timedOut: () =>
        new TokenUnavailableError(messages.stopTimedOut(timeoutMs)),
    }).catch((error: unknown) =>
      this.journal.problem('shutdown failed', error),
    );
  }

  /** No request is being answered any more. */
  async onApplicationShutdown(): Promise<void> {
    await this.sql.close();
  }

  /** Calls, writes, polls and events in flight end. */
  private async finish(scheduled: Promise<void>): Promise<void> {
    try {
      await this.renewer.stop();
      await this.renewals.stop();
      await this.pending.stop();
    } finally {
      await scheduled;
      await this.journal.settled();
    }
  }
}
