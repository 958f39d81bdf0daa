import { setTimeout as sleep } from 'node:timers/promises';
import { benchAccounts } from '../harness/accounts.js';
import { openEngine } from '../harness/engine.js';
import { serve } from '../harness/serve.js';

export interface MemoryInput {
  /** Holds a token for each account. */
  readonly databaseUrl: string;
  readonly wechatUrl: string;
  readonly count: number;
}

/** Bytes on the heap, from before there were accounts. */
export interface HeapSteps {
  /** With the list of accounts that the app gives the module. */
  readonly list: number;
  /** With the module, which keeps a checked copy of the list. */
  readonly module: number;
  /** With all tokens in its memory. */
  readonly tokens: number;
}

serve({
  measure: async ({ databaseUrl, wechatUrl, count }: MemoryInput) => {
    const before = await heapUsed();
    const accounts = benchAccounts(count);
    const list = (await heapUsed()) - before;
    const engine = await openEngine({ databaseUrl, wechatUrl, accounts });
    const module = (await heapUsed()) - before;
    await engine.start();
    while (engine.memory.ofKind('access_token').size < count) await sleep(100);
    const tokens = (await heapUsed()) - before;
    // The tokens are there to the end.
    await engine.tokens.getAccessToken(accounts.at(-1)?.name);
    return { list, module, tokens } satisfies HeapSteps;
  },
});

/** After what can be collected was collected; what has just been done may still be held for a moment. */
async function heapUsed(): Promise<number> {
  if (!globalThis.gc) throw new Error('start it with --expose-gc');
  for (let round = 0; round < 5; round++) {
    await sleep(100);
    globalThis.gc();
  }
  return process.memoryUsage().heapUsed;
}
