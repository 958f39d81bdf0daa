import { Inject, Injectable, Optional } from '@nestjs/common';
import { SchedulerRegistry } from '@nestjs/schedule';
import { CronJob } from 'cron';
import { Clock } from '../common/clock.js';
import { ConfigurationError } from '../common/errors.js';
import { messages } from '../common/messages.js';
import { WechatTokenSettings } from '../common/settings.js';
import { AccountCheck } from './account-check.js';
import { ChangePoller } from './change-poller.js';
import { Rounds } from './rounds.js';

const CRON = 'wechat-token:refresh';
const INTERVAL = 'wechat-token:sync';
/** A tick that is a whole period and this much late does not come by itself. */
const TICK_SLACK_MS = 1000;

/** Runs the rounds, the change poll and the account check at their times. */
@Injectable()
export class RenewalSchedule {
  private readonly scheduler: SchedulerRegistry;
  private checking: Promise<void> = Promise.resolve();
  private checkAt = Infinity;
  private ticking: Promise<void> = Promise.resolve();
  private polling: Promise<void> = Promise.resolve();
  private tickBy = Infinity;

  /** @throws ConfigurationError when the app lacks `ScheduleModule.forRoot()`. */
  constructor(
    private readonly rounds: Rounds,
    private readonly poller: ChangePoller,
    private readonly accounts: AccountCheck,
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

  start(): void {
    this.checkAccounts();
    const { role, refresh } = this.settings;
    const cron = role === 'refresher' ? this.startCron() : undefined;
    const interval = setInterval(() => {
      this.polling = this.poller.poll();
      if (this.clock.now() >= this.checkAt) this.checkAccounts();
      const isLate = this.clock.now() > this.tickBy;
      if (cron?.isActive && (isLate || this.rounds.hasProbes)) this.tick(cron);
    }, refresh.syncIntervalMs);
    this.scheduler.addInterval(INTERVAL, interval);
  }

  /** Nothing begins any more. Resolves when what has begun has ended. */
  async stop(): Promise<void> {
    if (this.scheduler.doesExist('cron', CRON))
      this.scheduler.deleteCronJob(CRON);
    if (this.scheduler.doesExist('interval', INTERVAL))
      this.scheduler.deleteInterval(INTERVAL);
    await Promise.all([this.checking, this.ticking, this.polling]);
  }

  private checkAccounts(): void {
    this.checkAt = Infinity;
    this.checking = this.accounts.run().then((ms) => {
      this.checkAt = this.clock.now() + ms;
    });
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
    this.ticking = this.rounds.tick();
  }

  /** R3: the cron library uses the wall clock, and a wall clock that is set back again and again would keep it silent. */
  private expectTick(cron: CronJob): void {
    const period = cron.cronTime.getTimeout();
    this.tickBy = this.clock.now() + 2 * period + TICK_SLACK_MS;
  }
}
