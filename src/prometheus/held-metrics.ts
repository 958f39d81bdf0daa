import { Counter, Gauge, type Registry } from 'prom-client';
import type { Monitored } from './monitored.js';

/** What the process holds, read at each scrape. */
export function heldMetrics(registry: Registry, source: Monitored): void {
  const registers = [registry];
  new Counter({
    name: 'wechat_token_cache_hits_total',
    help: 'Tokens served from memory.',
    registers,
    collect() {
      this.reset();
      this.inc(source.monitor?.cacheHits ?? 0);
    },
  });
  new Gauge({
    name: 'wechat_token_held_tokens',
    help: 'Tokens in memory.',
    registers,
    async collect() {
      this.set((await source.held())?.count ?? 0);
    },
  });
  new Gauge({
    name: 'wechat_token_lowest_seconds_left',
    help: 'Time until the first of all tokens in memory expires; negative afterwards; absent without a token.',
    registers,
    async collect() {
      const lowest = (await source.held())?.lowestSecondsLeft;
      this.remove();
      if (lowest !== undefined) this.set(lowest);
    },
  });
  new Gauge({
    name: 'wechat_token_seconds_left',
    help: 'Time until the token expires; negative afterwards. Only of the tokens that the process has held for the longest time.',
    labelNames: ['name'] as const,
    registers,
    async collect() {
      const { first = [] } = (await source.held()) ?? {};
      this.reset();
      for (const { name, secondsLeft } of first)
        this.set({ name }, secondsLeft);
    },
  });
  new Gauge({
    name: 'wechat_token_forced_renewals_left',
    help: 'Forced renewals that are left until midnight in China. Only of the tokens that the process has held for the longest time.',
    labelNames: ['name'] as const,
    registers,
    async collect() {
      const { first = [] } = (await source.held()) ?? {};
      this.reset();
      for (const { name, forcedLeft } of first)
        if (forcedLeft !== undefined) this.set({ name }, forcedLeft);
    },
  });
}
