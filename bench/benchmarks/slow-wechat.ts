import { figuresOf } from '../children/slow-figures.js';
import {
  dueAmongUnconfirmed,
  rssOfOne,
  sustain,
} from '../children/slow-runs.js';
import type { Benchmark } from '../harness/benchmark.js';
import { openDatabaseServer } from '../harness/database.js';
import { log } from '../harness/log.js';

const ACCOUNTS = 100_000;
const WINDOW_MS = 240_000;
const UNCONFIRMED = 30_000;
/** A round of the refresher takes some ten seconds: the token becomes due in different parts of it. */
const MOMENTS_MS = [4000, 7000, 10_000, 13_000, 16_000];

export const benchmark: Benchmark = {
  name: 'slow-wechat',
  title: 'Many accounts and a slow WeChat',
  run: async () => {
    await using server = await openDatabaseServer();
    const one = logged('RSS of one', await rssOfOne(server));
    const waits = logged(
      'due among unconfirmed',
      await dueAmongUnconfirmed(server, UNCONFIRMED, MOMENTS_MS),
    );
    const sustained = logged(
      'sustained',
      await sustain(server, ACCOUNTS, WINDOW_MS),
    );
    const outcomes = {
      accounts: ACCOUNTS,
      sustained,
      rssOfOne: one,
      unconfirmed: UNCONFIRMED,
      waits,
    };
    const versions = { database: server.version };
    return { ...figuresOf(outcomes), versions };
  },
};

function logged<T>(what: string, outcome: T): T {
  log(`  ${what}: ${JSON.stringify(outcome)}`);
  return outcome;
}
