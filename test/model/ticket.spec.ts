import { byDepth } from '../support/depth.js';
import { Model } from './support/model.js';
import {
  boundedBy,
  CLASSIC,
  CONFIRM,
  DUE,
  REPORT,
  type Scenario,
} from './support/scenario.js';

const TICKET: Scenario = {
  ...CLASSIC,
  mode: 'ticket',
  bounds: boundedBy({
    ticks: byDepth({ short: 1, full: 2 }),
    rotations: 1,
  }),
};

const SCENARIOS: readonly [string, Scenario][] = [
  [
    'the platform gives an ended one again, or another',
    {
      ...TICKET,
      bounds: boundedBy({
        ticks: 1,
        crashes: byDepth({ short: 0, full: 1 }),
        rotations: 1,
      }),
    },
  ],
  [
    'both confirm one that is still the current one',
    { ...TICKET, stored: 'fresh', replicas: [[CONFIRM], [CONFIRM]] },
  ],
  [
    'one reports it while another finds it due',
    {
      ...TICKET,
      stored: 'due',
      ahead: 1,
      replicas: [[REPORT], [DUE]],
      bounds: boundedBy({
        ticks: 0,
        crashes: 1,
      }),
    },
  ],
  [
    'one that is confirmed is not stored',
    {
      ...TICKET,
      stored: 'due',
      replicas: [[DUE, DUE], [DUE]],
      bounds: boundedBy({ failedWrites: 1, rotations: 1 }),
    },
  ],
];

describe('R4, R7 a ticket, whose every answer says a whole life: every interleaving of two replicas', () => {
  let model: Model;
  beforeAll(async () => {
    model = await Model.open();
  });
  afterAll(() => model[Symbol.asyncDispose]());

  it.each(SCENARIOS)(
    '%s: no newer one is overwritten, its end never grows, and one more renewal brings the current one',
    async (title, scenario) => {
      const { endStates } = await model.explore(`ticket, ${title}`, scenario);

      expect(endStates).toBeGreaterThan(1);
    },
  );

  it.each(['a ticket served beyond its end', 'a rotation', 'a failed write'])(
    'among them are those with %s',
    (note) => {
      expect(model.seen.get(note)).toBeGreaterThan(0);
    },
  );
});
