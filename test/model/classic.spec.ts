import { byDepth } from '../support/depth.js';
import { Model } from './support/model.js';
import {
  boundedBy,
  CLASSIC,
  DUE,
  REPORT,
  type Scenario,
} from './support/scenario.js';

const SCENARIOS: readonly [string, Scenario][] = [
  ['both wait for an expired token', CLASSIC],
  [
    'both serve a due token',
    {
      ...CLASSIC,
      stored: 'due',
      bounds: boundedBy({
        ticks: 2,
        crashes: byDepth({ short: 0, full: 1 }),
        lostAnswers: 1,
      }),
    },
  ],
  [
    'there was no token yet',
    { ...CLASSIC, stored: 'nothing', bounds: boundedBy({ ticks: 2 }) },
  ],
  [
    'both report the stored token',
    {
      ...CLASSIC,
      stored: 'fresh',
      replicas: [[REPORT], [REPORT]],
      bounds: boundedBy({
        ticks: 2,
        crashes: byDepth({ short: 0, full: 1 }),
      }),
    },
  ],
  [
    'one reports the token that another finds due',
    {
      ...CLASSIC,
      stored: 'due',
      replicas: [[REPORT], [DUE]],
      bounds: boundedBy({ ticks: 2 }),
    },
  ],
  ...byDepth<readonly [string, Scenario][]>({
    short: [],
    full: [],
    nightly: [
      [
        'they are suspended again and again',
        { ...CLASSIC, bounds: boundedBy({ ticks: 3 }) },
      ],
    ],
  }),
  [
    'a token is not stored',
    {
      ...CLASSIC,
      replicas: [[DUE, DUE], [DUE]],
      bounds: boundedBy({
        ticks: byDepth({ short: 0, full: 1 }),
        failedWrites: 1,
      }),
    },
  ],
  [
    'a failover loses commits',
    {
      ...CLASSIC,
      replicas: [[DUE, DUE], [DUE]],
      bounds: boundedBy({
        ticks: byDepth({ short: 0, full: 0, nightly: 1 }),
        failovers: 1,
      }),
    },
  ],
  [
    'a claim or the end of a lease is lost',
    {
      ...CLASSIC,
      bounds: boundedBy({ ticks: 1, lostAnswers: 1, failedWrites: 1 }),
      failing: ['claim', 'release', 'storeFailure'],
    },
  ],
];

describe('R4 classic mode, every interleaving of two replicas', () => {
  let model: Model;
  beforeAll(async () => {
    model = await Model.open();
  });
  afterAll(() => model[Symbol.asyncDispose]());

  it.each(SCENARIOS)(
    '%s: one replica at a time may call, no newer token is overwritten, and the last one is stored',
    async (title, scenario) => {
      const { endStates } = await model.explore(`classic, ${title}`, scenario);

      expect(endStates).toBeGreaterThan(1);
    },
  );

  it.each([
    'a lease lapsed',
    'a lapsed lease taken over',
    'a claim lost',
    'a late write lost',
    'a late write before anybody took over',
    'a late failure dropped',
    'a lease given back unused',
    'a crash between the call and the write',
    'a lost answer',
    'a failed write',
    'commits lost by a failover',
    // The one hole that no lease can close: the process was suspended between its last check of the clock and the call.
    'a call arrived after its lease',
  ])('among them are those with %s', (note) => {
    expect(model.seen.get(note)).toBeGreaterThan(0);
  });
});
