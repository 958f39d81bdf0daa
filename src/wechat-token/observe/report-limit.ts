import { Injectable } from '@nestjs/common';
import { Clock } from '../common/clock.js';
import { RateWindow } from '../common/rate-window.js';
import type { TokenName } from '../common/token-name.js';

const MINUTE_MS = 60_000;
/** Different things about one token that one actor may say in a minute: more than any honest client has to say. */
const MAX_VALUES = 10;
/** Pairs of token and actor. */
const MAX_REPORTERS = 1000;

/** What a caller says about a token: that WeChat rejected it, or that it is to be renewed. */
interface Report {
  readonly name: TokenName;
  readonly actor: string;
  /** The fingerprint of the rejected token, or the reason of the renewal. */
  readonly what: string;
}

/** Limits the events of reports and requests: clients may send one thousands of times, or invent values. */
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

  /** True for the first report of its kind in a minute, unless its reporter has sent too many different ones. */
  admits({ name, actor, what }: Report): boolean {
    const pair = JSON.stringify([name, actor]);
    // Reporters that share a bucket share its values too.
    const reporter = this.reporters.bucketOf(pair);
    if (this.reporters.blockedMs(reporter) > 0) return false;
    const report = JSON.stringify([reporter, what]);
    return this.reports.hit(report) && this.reporters.hit(reporter);
  }
}
