import { figuresOf, type Outcomes } from '../children/renewal-figures.js';
import {
  type OurRenewals,
  type Renewals,
  renewWithFloor,
  renewWithOurs,
} from '../children/renewal-runs.js';
import {
  type KnownServer,
  versionsOf,
  withServers,
} from '../children/servers.js';
import type { Benchmark } from '../harness/benchmark.js';
import { say } from '../harness/say.js';

const REPETITIONS = 3;
const MANY = { count: 20_000, concurrency: 20 };
const DEFAULT = { count: 20_000, concurrency: 10 };
const MOST = { count: 100_000, concurrency: 20 };
const REFRESHERS = 4;

export const benchmark: Benchmark = {
  name: 'many-accounts',
  title: 'Many accounts',
  run: () =>
    withServers(async (servers) => {
      const [first] = servers;
      if (!first) throw new Error('no server');
      const pairs = [];
      for (const server of servers)
        pairs.push({ server, ...(await alternating(server)) });
      const outcomes: Outcomes = {
        pairs,
        byDefault: {
          ours: told('10 at a time', await renewWithOurs(first, DEFAULT)),
          floor: told(
            'floor, 10 at a time',
            await renewWithFloor(first, DEFAULT),
          ),
        },
        shared: told(
          '4 refreshers',
          await renewWithOurs(first, MANY, REFRESHERS),
        ),
        most: told('100,000', await renewWithOurs(first, MOST)),
        mostAccounts: MOST.count,
      };
      return { ...figuresOf(outcomes), versions: versionsOf(servers) };
    }),
};

/** In alternating order. */
async function alternating(server: KnownServer) {
  const { title } = server;
  const ours: OurRenewals[] = [];
  const floor: Renewals[] = [];
  const runOurs = async () =>
    ours.push(told(title, await renewWithOurs(server, MANY)));
  const runFloor = async () =>
    floor.push(told(`${title}, floor`, await renewWithFloor(server, MANY)));
  for (let repetition = 0; repetition < REPETITIONS; repetition++)
    for (const run of repetition % 2
      ? [runOurs, runFloor]
      : [runFloor, runOurs])
      await run();
  return { ours, floor };
}

function told<T>(what: string, outcome: T): T {
  say(`  ${what}: ${JSON.stringify(outcome)}`);
  return outcome;
}
