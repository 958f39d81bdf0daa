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
import { log } from '../harness/log.js';

const REPETITIONS = 3;
const MANY = { count: 20_000, concurrency: 20 };
const DEFAULT = { count: 20_000, concurrency: 10 };
const MAX_LOAD = { count: 100_000, concurrency: 20 };
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
          ours: logged('10 at a time', await renewWithOurs(first, DEFAULT)),
          floor: logged(
            'floor, 10 at a time',
            await renewWithFloor(first, DEFAULT),
          ),
        },
        shared: logged(
          '4 refreshers',
          await renewWithOurs(first, MANY, REFRESHERS),
        ),
        most: logged('100,000', await renewWithOurs(first, MAX_LOAD)),
        mostAccounts: MAX_LOAD.count,
      };
      return { ...figuresOf(outcomes), versions: versionsOf(servers) };
    }),
};

/** Runs both in alternating order. */
async function alternating(server: KnownServer) {
  const { title } = server;
  const ours: OurRenewals[] = [];
  const floor: Renewals[] = [];
  const runOurs = async () =>
    ours.push(logged(title, await renewWithOurs(server, MANY)));
  const runFloor = async () =>
    floor.push(logged(`${title}, floor`, await renewWithFloor(server, MANY)));
  for (let repetition = 0; repetition < REPETITIONS; repetition++)
    for (const run of repetition % 2
      ? [runOurs, runFloor]
      : [runFloor, runOurs])
      await run();
  return { ours, floor };
}

function logged<T>(what: string, outcome: T): T {
  log(`  ${what}: ${JSON.stringify(outcome)}`);
  return outcome;
}
