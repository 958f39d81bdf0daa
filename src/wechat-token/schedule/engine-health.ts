import { Injectable } from '@nestjs/common';
import { Clock } from '../common/clock.js';
import { WechatTokenSettings } from '../common/settings.js';
import { RenewalTargets } from '../renewal/policy/renewal-target.js';
import { AccountCheck } from './account-check.js';
import { ChangePoller } from './change-poller.js';
import {
  type HealthReason,
  TokenHealth,
  type TokenHealthCounts,
} from './token-health.js';

/** An app that can do without the database (R11) is ready after this time without it. */
const WITHOUT_DATABASE_MS = 15_000;

/**
 * `starting`: the database was not reached yet, or the accounts were not read. `ok`. `degraded`: requests are served, some of them
 * perhaps with an error; another process would serve them no better. `stopping`: no new requests, please.
 */
export type HealthStatus = 'starting' | 'ok' | 'degraded' | 'stopping';

export interface HealthReport {
  readonly status: HealthStatus;
  /** Whether requests should be sent here: true when the status is `ok` or `degraded`. */
  readonly isReady: boolean;
  /** None when the status is `ok`. */
  readonly reasons: readonly HealthReason[];
  readonly tokens: TokenHealthCounts;
}

/** How this process is, by what it knows already: a report costs no statement and no call, however often it is asked for. */
@Injectable()
export class EngineHealth {
  private readonly startedAt: number;
  private isStopping = false;
  private needsDatabase: Promise<boolean> | undefined;

  constructor(
    private readonly tokens: TokenHealth,
    private readonly poller: ChangePoller,
    private readonly accounts: AccountCheck,
    private readonly targets: RenewalTargets,
    private readonly clock: Clock,
    private readonly settings: WechatTokenSettings,
  ) {
    this.startedAt = clock.now();
  }

  async report(): Promise<HealthReport> {
    const { counts, reasons } = this.tokens.current();
    if (this.isStopping)
      return report('stopping', [{ reason: 'stopping' }], counts);
    const start = this.startReasons();
    if (start.length > 0 && !(await this.servesWithoutDatabase()))
      return report('starting', start, counts);
    const all = [...start, ...this.workReasons(), ...reasons];
    return report(all.length > 0 ? 'degraded' : 'ok', all, counts);
  }

  /** From now on the status is `stopping`. The module calls it when it stops; an app may call it before, while it drains. */
  stop(): void {
    this.isStopping = true;
  }

  private startReasons(): HealthReason[] {
    if (this.accounts.hasRead) return [];
    const isReached = this.poller.lastPoll === 'done';
    return [
      { reason: isReached ? 'accounts-not-read' : 'database-not-reached' },
    ];
  }

  private workReasons(): HealthReason[] {
    if (!this.accounts.hasRead) return [];
    const reasons: HealthReason[] = [];
    if (this.poller.lastPoll === 'failed')
      reasons.push({ reason: 'database-failing' });
    if (this.accounts.isFailing) reasons.push({ reason: 'accounts-failing' });
    return reasons;
  }

  /** R11: the accounts are known, and the tokens of all of them may be fetched without a lease. */
  private async servesWithoutDatabase(): Promise<boolean> {
    if (this.poller.lastPoll === 'done') return false;
    if (this.clock.now() - this.startedAt < WITHOUT_DATABASE_MS) return false;
    this.needsDatabase ??= this.findWhetherDatabaseIsNeeded();
    return !(await this.needsDatabase);
  }

  private async findWhetherDatabaseIsNeeded(): Promise<boolean> {
    const { targets, settings } = this;
    if (settings.role === 'reader' || targets.canChange) return true;
    for await (const { source } of targets.all(() => undefined))
      if (!source.mayCallInParallel) return true;
    return false;
  }
}

function report(
  status: HealthStatus,
  reasons: readonly HealthReason[],
  tokens: TokenHealthCounts,
): HealthReport {
  const isReady = status === 'ok' || status === 'degraded';
  return { status, isReady, reasons, tokens };
}
