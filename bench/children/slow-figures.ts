import type { Measurements, Figure } from '../harness/benchmark.js';
import { CONFIRM_MS } from './held-tokens-table.js';
import { CALL_MS, type Sustained } from './slow-runs.js';

export interface SlowOutcomes {
  readonly accounts: number;
  readonly sustained: Sustained;
  /** The resident memory of a refresher with one account, bytes. */
  readonly rssOfOne: number;
  readonly unconfirmed: number;
  /** How long one due token waits among so many unconfirmed ones, seconds. */
  readonly waits: readonly number[];
}

/** Calls at a time, by default. */
const CONCURRENCY = 10;
const CEILING = (CONCURRENCY * 1000) / CALL_MS;
const CONFIRMED_EVERY = CONFIRM_MS / 1000;
/** From the latest `refresh_at` to the end of the token's life, seconds. */
const LEAST_MARGIN = 270;

export function figuresOf(
  outcomes: SlowOutcomes,
): Omit<Measurements, 'versions'> {
  const { accounts, sustained, rssOfOne, waits } = outcomes;
  const { seconds } = sustained;
  const perSecond = (key: string, label: string, count: number) =>
    figure(key, label, 'a second', [count / seconds]);
  const calls = [
    {
      ...perSecond('ceiling', ceilingLabel(), CEILING * seconds),
      isOurs: false,
    },
    perSecond('calls', 'calls to WeChat', sustained.calls),
    perSecond('due', 'renewals needed', sustained.due),
    perSecond('renewed', 'renewals done', sustained.renewed),
    perSecond(
      'unconfirmed',
      'confirmations wanted',
      (accounts / CONFIRMED_EVERY) * seconds,
    ),
    perSecond('confirmed', 'confirmations done', sustained.confirmed),
    perSecond('left out', 'confirmations left out', sustained.leftOut),
  ];
  const times = [
    figure('latest', 'the latest renewal after refresh_at', 's', [
      sustained.latest,
    ]),
    figure('late 99', '99 % of renewals after refresh_at', 's', [
      sustained.late99,
    ]),
    figure(
      'wait',
      `due among ${inWords(outcomes.unconfirmed)} unconfirmed`,
      's',
      waits,
    ),
  ];
  const longest = figure('longest wait', 'the longest of these waits', 's', [
    Math.max(...waits),
  ]);
  const [rssBefore, rssAfter] = sustained.rss;
  const rate = sustained.calls / seconds;
  return {
    figures: [
      ...calls,
      ...times,
      longest,
      perSecond(
        'statements',
        'statements of the database',
        sustained.statements,
      ),
      figure('delay', '99th percentile of the event loop’s delay', 'ms', [
        sustained.eventLoopDelayMs,
      ]),
      figure('rss before', 'RSS at the beginning', 'MB', [rssBefore / 1e6]),
      figure('rss after', 'RSS at the end', 'MB', [rssAfter / 1e6]),
      figure('rss of one', 'RSS with 1 account', 'MB', [rssOfOne / 1e6]),
      figure('rss each', 'RSS for each account', 'bytes', [
        (rssAfter - rssOfOne) / accounts,
      ]),
    ],
    ratios: [
      figure('to due', 'renewals done to needed', '×', [
        sustained.renewed / sustained.due,
      ]),
      figure('to ceiling', 'calls to the ceiling', '×', [rate / CEILING]),
    ],
    goals: [
      {
        text: `no token of ${inWords(accounts)} is renewed after its margin, at least ${LEAST_MARGIN} s`,
        figure: 'latest',
        bound: 'at most',
        value: LEAST_MARGIN,
      },
      {
        text: 'at least 0.95 × as many renewals as tokens become due',
        figure: 'to due',
        bound: 'at least',
        value: 0.95,
      },
      {
        text: `a token that becomes due among ${inWords(outcomes.unconfirmed)} unconfirmed is renewed within 10 s`,
        figure: longest.key,
        bound: 'at most',
        value: 10,
      },
      {
        text: 'at most 2,500 bytes of RSS for each account',
        figure: 'rss each',
        bound: 'at most',
        value: 2500,
      },
    ],
    charts: [
      { title: 'Calls', figures: calls.map(({ key }) => key) },
      {
        title: 'How long a due token waits',
        figures: times.map(({ key }) => key),
      },
    ],
  };
}

function ceilingLabel(): string {
  return `ceiling: ${CONCURRENCY} calls at a time of ${CALL_MS} ms`;
}

function inWords(count: number): string {
  return count.toLocaleString('en');
}

function figure(
  key: string,
  label: string,
  unit: string,
  values: readonly number[],
): Figure {
  return { key, label, unit, values, isOurs: true };
}
