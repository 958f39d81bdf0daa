import { setImmediate } from 'node:timers/promises';
import { Injectable } from '@nestjs/common';
import { TokenCache } from '../cache/token-cache.js';
import { Clock } from '../common/clock.js';
import type { TokenName } from '../common/token-name.js';
import { TokenJournal } from '../observe/token-journal.js';
import { type Change, ChangeFeed } from '../store/change-feed.js';
import { ChangedTokens } from './changed-tokens.js';
import { LostRows } from './lost-rows.js';

/** A commit that becomes visible this long after its `updated_at` is still seen by every replica. */
const LATE_COMMIT_MS = 10_000;
/** Late commits are rare, and to find them is to read the names of all that others have written in that time. */
const LATE_POLL_EVERY_MS = 5000;
/** A poll overlaps the previous one: a commit takes a moment, and so does the way to the server. */
const OVERLAP_MS = 1000;
/** After a longer absence this replica asks for its own tokens in place of all that was written. */
const ABSENCE_MS = 60_000;
/** Changes that one statement reads. */
const PAGE = 1000;
/** Where others write more than that many pages at once, this replica asks for its own tokens as well. */
const MAX_PAGES = 20;

/**
 * R13: polls for changes: what another replica has written is cached here within a second, for one indexed query a second. Each
 * statement reads a page of names, or the values of tokens that this replica keeps; in between the event loop is free.
 */
@Injectable()
export class ChangePoller {
  private polledAt: number;
  private polledForLateAt: number;
  private quietUntil = -Infinity;
  private worksExpected = 0;
  private running: Promise<void> | undefined;
  private last: 'none' | 'done' | 'failed' = 'none';

  constructor(
    private readonly feed: ChangeFeed,
    private readonly changed: ChangedTokens,
    private readonly lostRows: LostRows,
    private readonly cache: TokenCache,
    private readonly journal: TokenJournal,
    private readonly clock: Clock,
  ) {
    this.polledAt = clock.now();
    this.polledForLateAt = this.polledAt - LATE_POLL_EVERY_MS;
  }

  /** Caches everything that was written since the last poll; one poll at a time. */
  poll(): Promise<void> {
    this.running ??= this.run().finally(() => (this.running = undefined));
    return this.running;
  }

  /** By the last poll nothing is due: the cron need not ask again. */
  get isQuiet(): boolean {
    return this.clock.now() < this.quietUntil;
  }

  /** How the last poll ended, which says whether the database works. */
  get lastPoll(): 'none' | 'done' | 'failed' {
    return this.last;
  }

  /** Something may be due that the last poll has not seen. */
  expectWork(): void {
    this.worksExpected++;
    this.quietUntil = -Infinity;
  }

  /** A database that is away is logged once, not each second. */
  private async run(): Promise<void> {
    try {
      await this.pollOnce();
      this.last = 'done';
    } catch (error) {
      if (this.last !== 'failed')
        this.journal.problem('change poll failed', error);
      this.last = 'failed';
    }
  }

  private async pollOnce(): Promise<void> {
    const startedAt = this.clock.now();
    const { worksExpected } = this;
    const sinceLateMs = startedAt - this.polledForLateAt;
    const pollsForLate = sinceLateMs >= LATE_POLL_EVERY_MS;
    const wasAbsent = startedAt - this.polledAt > ABSENCE_MS;
    if (wasAbsent) await this.askForKept();
    const sinceMs = wasAbsent
      ? LATE_COMMIT_MS
      : Math.max(
          startedAt - this.polledAt + OVERLAP_MS,
          pollsForLate ? sinceLateMs + LATE_COMMIT_MS : 0,
        );
    const { changes, lost, idleMs } = await this.feed.poll(
      sinceMs,
      PAGE,
      this.lostRows.nextSlice(),
    );
    await this.changed.takeUp(changes);
    await this.readOn(changes);
    await this.lostRows.restore(lost);
    this.polledAt = startedAt;
    if (pollsForLate) this.polledForLateAt = startedAt;
    if (worksExpected === this.worksExpected)
      this.quietUntil = startedAt + idleMs;
  }

  /** Reads the pages after the first one, as far as that is less than to ask for the tokens that this replica keeps. */
  private async readOn(first: readonly Change[]): Promise<void> {
    let page = first;
    for (let pages = 1; page.length === PAGE; pages++) {
      const last = page.at(-1);
      if (!last) return;
      if (pages === MAX_PAGES) return this.askForKept();
      await setImmediate();
      page = await this.feed.after(last, PAGE);
      await this.changed.takeUp(page);
    }
  }

  /** R13: bounded by the tokens that this replica keeps, however much others have written. */
  private async askForKept(): Promise<void> {
    let names: TokenName[] = [];
    const ask = async () => {
      await this.changed.takeUp(await this.feed.of(names));
      names = [];
      await setImmediate();
    };
    for (const name of this.cache.names()) {
      names.push(name);
      if (names.length === PAGE) await ask();
    }
    if (names.length > 0) await ask();
  }
}
