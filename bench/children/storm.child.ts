import type {
  Contestant,
  ContestantOptions,
} from '../contestants/contestant.js';
import { type ContestantName, CONTESTANTS } from '../contestants/index.js';
import { serve } from '../harness/serve.js';

/** The number of callers that got each token, and of those that got each error, by its message. */
export interface StormOutcome {
  readonly tokens: Record<string, number>;
  readonly errors: Record<string, number>;
}

let contestant: Contestant;

serve({
  prepare: async (input: {
    name: ContestantName;
    options: ContestantOptions;
  }) => {
    contestant = await CONTESTANTS[input.name](input.options);
  },
  /** All callers request a token at once, during the start. */
  readCold: async (callers: number): Promise<StormOutcome> => {
    const starting = contestant.start();
    const outcome = await inParallel(callers, contestant.getToken);
    await starting;
    return outcome;
  },
  start: async () => {
    await contestant.start();
    await contestant.call();
  },
  /** All callers call a business API; only the number of failures counts. */
  call: async (callers: number): Promise<StormOutcome['errors']> => {
    const calls = () => contestant.call().then(() => 'answer');
    return (await inParallel(callers, calls)).errors;
  },
});

async function inParallel(
  count: number,
  run: () => Promise<string>,
): Promise<StormOutcome> {
  const outcome: StormOutcome = { tokens: {}, errors: {} };
  const results = await Promise.allSettled(Array.from({ length: count }, run));
  for (const result of results)
    if (result.status === 'fulfilled') add(outcome.tokens, result.value);
    else add(outcome.errors, (result.reason as Error).message);
  return outcome;
}

function add(counts: Record<string, number>, key: string): void {
  counts[key] = (counts[key] ?? 0) + 1;
}
