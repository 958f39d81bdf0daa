import { Injectable } from '@nestjs/common';
import { Clock } from '../common/clock.js';
import type { TokenName } from '../common/token-name.js';

const MINUTE_MS = 60_000;
/** Different values of one token that one actor may report: more than any honest client has. */
const MOST_VALUES = 10;
const MOST_REPORTERS = 1000;

/** That somebody was refused a token. */
export interface Report {
  readonly name: TokenName;
  readonly actor: string;
  /** Of the refused one. */
  readonly fingerprint: string;
}

/** Which reports are worth an event: clients may repeat one thousands of times, or invent values. */
@Injectable()
export class ReportLimit {
  private since = -Infinity;
  /** By token and actor: the fingerprints that he has reported within this minute. */
  private readonly reported = new Map<string, Set<string>>();

  constructor(private readonly clock: Clock) {}

  /** True for the first of its kind in a minute, as long as there are not too many kinds. */
  admits({ name, actor, fingerprint }: Report): boolean {
    const now = this.clock.now();
    if (now - this.since >= MINUTE_MS) {
      this.reported.clear();
      this.since = now;
    }
    const reporter = JSON.stringify([name, actor]);
    const values = this.reported.get(reporter) ?? new Set();
    const isFull = values.size >= MOST_VALUES;
    const isOneTooMany =
      values.size === 0 && this.reported.size >= MOST_REPORTERS;
    if (values.has(fingerprint) || isFull || isOneTooMany) return false;
    this.reported.set(reporter, values.add(fingerprint));
    return true;
  }
}
