import { DEFAULT_FAKE_ACCOUNT, FakeWechat } from '../../src/testing/index.js';
import type { StormOutcome } from '../children/storm.child.js';
import type { ContestantOptions } from '../contestants/contestant.js';
import type { ContestantName } from '../contestants/index.js';
import type { Benchmark, Figure, Measurements } from '../harness/benchmark.js';
import { type Child, withChildren } from '../harness/child.js';
import { type BenchServer, openDatabaseServer } from '../harness/database.js';
import { log } from '../harness/log.js';
import { temporaryFolder } from '../harness/temporary-folder.js';

const REPETITIONS = 3;
const COLD = { processes: 8, callers: 1000 };
const DROPPED = { processes: 4, callers: 250 };
const CHILD = new URL('../children/storm.child.js', import.meta.url);

const IN_THE_COLD: readonly ContestantName[] = [
  'ours',
  'co-wechat-api',
  'node-easywechat',
  'nest-wechat',
];
/** With several long-running processes co-wechat-api requires a shared store. */
const AFTER_A_DROP: readonly ContestantName[] = [
  'ours',
  'co-wechat-api-on-file',
  'node-easywechat',
  'nest-wechat',
];

interface ColdCounts {
  readonly calls: number;
  readonly without: number;
}

interface DropCounts {
  readonly issued: number;
  readonly failed: number;
}

export const benchmark: Benchmark = {
  name: 'storm',
  title: 'Many callers at once',
  run: async () => {
    await using server = await openDatabaseServer();
    const cold = await repeated(IN_THE_COLD, (name) => coldStorm(server, name));
    const dropped = await repeated(AFTER_A_DROP, (name) =>
      droppedToken(server, name),
    );
    return measurements(cold, dropped, server.version);
  },
};

/** Runs all contestants in each repetition, one after the other. */
async function repeated<Counts>(
  names: readonly ContestantName[],
  run: (name: ContestantName) => Promise<Counts>,
): Promise<Map<ContestantName, Counts[]>> {
  const counts = new Map<ContestantName, Counts[]>();
  for (let repetition = 0; repetition < REPETITIONS; repetition++)
    for (const name of names) {
      const counted = await run(name);
      log(`  ${name}: ${JSON.stringify(counted)}`);
      counts.set(name, [...(counts.get(name) ?? []), counted]);
    }
  return counts;
}

/** Processes without a token, in each of which all callers request one at once. */
function coldStorm(
  server: BenchServer,
  name: ContestantName,
): Promise<ColdCounts> {
  return withContestants(server, name, COLD.processes, async (all, wechat) => {
    const outcomes = await Promise.all(
      all.map((child) => child.ask<StormOutcome>('readCold', COLD.callers)),
    );
    const served = outcomes
      .flatMap(({ tokens }) => Object.entries(tokens))
      .filter(([token]) => wechat.accepts(token))
      .reduce((sum, [, callers]) => sum + callers, 0);
    const { calls } = wechat;
    const without = COLD.processes * COLD.callers - served;
    return { calls: calls.total, without };
  });
}

/** Processes that have called WeChat before, and call it again after it has dropped their token. */
function droppedToken(
  server: BenchServer,
  name: ContestantName,
): Promise<DropCounts> {
  return withContestants(
    server,
    name,
    DROPPED.processes,
    async (all, wechat) => {
      for (const child of all) await child.ask('start');
      wechat.drop();
      const before = wechat.issued();
      const errors = await Promise.all(
        all.map((child) =>
          child.ask<StormOutcome['errors']>('call', DROPPED.callers),
        ),
      );
      const failed = errors
        .flatMap((counts) => Object.values(counts))
        .reduce((sum, count) => sum + count, 0);
      return { issued: wechat.issued() - before, failed };
    },
  );
}

/** Starts processes of one contestant, with a new platform, database and folder. */
async function withContestants<T>(
  server: BenchServer,
  name: ContestantName,
  processes: number,
  use: (children: readonly Child[], wechat: FakeWechat) => Promise<T>,
): Promise<T> {
  using folder = temporaryFolder();
  await using wechat = await FakeWechat.start();
  const options: ContestantOptions = {
    ...DEFAULT_FAKE_ACCOUNT,
    wechatUrl: wechat.baseUrl,
    databaseUrl: await server.createDatabase(),
    folder: folder.path,
  };
  return await withChildren(processes, CHILD, async (children) => {
    await Promise.all(
      children.map((child) => child.ask('prepare', { name, options })),
    );
    return use(children, wechat);
  });
}

function measurements(
  cold: ReadonlyMap<ContestantName, readonly ColdCounts[]>,
  dropped: ReadonlyMap<ContestantName, readonly DropCounts[]>,
  database: string,
): Measurements {
  const figures = <Counts>(
    counts: ReadonlyMap<ContestantName, readonly Counts[]>,
    what: string,
    unit: string,
    count: (one: Counts) => number,
  ): Figure[] =>
    [...counts].map(([name, all]) => ({
      key: `${name} ${what}`,
      label: `${name}, ${what}`,
      unit,
      values: all.map(count),
      isOurs: name === 'ours',
    }));
  const calls = figures(cold, 'cold start', 'calls', (one) => one.calls);
  const without = figures(
    cold,
    'callers without a live token',
    'callers',
    (one) => one.without,
  );
  const issued = figures(
    dropped,
    'dropped token',
    'issued',
    (one) => one.issued,
  );
  const failed = figures(
    dropped,
    'failed calls',
    'failed',
    (one) => one.failed,
  );
  const keys = (some: readonly Figure[]) => some.map(({ key }) => key);
  return {
    figures: [...calls, ...without, ...issued, ...failed],
    ratios: [],
    goals: [
      {
        text: '1 call to WeChat for 8 × 1000 cold callers',
        figure: 'ours cold start',
        bound: 'at most',
        value: 1,
      },
      {
        text: 'no caller without a live token',
        figure: 'ours callers without a live token',
        bound: 'at most',
        value: 0,
      },
      {
        text: '1 token issued when one is dropped under 4 × 250 calls',
        figure: 'ours dropped token',
        bound: 'at most',
        value: 1,
      },
      {
        text: 'none of those calls fails',
        figure: 'ours failed calls',
        bound: 'at most',
        value: 0,
      },
    ],
    charts: [
      {
        title: 'Calls to WeChat for 8 × 1000 cold callers',
        figures: keys(calls),
      },
      {
        title: 'Callers of these who are left without a live token',
        figures: keys(without),
      },
      {
        title: 'Tokens issued when one is dropped under 4 × 250 calls',
        figures: keys(issued),
      },
      { title: 'Calls of these that fail', figures: keys(failed) },
    ],
    versions: { database },
  };
}
