import { Injectable } from '@nestjs/common';
import { Clock } from '../common/clock.js';
import { RateWindow } from '../common/rate-window.js';
import type { TokenName } from '../common/token-name.js';

const MINUTE_MS = 60_000;
/** Different values of one token that one actor may report in a minute: more than any honest client has. */
const MAX_VALUES = 10;
/** Pairs of token and actor. */
const MAX_REPORTERS = 1000;

/** A caller's statement that WeChat rejected a token. */
export interface Report {
  readonly name: TokenName;
  readonly actor: string;
  /** The rejected token's. */
  readonly fingerprint: string;
}

/** Limits the events of reports: clients may send one report thousands of times, or invent values. */
@Injectable()
export class ReportLimit {
  private readonly reporters: RateWindow;
  private readonly reports: RateWindow;

  constructor(clock: Clock) {
    this.reporters = new RateWindow(clock, {
      limit: MAX_VALUES,
      windowMs: MINUTE_MS,
      maxKeys: MAX_REPORTERS,
      whenFull: 'share',
    });
    this.reports = new RateWindow(clock, {
      limit: 1,
      windowMs: MINUTE_MS,
      maxKeys: MAX_REPORTERS * MAX_VALUES,
      whenFull: 'share',
    });
  }

  /** True for the first report of a value in a minute, unless its reporter has reported too many values. */
  admits({ name, actor, fingerprint }: Report): boolean {
    const pair = JSON.stringify([name, actor]);
    // Reporters that share a bucket share its values too.
    const reporter = this.reporters.bucketOf(pair);
    if (this.reporters.blockedMs(reporter) > 0) return false;
    const report = JSON.stringify([reporter, fingerprint]);
    return this.reports.hit(report) && this.reporters.hit(reporter);
  }
}
