import {
  type BeforeApplicationShutdown,
  Inject,
  Injectable,
  type OnApplicationBootstrap,
  Optional,
} from '@nestjs/common';
import { SchedulerRegistry } from '@nestjs/schedule';
import { CronJob } from 'cron';
import { withDeadline } from './common/deadline.js';
import { Accounts } from './accounts/accounts.js';
import { Clock } from './common/clock.js';
import { AdminStreams } from './http/admin/admin-streams.js';
import { TokenJournal } from './observe/token-journal.js';
import { TokenRefresher } from './schedule/token-refresher.js';
import { Renewer } from './renewal/renewer.js';
import { TokenWaiter } from './access/token-waiter.js';
import { ChangePoller } from './schedule/change-poller.js';
import { PendingWrites } from './renewal/pending-writes.js';
import { ConfigurationError, TokenUnavailableError } from './common/errors.js';
import { messages } from './common/messages.js';
import { WechatTokenSettings } from './common/settings.js';

const CRON = 'wechat-token:refresh';
const INTERVAL = 'wechat-token:sync';
/** A tick that is a whole period and this much late does not come by itself. */
const TICK_SLACK_MS = 1000;
/** An account that the app adds or removes while it runs is noticed so soon, also when nobody asks for its token. */
const WALK_EVERY_MS = 60_000;
const WALK_RETRY_MS = 5000;
/** Beside the longest call to WeChat: for the write of its answer. */
const STOP_MARGIN_MS = 3000;

/** The one class that starts and stops things (R12). */
@Injectable()
export class WechatTokenLifecycle
  implements OnApplicationBootstrap, BeforeApplicationShutdown
{
  private readonly scheduler: SchedulerRegistry;
  private walking: Promise<void> = Promise.resolve();
  private walkAt = Infinity;
  private ticking: Promise<void> = Promise.resolve();
  private pulling: Promise<void> = Promise.resolve();
  private tickBy = Infinity;

  constructor(
    private readonly refresher: TokenRefresher,
    private readonly renewer: Renewer,
    private readonly waiter: TokenWaiter,
    private readonly pending: PendingWrites,
    private readonly accounts: Accounts,
    private readonly sync: ChangePoller,
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
    this.walk();
    const cron =
      this.settings.role === 'refresher' ? this.startCron() : undefined;
    const interval = setInterval(() => {
      this.pulling = this.sync.pull();
      if (this.clock.now() >= this.walkAt) this.walk();
      if (cron?.isActive && this.clock.now() > this.tickBy) this.tick(cron);
    }, syncIntervalMs);
    this.scheduler.addInterval(INTERVAL, interval);
  }

  /** Until it has succeeded once; where accounts come and go, again and again. */
  private walk(): void {
    this.walkAt = Infinity;
    this.walking = this.refresher.scanAccounts().then(
      () =>
        this.walkAgainAfter(this.accounts.canChange ? WALK_EVERY_MS : Infinity),
      (error: unknown) => {
        this.journal.problem('accounts not looked through', error);
        this.walkAgainAfter(WALK_RETRY_MS);
      },
    );
  }

  private walkAgainAfter(ms: number): void {
    this.walkAt = this.clock.now() + ms;
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
      await this.waiter.settled();
      await this.pending.saveAll();
    } finally {
      await Promise.all([this.walking, this.ticking, this.pulling]);
      await this.journal.settled();
    }
  }
}
