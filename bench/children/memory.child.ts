import { setTimeout as sleep } from 'node:timers/promises';
import { benchAccounts } from '../harness/accounts.js';
import { openEngine } from '../harness/engine.js';
import { serve } from '../harness/serve.js';

export interface MemoryInput {
  /** A database with a token for each account. */
  readonly databaseUrl: string;
  readonly wechatUrl: string;
  readonly count: number;
}

/** Heap growth in bytes, from before the accounts were created. */
export interface HeapSteps {
  /** After creating the list of accounts that the app passes to the module. */
  readonly list: number;
  /** After starting the module, which keeps a validated copy of the list. */
  readonly module: number;
  /** After loading all tokens into memory. */
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
    // Keeps the tokens reachable until here.
    await engine.tokens.getAccessToken(accounts.at(-1)?.name);
    return { list, module, tokens } satisfies HeapSteps;
  },
});

/** The heap in use after garbage collection, repeated since recent objects may stay reachable for a moment. */
async function heapUsed(): Promise<number> {
  if (!globalThis.gc) throw new Error('start it with --expose-gc');
  for (let round = 0; round < 5; round++) {
    await sleep(100);
    globalThis.gc();
  }
  return process.memoryUsage().heapUsed;
}
