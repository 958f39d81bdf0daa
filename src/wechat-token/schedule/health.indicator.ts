import { Injectable } from '@nestjs/common';
import { ConfigurationError } from '../common/errors.js';
import {
  EngineHealth,
  type HealthReport,
  type HealthStatus,
} from './engine-health.js';
import { healthMessages as messages } from './health.messages.js';
import type { HealthReason } from './token-health.js';

/** From when on the app calls the tokens `down`. Default: never, while requests are served at all. */
export interface HealthThresholds {
  /** The largest share of tokens, 0 to 1, whose last renewal by this process may have failed. */
  readonly maxFailingShare?: number | undefined;
  /** The largest number of tokens that may have expired or be missing. */
  readonly maxExpired?: number | undefined;
}

/** What @nestjs/terminus calls a HealthIndicatorResult. */
export type WechatTokenHealth<Key extends string> = Record<
  Key,
  {
    readonly status: 'up' | 'down';
    readonly state: HealthStatus;
    readonly reasons: readonly HealthReason[];
  }
>;

/**
 * For @nestjs/terminus 11 and 12: `health.check([() => indicator.isHealthy('wechat-tokens')])`. It needs no part of terminus, so an
 * app without it installs nothing.
 */
@Injectable()
export class WechatTokenHealthIndicator {
  constructor(private readonly health: EngineHealth) {}

  /**
   * `down` while the module starts or stops, and beyond the thresholds; `up` otherwise, also when it is degraded.
   * @throws ConfigurationError for thresholds that cannot be meant.
   */
  async isHealthy<Key extends string>(
    key: Key,
    thresholds: HealthThresholds = {},
  ): Promise<WechatTokenHealth<Key>> {
    requireThresholds(thresholds);
    const report = await this.health.report();
    const isUp = report.isReady && isWithin(thresholds, report);
    const { status: state, reasons } = report;
    const result = { status: isUp ? 'up' : 'down', state, reasons } as const;
    return { [key]: result } as WechatTokenHealth<Key>;
  }
}

function isWithin(
  { maxFailingShare = 1, maxExpired = Infinity }: HealthThresholds,
  { tokens }: HealthReport,
): boolean {
  const { total, failing, expired, missing } = tokens;
  return failing <= maxFailingShare * total && expired + missing <= maxExpired;
}

function requireThresholds(thresholds: HealthThresholds): void {
  const { maxFailingShare = 1, maxExpired = 0 } = thresholds;
  const faults = [];
  if (!(maxFailingShare >= 0 && maxFailingShare <= 1))
    faults.push({ field: 'maxFailingShare', problem: messages.badShare() });
  if (!(maxExpired >= 0))
    faults.push({ field: 'maxExpired', problem: messages.badCount() });
  if (faults.length > 0)
    throw new ConfigurationError(faults, messages.badThresholds(faults));
}
