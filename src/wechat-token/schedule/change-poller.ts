import { Injectable } from '@nestjs/common';
import { Clock } from '../common/clock.js';
import { TokenJournal } from '../observe/token-journal.js';
import { TokenCache } from '../cache/token-cache.js';
import type { TokenRow } from '../store/token-row.js';
import { TokenStore } from '../store/token-store.js';
import type { TokenName } from '../common/token-name.js';
import { WechatTokenSettings } from '../common/settings.js';
import { FOREVER } from '../renewal/policy.js';
import { RenewalTargets } from '../renewal/renewal-target.js';
import { TokenStates } from '../renewal/token-states.js';

/** A commit may become visible this long after its `updated_at` and is still seen by every replica. */
const LATE_COMMIT_MS = 10_000;
/** Those are rare, and to look for them is to go through all that others have written in that time. */
const LOOK_FOR_LATE_EVERY_MS = 5000;

/** A look goes back so far behind the one before: a commit takes a moment, and so does the way to the server. */
const OVERLAP_MS = 1000;

/** R13: what another replica has written is in this one's memory within a second, for one indexed query a second. */
@Injectable()
export class ChangePoller {
  private syncedAt: number;
  private lookedForLateAt: number;
  /** What was seen since the last look for late commits, that one included, news or not. */
  private seen: ReadonlyMap<TokenName, number> = new Map();
  /** Whose account could not be looked up: news again the next time. */
  private readonly unresolved = new Set<TokenName>();
  private quietUntil = -Infinity;
  private worksExpected = 0;
  private running: Promise<void> | undefined;
  private failing = false;

  constructor(
    private readonly store: TokenStore,
    private readonly cache: TokenCache,
    private readonly targets: RenewalTargets,
    private readonly states: TokenStates,
    private readonly journal: TokenJournal,
    private readonly clock: Clock,
    private readonly settings: WechatTokenSettings,
  ) {
    this.syncedAt = clock.now();
    this.lookedForLateAt = -LOOK_FOR_LATE_EVERY_MS + this.syncedAt;
  }

  /** Takes over everything that was written since the last time; one at a time. */
  pull(): Promise<void> {
    this.running ??= this.look().finally(() => (this.running = undefined));
    return this.running;
  }

  /** By the last look nothing is due: the cron need not ask again. */
  get isQuiet(): boolean {
    return this.clock.now() < this.quietUntil;
  }

  /** Something may be due that the last look has not seen. */
  expectWork(): void {
    this.worksExpected++;
    this.quietUntil = -Infinity;
  }

  /** Says once, not each second, that the database is away. */
  private async look(): Promise<void> {
    try {
      const startedAt = this.clock.now();
      const { worksExpected } = this;
      const sinceLate = startedAt - this.lookedForLateAt;
      const looksForLate = sinceLate >= LOOK_FOR_LATE_EVERY_MS;
      const seen = new Map(looksForLate ? [] : this.seen);
      const { news, late, quietMs } = await this.store.look(
        {
          sinceMs: startedAt - this.syncedAt + OVERLAP_MS,
          lateMs: looksForLate ? sinceLate + LATE_COMMIT_MS : 0,
          unconfirmedMs: this.settings.refresh.confirmMs || FOREVER,
        },
        (name, version) => {
          seen.set(name, version);
          return (
            this.seen.get(name) !== version && !this.cache.knows(name, version)
          );
        },
      );
      const missed = [...late, ...this.unresolved];
      await this.adopt(news);
      if (missed.length > 0) {
        const { rows } = await this.store.readAll(missed);
        for (const name of missed) this.unresolved.delete(name);
        await this.adopt(rows);
      }
      this.seen = seen;
      this.syncedAt = startedAt;
      if (looksForLate) this.lookedForLateAt = startedAt;
      if (worksExpected === this.worksExpected)
        this.quietUntil = startedAt + quietMs;
      this.failing = false;
    } catch (error) {
      if (!this.failing) this.journal.problem('news not read', error);
      this.failing = true;
    }
  }

  private async adopt(rows: readonly TokenRow[]): Promise<void> {
    const known = await this.targets.known(rows.map(({ name }) => name));
    for (const row of rows) {
      const target = known.get(row.name);
      if (target) this.states.adopt(row, target);
      if (!known.has(row.name)) this.unresolved.add(row.name);
    }
  }
}
