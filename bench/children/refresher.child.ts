import { setTimeout as sleep } from 'node:timers/promises';
import { benchAccounts } from '../harness/accounts.js';
import { serve } from '../harness/serve.js';
import { startApp } from './app.js';

export interface RefresherInput {
  readonly databaseUrl: string;
  readonly wechatUrl: string;
  /** The number of accounts. */
  readonly count: number;
  readonly concurrency: number;
}

export interface Spent {
  /** CPU time since the start. */
  readonly cpuMs: number;
  /** The peak resident memory of the process, bytes. */
  readonly highestRss: number;
  /** The resident memory before the accounts were created, bytes. */
  readonly rssBefore: number;
  /** The number of log lines about the progress of a round. */
  readonly progressLines: number;
}

const IDLE_MS = 200;
let rssBefore = 0;
let progressLines = 0;

serve({
  /** Resolves when the account scan has finished and the process is idle. */
  start: async (input: RefresherInput) => {
    const { databaseUrl, wechatUrl, count, concurrency } = input;
    rssBefore = process.memoryUsage.rss();
    await startApp({
      databaseUrl,
      options: {
        accounts: benchAccounts(count),
        api: { baseUrl: wechatUrl },
        // Each second, so that due tokens do not wait for the cron.
        refresh: { concurrency, cron: '* * * * * *' },
      },
      onLog: (line) => {
        if (String(line).startsWith('renewal progress')) progressLines++;
      },
    });
    await idle();
  },
  spent: async (): Promise<Spent> => {
    const cpuMs = cpuMsNow();
    const highestRss = process.resourceUsage().maxRSS * 1024;
    return { cpuMs, highestRss, rssBefore, progressLines };
  },
});

/** Resolves when the process is idle, judged by its CPU time. */
async function idle(): Promise<void> {
  for (;;) {
    const before = cpuMsNow();
    await sleep(IDLE_MS);
    if (cpuMsNow() - before < IDLE_MS / 10) return;
  }
}

function cpuMsNow(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}
