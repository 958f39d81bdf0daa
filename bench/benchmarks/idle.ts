import { setTimeout as sleep } from 'node:timers/promises';
import { AccountsTable } from '../children/accounts-table.js';
import type { IdleCost } from '../children/idle.child.js';
import {
  type KnownServer,
  versionsOf,
  withServers,
} from '../children/servers.js';
import type { Benchmark, Figure, Goal } from '../harness/benchmark.js';
import { Child, withChildren } from '../harness/child.js';
import { ratiosOf } from '../harness/statistics.js';

/** The numbers of rows in the table. */
const SIZES = [1, 1000, 1_000_000];
const MAX_SIZE = 1_000_000;
const LIFE_MS = 10_000;
/** After this time a replica has finished the work of its start and of the first tick of its cron. */
const START_MS = 7000;
const CHILD = new URL('../children/idle.child.js', import.meta.url);

type CostOf = (size: number) => IdleCost;

export const benchmark: Benchmark = {
  name: 'idle',
  title: 'An idle replica',
  run: () =>
    withServers(async (servers) => {
      const each = await Promise.all(
        servers.map(async (server) => parts(server, await costs(server))),
      );
      const statements = each.map((one) => one.statements);
      const reads = each.map((one) => one.reads);
      return {
        figures: [...statements.flat(), ...reads.flat()],
        ratios: each.map(({ ratio }) => ratio),
        goals: each.flatMap(({ goals }) => goals),
        charts: [
          { title: 'Statements a second', figures: keys(statements.flat()) },
          {
            title: 'Rows and index entries examined by each statement',
            figures: keys(reads.flat()),
          },
        ],
        versions: versionsOf(servers),
      };
    }),
};

/** The cost of one replica for each size, all measured at the same time. */
async function costs(server: KnownServer): Promise<CostOf> {
  const tables: AccountsTable[] = [];
  try {
    for (const size of SIZES)
      tables.push(await AccountsTable.create(server, size));
    const all = await withChildren(SIZES.length, CHILD, async (children) => {
      const ofEach = <T>(use: (child: Child, url: string) => Promise<T>) =>
        Promise.all(
          tables.map(({ url }, index) => use(children[index] as Child, url)),
        );
      await ofEach((child, url) => child.ask('start', url));
      await sleep(START_MS);
      return ofEach((child) => child.ask<IdleCost>('live', LIFE_MS));
    });
    return (size) => all[SIZES.indexOf(size)] as IdleCost;
  } finally {
    await Promise.all(tables.map((table) => table[Symbol.asyncDispose]()));
  }
}

function parts({ kind, title }: KnownServer, costOf: CostOf) {
  const figures = (
    what: string,
    unit: string,
    value: (cost: IdleCost) => number,
  ): Figure[] =>
    SIZES.map((size) => ({
      key: `${kind} ${what} ${size}`,
      label: `${what}, ${rowsInWords(size)}, ${title}`,
      unit,
      values: [value(costOf(size))],
      isOurs: true,
    }));
  const reads = (size: number) => [costOf(size).readsPerStatement];
  const ratio: Figure = {
    key: `${kind} most to one`,
    label: `rows examined with a million rows to one, ${title}`,
    unit: '×',
    values: ratiosOf(reads(MAX_SIZE), reads(1)),
  };
  const goals: Goal[] = [
    {
      text: `at most 1 statement a second with a million rows, ${title}`,
      figure: `${kind} statements ${MAX_SIZE}`,
      bound: 'at most',
      value: 1,
    },
    {
      text: `as many rows examined in a million rows as in one, ${title}`,
      figure: ratio.key,
      bound: 'at most',
      value: 1,
    },
  ];
  return {
    statements: figures('statements', 'a second', (c) => c.statementsPerSecond),
    reads: figures('rows examined', 'a statement', (c) => c.readsPerStatement),
    ratio,
    goals,
  };
}

function rowsInWords(size: number): string {
  return size === 1 ? '1 row' : `${size.toLocaleString('en')} rows`;
}

function keys(figures: readonly Figure[]): string[] {
  return figures.map(({ key }) => key);
}
