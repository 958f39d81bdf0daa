import { byDepth } from '../support/depth.js';
import { Model } from './support/model.js';
import {
  boundedBy,
  CLASSIC,
  CONFIRM,
  DUE,
  FORCE,
  REPORT,
  type Scenario,
} from './support/scenario.js';

const STABLE: Scenario = {
  ...CLASSIC,
  mode: 'stable',
  bounds: boundedBy({ ticks: 2, crashes: 1, rotations: 1 }),
};
const ROTATED: Scenario = { ...STABLE, ahead: 1 };

const SCENARIOS: readonly [string, Scenario][] = [
  [
    'the platform has rotated an expired token',
    {
      ...ROTATED,
      bounds: boundedBy({
        ticks: 2,
        rotations: byDepth({ short: 0, full: 1 }),
      }),
    },
  ],
  [
    'both confirm a token that is still the current one',
    {
      ...STABLE,
      stored: 'fresh',
      replicas: [[CONFIRM], [CONFIRM]],
      bounds: boundedBy({ ticks: 2, rotations: 1 }),
    },
  ],
  [
    'both report a token that has rotated',
    {
      ...ROTATED,
      stored: 'fresh',
      replicas: [[REPORT], [REPORT]],
      bounds: boundedBy({
        ticks: 2,
        crashes: byDepth({ short: 0, full: 1 }),
      }),
    },
  ],
  [
    'one confirms while another forces a new one',
    {
      ...STABLE,
      stored: 'fresh',
      replicas: [[CONFIRM], [FORCE]],
      calls: 2,
      bounds: boundedBy({ ticks: 2 }),
    },
  ],
  [
    'a token is not stored',
    {
      ...ROTATED,
      replicas: [[DUE, DUE], [DUE]],
      bounds: boundedBy({ failedWrites: 1, rotations: 1 }),
    },
  ],
];

describe('R4 stable mode, every interleaving of two replicas', () => {
  let model: Model;
  beforeAll(async () => {
    model = await Model.open();
  });
  afterAll(() => model[Symbol.asyncDispose]());

  it.each(SCENARIOS)(
    '%s: no newer token is overwritten, and one more renewal brings the current one',
    async (title, scenario) => {
      const { endStates } = await model.explore(`stable, ${title}`, scenario);

      expect(endStates).toBeGreaterThan(1);
    },
  );

  it.each(['a lapsed lease taken over', 'a late write lost', 'a rotation'])(
    'among them are those with %s',
    (note) => {
      expect(model.seen.get(note)).toBeGreaterThan(0);
    },
  );
});
