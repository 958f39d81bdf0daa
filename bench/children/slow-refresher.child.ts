import { monitorEventLoopDelay } from 'node:perf_hooks';
import { setTimeout as sleep } from 'node:timers/promises';
import { TokenCache } from '../../src/wechat-token/cache/token-cache.js';
import { benchAccounts } from '../harness/accounts.js';
import { serve } from '../harness/serve.js';
import { print, startApp } from './app.js';

export interface SlowRefresherInput {
  readonly databaseUrl: string;
  readonly wechatUrl: string;
  readonly count: number;
}

export interface Seen {
  /** The resident memory of the process, bytes. */
  readonly rss: number;
  /** The number of confirmations that it left out since the start. */
  readonly leftOut: number;
  /** The 99th percentile since the last call, milliseconds. */
  readonly eventLoopDelayMs: number;
}

/** The timer of the monitor; what it measures includes its interval. */
const RESOLUTION_MS = 5;
const delay = monitorEventLoopDelay({ resolution: RESOLUTION_MS });
let leftOut = 0;

serve({
  /** Starts a refresher with default settings. Resolves when all tokens are in memory. */
  start: async ({ databaseUrl, wechatUrl, count }: SlowRefresherInput) => {
    const app = await startApp({
      databaseUrl,
      options: {
        accounts: benchAccounts(count),
        api: { baseUrl: wechatUrl },
      },
      onLog: (line) => {
        const isCount = String(line).startsWith('confirmations left out');
        if (isCount) leftOut += countOf(line);
        else print(line);
      },
    });
    const memory = app.get(TokenCache);
    while (memory.ofKind('access_token').size < count) await sleep(100);
    delay.enable();
  },
  see: async (): Promise<Seen> => {
    const p99 = delay.percentile(99) / 1e6;
    delay.reset();
    return {
      rss: process.memoryUsage.rss(),
      leftOut,
      eventLoopDelayMs: Math.max(0, p99 - RESOLUTION_MS),
    };
  },
});

function countOf(line: unknown): number {
  return Number((line as { count: number }).count);
}
