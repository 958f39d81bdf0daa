import type { Chart, Figure, Goal } from '../harness/benchmark.js';
import { ratiosOf } from '../harness/statistics.js';
import type { OurRenewals, Renewals } from './renewal-runs.js';
import type { KnownServer } from './servers.js';

export interface Outcomes {
  /** Runs with 20 concurrent calls on each server, as many of the module as of the floor. */
  readonly pairs: readonly Pair[];
  /** One run with 10 concurrent calls. */
  readonly byDefault: {
    readonly ours: OurRenewals;
    readonly floor: Renewals;
  };
  readonly shared: OurRenewals;
  readonly most: OurRenewals;
  readonly mostAccounts: number;
}

interface Pair {
  readonly server: KnownServer;
  readonly ours: readonly OurRenewals[];
  readonly floor: readonly Renewals[];
}

/** The default interval of confirming a stable token, and how long before its expiry a classic one is renewed, seconds. */
const CONFIRMED_EVERY = 5 * 60;
const CLASSIC_EVERY = 110 * 60;
const NOT_ONCE = 'not exactly once';

export function figuresOf(outcomes: Outcomes): {
  figures: Figure[];
  ratios: Figure[];
  goals: Goal[];
  charts: Chart[];
} {
  const { pairs, byDefault } = outcomes;
  const rates = [
    ...pairs.flatMap(ratesOf),
    ours('rate of 10', 'ours, 10 calls at a time', 'a second', [
      byDefault.ours.rate,
    ]),
    other('floor of 10', 'floor, 10 calls at a time', 'a second', [
      byDefault.floor.rate,
    ]),
    ours('rate of 4', '4 refreshers together, 20 calls each', 'a second', [
      outcomes.shared.rate,
    ]),
  ];
  const processor = pairs.flatMap(processorOf);
  const keys = (figures: readonly Figure[]) => figures.map(({ key }) => key);
  return {
    figures: [
      ...rates,
      ...processor,
      ...sharesOf(outcomes.shared),
      ...mostOf(outcomes.most, outcomes.mostAccounts),
      ...sustainedOf(pairs[0]?.ours ?? []),
      ours(NOT_ONCE, 'accounts not renewed exactly once', 'accounts', [
        Math.max(...everyRun(outcomes).map(({ notOnce }) => notOnce)),
      ]),
    ],
    ratios: [
      ...pairs.map(ratioOf),
      other('to floor of 10', 'ours to the floor, 10 calls at a time', '×', [
        byDefault.ours.rate / byDefault.floor.rate,
      ]),
    ],
    goals: [
      ...pairs.map((pair): Goal => ({
        text: `at least 1.0 × the floor’s renewals a second, ${pair.server.title}`,
        figure: ratioOf(pair).key,
        bound: 'at least',
        value: 1,
      })),
      {
        text: 'no account in any run that was not renewed exactly once',
        figure: NOT_ONCE,
        bound: 'at most',
        value: 0,
      },
    ],
    charts: [
      { title: 'Renewals a second', figures: keys(rates) },
      { title: 'Processor time of one renewal', figures: keys(processor) },
    ],
  };
}

function everyRun({ pairs, byDefault, shared, most }: Outcomes) {
  return [...pairs.flatMap((pair) => pair.ours), byDefault.ours, shared, most];
}

function ratesOf({ server, ours: all, floor }: Pair): Figure[] {
  const { kind, title } = server;
  const rate = (some: readonly Renewals[]) => some.map((one) => one.rate);
  return [
    ours(`${kind} rate`, `ours, ${title}`, 'a second', rate(all)),
    other(`${kind} floor`, `floor, ${title}`, 'a second', rate(floor)),
  ];
}

function processorOf({ server, ours: all, floor }: Pair): Figure[] {
  const { kind, title } = server;
  const label = (who: string) => `processor time, ${who}, ${title}`;
  const cpu = (some: readonly Renewals[]) => some.map(({ cpuMs }) => cpuMs);
  return [
    ours(`${kind} processor`, label('ours'), 'ms', cpu(all)),
    other(`${kind} floor processor`, label('floor'), 'ms', cpu(floor)),
  ];
}

function ratioOf({ server, ours: all, floor }: Pair): Figure {
  const values = ratiosOf(
    all.map(({ rate }) => rate),
    floor.map(({ rate }) => rate),
  );
  const { kind, title } = server;
  return other(`${kind} to floor`, `ours to the floor, ${title}`, '×', values);
}

function sharesOf({ shares }: OurRenewals): Figure[] {
  const sum = shares.reduce((total, share) => total + share, 0);
  const percent = (share: number) => [(100 * share) / sum];
  return [
    ours(
      'least share',
      'the least that one of the 4 renewed',
      '%',
      percent(Math.min(...shares)),
    ),
    ours(
      'most share',
      'the most that one of the 4 renewed',
      '%',
      percent(Math.max(...shares)),
    ),
  ];
}

function mostOf({ seconds, spent }: OurRenewals, accounts: number): Figure[] {
  const { highestRss, rssBefore, progressLines } = spent;
  const of = `${accounts.toLocaleString('en')} accounts`;
  return [
    ours('most seconds', `${of}, until all are renewed`, 's', [seconds]),
    ours('most memory', `${of}, highest RSS`, 'MB', [highestRss / 1e6]),
    ours('most memory each', `${of}, RSS for each`, 'bytes', [
      (highestRss - rssBefore) / accounts,
    ]),
    ours('most lines', `${of}, progress in the log`, 'lines', [progressLines]),
  ];
}

/** Computed: the number of accounts that one refresher could serve at this rate, which is that of a WeChat that answers at once. */
function sustainedOf(all: readonly OurRenewals[]): Figure[] {
  const times = (seconds: number) => all.map(({ rate }) => rate * seconds);
  return [
    ours(
      'sustained stable',
      'computed: stable accounts, if a call took no time',
      'accounts',
      times(CONFIRMED_EVERY),
    ),
    ours(
      'sustained classic',
      'computed: classic accounts, if a call took no time',
      'accounts',
      times(CLASSIC_EVERY),
    ),
  ];
}

function ours(
  key: string,
  label: string,
  unit: string,
  values: readonly number[],
): Figure {
  return { ...other(key, label, unit, values), isOurs: true };
}

function other(
  key: string,
  label: string,
  unit: string,
  values: readonly number[],
): Figure {
  return { key, label, unit, values };
}
