import fc from 'fast-check';
import { byDepth } from '../support/depth.js';
import { Model } from './support/model.js';
import {
  boundedBy,
  CLASSIC,
  DUE,
  REPORT,
  type Scenario,
} from './support/scenario.js';

const THREE: Scenario = { ...CLASSIC, replicas: [[DUE], [DUE], [DUE]] };
const EVERYTHING = boundedBy({
  ticks: 6,
  crashes: 2,
  lostAnswers: 1,
  failedWrites: 2,
});

const LUCKLESS: Scenario = { ...THREE, bounds: EVERYTHING };

describe('R4 three replicas', () => {
  let model: Model;
  beforeAll(async () => {
    model = await Model.open();
  });
  afterAll(() => model[Symbol.asyncDispose]());

  it.each(byDepth({ short: [], full: [], nightly: [THREE] }))(
    'every interleaving in which a lease lapses',
    async (three) => {
      const bounds = boundedBy({ ticks: 2 });
      await model.explore('classic, three', { ...three, bounds });
    },
  );

  it.each<[string, Scenario]>([
    ['that wait for an expired token', LUCKLESS],
    ['that find a token due', { ...LUCKLESS, stored: 'due' }],
    [
      'one of which reports a token twice',
      {
        ...LUCKLESS,
        stored: 'due',
        replicas: [[REPORT, DUE], [DUE], [DUE, REPORT]],
      },
    ],
    ['in stable mode', { ...LUCKLESS, mode: 'stable', ahead: 1 }],
    [
      'whose database fails over and loses commits',
      { ...LUCKLESS, bounds: { ...EVERYTHING, failovers: 1 } },
    ],
  ])('%s: any way in which much goes wrong', async (_, scenario) => {
    const choices = fc.array(fc.nat(1000), { minLength: 20, maxLength: 80 });
    await fc.assert(
      fc.asyncProperty(choices, async (chosen) => {
        const run = await model.start(scenario);
        for (let step = 0; run.choices().length > 0; step += 1)
          await run.take((chosen[step] ?? 0) % run.choices().length);
        await run.finish();
        for (const note of new Set(run.notes)) model.count(note);
      }),
      { seed: 20261123, numRuns: byDepth({ short: 200, full: 500 }) },
    );
  });

  it.each([
    'a lapsed lease taken over',
    // Of two replicas in classic.spec.ts.
    ...byDepth({ short: [], full: [], nightly: ['a late write lost'] }),
    'a crash between the call and the write',
    'a lost answer',
    'a failed write',
  ])('among them are those with %s', (note) => {
    expect(model.seen.get(note)).toBeGreaterThan(0);
  });
});
