import {
  type BeforeApplicationShutdown,
  Inject,
  Injectable,
  type OnApplicationBootstrap,
  Optional,
} from '@nestjs/common';
import { SchedulerRegistry } from '@nestjs/schedule';
import { CronJob } from 'cron';
import { withDeadline } from './with-deadline.js';
import { Clock } from './clock.js';
import { AdminStreams } from './http/admin-streams.js';
import { TokenJournal } from './observe/token-journal.js';
import { TokenRefresher } from './refresh/token-refresher.js';
import { TokenRenewer } from './refresh/token-renewer.js';
import { TokenSync } from './refresh/token-sync.js';
import {
  ConfigurationError,
  TokenUnavailableError,
} from './wechat-token.errors.js';
import { messages } from './wechat-token.messages.js';
import { WechatTokenSettings } from './wechat-token.settings.js';

const CRON = 'wechat-token:refresh';
const INTERVAL = 'wechat-token:sync';
/** A tick that is a whole period and this much late does not come by itself. */
const TICK_SLACK_MS = 1000;
/** Beside the longest call to WeChat: for the write of its answer. */
const STOP_MARGIN_MS = 3000;

/** The one class that starts and stops things (R12). */
@Injectable()
export class WechatTokenLifecycle
  implements OnApplicationBootstrap, BeforeApplicationShutdown
{
  private readonly scheduler: SchedulerRegistry;
  private started: Promise<void> = Promise.resolve();
  private ticking: Promise<void> = Promise.resolve();
  private pulling: Promise<void> = Promise.resolve();
  private tickBy = Infinity;

  constructor(
    private readonly refresher: TokenRefresher,
    private readonly renewer: TokenRenewer,
    private readonly sync: TokenSync,
    private readonly journal: TokenJournal,
    private readonly streams: AdminStreams,
    private readonly clock: Clock,
    private readonly settings: WechatTokenSettings,
    @Optional() @Inject(SchedulerRegistry) scheduler?: SchedulerRegistry,
  ) {
    if (!scheduler)
      throw new ConfigurationError([
        { field: 'imports', problem: messages.scheduleModuleMissing() },
      ]);
    this.scheduler = scheduler;
  }

  /** Not awaited: the app listens while the first token is on its way, and a WeChat that is down does not keep it from starting. */
  onApplicationBootstrap(): void {
    const { syncIntervalMs } = this.settings.refresh;
    this.started = this.refresher
      .start()
      .catch((error: unknown) => this.journal.problem('start failed', error));
    const cron =
      this.settings.role === 'refresher' ? this.startCron() : undefined;
    const interval = setInterval(() => {
      this.pulling = this.sync.pull();
      if (cron?.isActive && this.clock.now() > this.tickBy) this.tick(cron);
    }, syncIntervalMs);
    this.scheduler.addInterval(INTERVAL, interval);
  }

  private startCron(): CronJob {
    const cron: CronJob = CronJob.from({
      name: CRON,
      cronTime: this.settings.refresh.cron,
      onTick: () => this.tick(cron),
    });
    this.scheduler.addCronJob(CRON, cron);
    cron.start();
    this.expectTick(cron);
    return cron;
  }

  private tick(cron: CronJob): void {
    this.expectTick(cron);
    this.ticking = this.refresher.tick();
  }

  /** R3: the cron library goes by the wall clock; one that is set back again and again would keep it silent. */
  private expectTick(cron: CronJob): void {
    const period = cron.cronTime.getTimeout();
    this.tickBy = this.clock.now() + 2 * period + TICK_SLACK_MS;
  }

  /** Before the database is closed, which TypeORM does in `onApplicationShutdown`. */
  async beforeApplicationShutdown(): Promise<void> {
    this.streams.end();
    if (this.scheduler.doesExist('cron', CRON))
      this.scheduler.deleteCronJob(CRON);
    if (this.scheduler.doesExist('interval', INTERVAL))
      this.scheduler.deleteInterval(INTERVAL);
    const timeoutMs = this.settings.api.timeoutMs + STOP_MARGIN_MS;
    await withDeadline(this.finish(), this.clock, {
      timeoutMs,
      timedOut: () =>
        new TokenUnavailableError(messages.stopTimedOut(timeoutMs)),
    }).catch((error: unknown) => this.journal.problem('stop failed', error));
  }

  /** What is under way ends: calls, writes, reads and events. */
  private async finish(): Promise<void> {
    try {
      await this.renewer.stop();
    } finally {
      await Promise.all([this.started, this.ticking, this.pulling]);
      await this.journal.settled();
    }
  }
}
