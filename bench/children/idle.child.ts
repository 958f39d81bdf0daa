import { setTimeout as sleep } from 'node:timers/promises';
import { DataSource } from 'typeorm';
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
const COUNTERS = {
  mysql:
    "SHOW SESSION STATUS WHERE Variable_name LIKE 'Handler_read%' OR Variable_name = 'Questions'",
  // Of the whole database, which nobody else uses; each asks for the counters of those before it.
  postgres: `SELECT 'Questions', xact_commit FROM pg_stat_database WHERE datname = current_database()
    UNION ALL SELECT 'reads', (SELECT SUM(idx_tup_read) FROM pg_stat_user_indexes) + (SELECT SUM(seq_tup_read) FROM pg_stat_user_tables)
    UNION ALL SELECT 'reads', 0 FROM pg_stat_force_next_flush()`,
};
/** After this time nothing of the start is under way. */
const SETTLED_MS = 3000;
/** The counters are per connection. The engine's pool hands out the one that came back last: in an idle replica always the same. */
let runner: SqlRunner;
let dataSource: DataSource;

serve({
  start: async (databaseUrl: string) => {
    const app = await startApp({
      databaseUrl,
      options: { accounts: benchAccounts(1), api: { baseUrl: NO_WECHAT } },
    });
    runner = app.get(SqlRunner);
    dataSource = app.get(DataSource);
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
    sql: COUNTERS[
      dataSource.options.type === 'postgres' ? 'postgres' : 'mysql'
    ],
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
