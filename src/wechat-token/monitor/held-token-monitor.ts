// What does this process hold, for those who watch it?

import { setImmediate } from 'node:timers/promises';
import { Injectable, type OnModuleInit } from '@nestjs/common';
import { TokenCache } from '../cache/token-cache.js';
import { Clock } from '../common/clock.js';
import type { HeldTokens, TokenMonitor } from '../common/observer.js';
import { Observers } from '../common/observers.js';
import { type Role, WechatTokenSettings } from '../common/settings.js';
import type { TokenName } from '../common/token-name.js';
import { budgetName } from '../renewal/budgets.js';
import { FORCE_BUDGET } from '../renewal/policy/budget-limits.js';
import { sinceChinaMidnight } from '../renewal/policy/back-off.js';
import { DatabaseClock } from '../store/database-clock.js';
import { TokenEvents } from '../store/token-events.js';

/** Tokens that are looked at in one turn of the event loop. */
const TURN = 5000;
/** Spent budgets are read so often at most, however often somebody asks. */
const COUNT_EVERY_MS = 60_000;

/** A token that is shown by its name. */
interface Shown {
  readonly name: TokenName;
  readonly appId: string;
  readonly secondsLeft: number;
}

/** Answers whoever observes the module, from memory. */
@Injectable()
export class HeldTokenMonitor implements TokenMonitor, OnModuleInit {
  /** Forced renewals of today by the names that they are counted under; undefined while they are not known. */
  private spent: ReadonlyMap<string, number> | undefined;
  private countedAt = -Infinity;

  constructor(
    private readonly cache: TokenCache,
    private readonly events: TokenEvents,
    private readonly databaseClock: DatabaseClock,
    private readonly clock: Clock,
    private readonly observers: Observers,
    private readonly settings: WechatTokenSettings,
  ) {}

  get role(): Role {
    return this.settings.role;
  }

  onModuleInit(): void {
    this.observers.start(this);
  }

  get cacheHits(): number {
    return this.cache.hits;
  }

  async held(limit: number): Promise<HeldTokens> {
    const now = this.clock.now();
    const first: Shown[] = [];
    let count = 0;
    let lowest = Infinity;
    for (const [name, { appId, expiresAt }] of this.cache.held()) {
      const secondsLeft = (expiresAt - now) / 1000;
      lowest = Math.min(lowest, secondsLeft);
      if (count < limit) first.push({ name, appId, secondsLeft });
      if (++count % TURN === 0) await setImmediate();
    }
    this.countSpent(first, now);
    return {
      count,
      lowestSecondsLeft: count > 0 ? lowest : undefined,
      first: first.map(({ appId, ...token }) => {
        const forcedLeft = this.forcedLeft(token.name, appId);
        return { ...token, forcedLeft };
      }),
    };
  }

  /** R9. */
  private forcedLeft(name: TokenName, appId: string): number | undefined {
    const { spent } = this;
    if (!spent) return undefined;
    const counts = [name, budgetName(name, appId)].map((n) => spent.get(n));
    return Math.max(
      0,
      FORCE_BUDGET.perDay - Math.max(...counts.map((count) => count ?? 0)),
    );
  }

  /** In the background, by one statement: nobody who watches waits for the database. */
  private countSpent(tokens: readonly Shown[], now: number): void {
    const databaseNow = this.databaseClock.epochOf(now);
    const isFresh = now - this.countedAt < COUNT_EVERY_MS;
    if (databaseNow === undefined || isFresh || tokens.length === 0) return;
    this.countedAt = now;
    const names = new Set(
      tokens.flatMap(({ name, appId }) => [name, budgetName(name, appId)]),
    );
    this.events
      .count([...names], 'forced', sinceChinaMidnight(databaseNow))
      .then((spent) => (this.spent = spent))
      .catch(() => (this.spent = undefined));
  }
}
