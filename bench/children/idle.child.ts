import { setTimeout as sleep } from 'node:timers/promises';
import { SqlRunner } from '../../src/wechat-token/store/sql-runner.js';
import { benchAccounts } from '../harness/accounts.js';
import { serve } from '../harness/serve.js';
import { startApp } from './app.js';

export interface IdleCost {
  readonly statementsPerSecond: number;
  /** The number of rows and index entries that the server read per statement. */
  readonly readsPerStatement: number;
}

interface Counters {
  readonly statements: number;
  readonly reads: number;
}

/** An address that is never called, since the token of the account is valid. */
const NO_WECHAT = 'http://127.0.0.1:9';
/** After this time nothing of the start is under way. */
const SETTLED_MS = 3000;
/** The counters are per connection. The engine's pool hands out the one that came back last: in an idle replica always the same. */
let runner: SqlRunner;

serve({
  start: async (databaseUrl: string) => {
    const app = await startApp({
      databaseUrl,
      options: { accounts: benchAccounts(1), api: { baseUrl: NO_WECHAT } },
    });
    runner = app.get(SqlRunner);
    await sleep(SETTLED_MS);
  },
  /** The cost of an idle replica for the server, measured for `ms` milliseconds. */
  live: async (ms: number): Promise<IdleCost> => {
    for (;;) {
      const cost = await costOf(ms);
      // Where a poll came between two reads of the counters, they were those of two connections: a second has one poll at least.
      if (cost.statementsPerSecond > 0.5) return cost;
    }
  },
});

async function costOf(ms: number): Promise<IdleCost> {
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
}

/** The cost of reading the counters themselves: the minimum of several reads, since a poll may come between two of them. */
async function costOfAsking(): Promise<Counters> {
  let min: Counters = { statements: Infinity, reads: Infinity };
  let last = await counters();
  for (let time = 0; time < 3; time++) {
    const next = await counters();
    const cost = difference(last, next);
    if (cost.statements < min.statements) min = cost;
    last = next;
  }
  return min;
}

function difference(before: Counters, after: Counters): Counters {
  return {
    statements: after.statements - before.statements,
    reads: after.reads - before.reads,
  };
}

async function counters(): Promise<Counters> {
  const rows = await runner.rows<Record<string, string>>({
    sql: "SHOW SESSION STATUS WHERE Variable_name LIKE 'Handler_read%' OR Variable_name = 'Questions'",
    values: [],
  });
  const all = rows.map((row) => Object.values(row));
  const sum = (some: typeof all) =>
    some.reduce((total, [, value]) => total + Number(value), 0);
  return {
    statements: sum(all.filter(([name]) => name === 'Questions')),
    reads: sum(all.filter(([name]) => name !== 'Questions')),
  };
}
