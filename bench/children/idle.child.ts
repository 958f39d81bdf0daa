import { setTimeout as sleep } from 'node:timers/promises';
import { DataSource } from 'typeorm';
import { benchAccounts } from '../harness/accounts.js';
import { serve } from '../harness/serve.js';
import { startApp } from './app.js';

export interface IdleCost {
  readonly statementsPerSecond: number;
  /** Rows and index entries that the server looked at, for each statement. */
  readonly readsPerStatement: number;
}

interface Counters {
  readonly statements: number;
  readonly reads: number;
}

/** Nobody is called: the one account's token is good. */
const NO_WECHAT = 'http://127.0.0.1:9';
let dataSource: DataSource;

serve({
  start: async (databaseUrl: string) => {
    const app = await startApp({
      databaseUrl,
      options: { accounts: benchAccounts(1), api: { baseUrl: NO_WECHAT } },
      // The counters are those of one connection: on it is all that the replica does.
      connectionLimit: 1,
    });
    dataSource = app.get(DataSource);
  },
  /** What so much of its life costs the server. */
  live: async (ms: number): Promise<IdleCost> => {
    const asking = await costOfAsking();
    const before = await counters();
    const beganAt = performance.now();
    await sleep(ms);
    const { statements, reads } = difference(before, await counters());
    const seconds = (performance.now() - beganAt) / 1000;
    const own = statements - asking.statements;
    return {
      statementsPerSecond: own / seconds,
      readsPerStatement: (reads - asking.reads) / own,
    };
  },
});

/** To ask for the counters is counted too; the least of some, since a look may come between two of them. */
async function costOfAsking(): Promise<Counters> {
  let least: Counters = { statements: Infinity, reads: Infinity };
  let last = await counters();
  for (let time = 0; time < 3; time++) {
    const next = await counters();
    const cost = difference(last, next);
    if (cost.statements < least.statements) least = cost;
    last = next;
  }
  return least;
}

function difference(before: Counters, after: Counters): Counters {
  return {
    statements: after.statements - before.statements,
    reads: after.reads - before.reads,
  };
}

async function counters(): Promise<Counters> {
  const rows: Record<string, string>[] = await dataSource.query(
    "SHOW SESSION STATUS WHERE Variable_name LIKE 'Handler_read%' OR Variable_name = 'Questions'",
  );
  const all = rows.map((row) => Object.values(row));
  const sum = (some: typeof all) =>
    some.reduce((total, [, value]) => total + Number(value), 0);
  return {
    statements: sum(all.filter(([name]) => name === 'Questions')),
    reads: sum(all.filter(([name]) => name !== 'Questions')),
  };
}
