import { setTimeout as sleep } from 'node:timers/promises';
import { benchAccounts } from '../harness/accounts.js';
import { serve } from '../harness/serve.js';
import { startApp } from './app.js';

export interface RefresherInput {
  readonly databaseUrl: string;
  readonly wechatUrl: string;
  /** Accounts. */
  readonly count: number;
  readonly concurrency: number;
}

export interface Spent {
  /** Of the processor, since the start. */
  readonly cpuMs: number;
  /** The most memory that the process has had, bytes. */
  readonly highestRss: number;
  /** Of those, what it had before there were accounts. */
  readonly rssBefore: number;
  /** Lines about the progress of a round in its log. */
  readonly progressLines: number;
}

const REST_MS = 200;
let rssBefore = 0;
let progressLines = 0;

serve({
  /** Until it has scanned all accounts and is idle. */
  start: async (input: RefresherInput) => {
    const { databaseUrl, wechatUrl, count, concurrency } = input;
    rssBefore = process.memoryUsage.rss();
    await startApp({
      databaseUrl,
      options: {
        accounts: benchAccounts(count),
        api: { baseUrl: wechatUrl },
        // Each second, so that what is due is not waited for.
        refresh: { concurrency, cron: '* * * * * *' },
      },
      onLog: (message) => {
        if (message === 'tokens renewed so far') progressLines++;
      },
    });
    await rest();
  },
  spent: async (): Promise<Spent> => {
    const cpuMs = cpuMsNow();
    const highestRss = process.resourceUsage().maxRSS * 1024;
    return { cpuMs, highestRss, rssBefore, progressLines };
  },
});

/** Seen by what it takes of the processor. */
async function rest(): Promise<void> {
  for (;;) {
    const before = cpuMsNow();
    await sleep(REST_MS);
    if (cpuMsNow() - before < REST_MS / 10) return;
  }
}

function cpuMsNow(): number {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}
