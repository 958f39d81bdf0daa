import { Injectable } from '@nestjs/common';
import { Clock } from '../common/clock.js';
import { WechatTokenSettings } from '../common/settings.js';
import type { TokenName } from '../common/token-name.js';
import { TokenJournal } from '../observe/token-journal.js';
import { FOREVER } from '../renewal/policy.js';
import { RenewalTargets } from '../renewal/renewal-target.js';
import { TokenStates } from '../renewal/token-states.js';
import type { TokenRow } from '../store/token-row.js';
import { TokenStore } from '../store/token-store.js';

/** A commit that becomes visible this long after its `updated_at` is still seen by every replica. */
const LATE_COMMIT_MS = 10_000;
/** Late commits are rare, and to find them is to read the names of all that others have written in that time. */
const LATE_POLL_EVERY_MS = 5000;
/** A poll overlaps the previous one: a commit takes a moment, and so does the way to the server. */
const OVERLAP_MS = 1000;

/** R13: polls for changes: what another replica has written is cached here within a second, for one indexed query a second. */
@Injectable()
export class ChangePoller {
  private polledAt: number;
  private polledForLateAt: number;
  /** The versions seen since the last poll for late commits, that poll included. */
  private seen: ReadonlyMap<TokenName, number> = new Map();
  /** Tokens whose account lookup failed: changes again at the next poll. */
  private readonly unresolved = new Set<TokenName>();
  private quietUntil = -Infinity;
  private worksExpected = 0;
  private running: Promise<void> | undefined;
  private failing = false;

  constructor(
    private readonly store: TokenStore,
    private readonly targets: RenewalTargets,
    private readonly states: TokenStates,
    private readonly journal: TokenJournal,
    private readonly clock: Clock,
    private readonly settings: WechatTokenSettings,
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

  /** Something may be due that the last poll has not seen. */
  expectWork(): void {
    this.worksExpected++;
    this.quietUntil = -Infinity;
  }

  /** A database that is away is logged once, not each second. */
  private async run(): Promise<void> {
    try {
      await this.pollOnce();
      this.failing = false;
    } catch (error) {
      if (!this.failing) this.journal.problem('change poll failed', error);
      this.failing = true;
    }
  }

  private async pollOnce(): Promise<void> {
    const startedAt = this.clock.now();
    const { worksExpected } = this;
    const sinceLateMs = startedAt - this.polledForLateAt;
    const pollsForLate = sinceLateMs >= LATE_POLL_EVERY_MS;
    const seen = new Map(pollsForLate ? [] : this.seen);
    const { changed, changedLate, idleMs } = await this.store.poll(
      {
        sinceMs: startedAt - this.polledAt + OVERLAP_MS,
        lateMs: pollsForLate ? sinceLateMs + LATE_COMMIT_MS : 0,
        unconfirmedMs: this.settings.refresh.confirmMs || FOREVER,
      },
      (name, version) => {
        seen.set(name, version);
        const isSeen = this.seen.get(name) === version;
        return !isSeen && !this.states.knows(name, version);
      },
    );
    const missed = [...changedLate, ...this.unresolved];
    await this.adopt(changed);
    if (missed.length > 0) {
      const { rows } = await this.store.readAll(missed);
      for (const name of missed) this.unresolved.delete(name);
      await this.adopt(rows);
    }
    this.seen = seen;
    this.polledAt = startedAt;
    if (pollsForLate) this.polledForLateAt = startedAt;
    if (worksExpected === this.worksExpected)
      this.quietUntil = startedAt + idleMs;
  }

  private async adopt(rows: readonly TokenRow[]): Promise<void> {
    const found = await this.targets.findAll(rows.map(({ name }) => name));
    for (const row of rows) {
      const target = found.get(row.name);
      if (target) this.states.adopt(row, target);
      if (!found.has(row.name)) this.unresolved.add(row.name);
    }
  }
}
