import { ManualClock } from '../../testing/index.js';
import { ReportLimit } from './report-limit.js';

const report = {
  name: 'access_token',
  actor: 'billing',
  what: '4b97ab73',
};

describe('events of reports', () => {
  let clock: ManualClock;
  let limit: ReportLimit;
  beforeEach(() => {
    clock = new ManualClock();
    limit = new ReportLimit(clock);
  });

  const sizes = () =>
    [limit['reporters'], limit['reports']].map(
      (window) => window['windows'].size,
    );

  /** The number of reports that leave an event. */
  const admitted = (
    count: number,
    vary: (n: number) => Partial<typeof report>,
  ) =>
    Array.from({ length: count }, (_, n) => ({ ...report, ...vary(n) })).filter(
      (report) => limit.admits(report),
    ).length;

  it('are left by the first report of a value in a minute', async () => {
    expect(admitted(1000, () => ({}))).toBe(1);
    await clock.advance(60_000);
    expect(admitted(1000, () => ({}))).toBe(1);
  });

  it('are left for each token, each actor and each value', () => {
    for (const other of [
      {},
      { name: 'access_token:shop' },
      { actor: 'crm' },
      { what: '26487a16' },
    ])
      expect(admitted(2, () => other)).toBe(1);
  });

  it('are few for a caller that invents values, and no fewer for the others', () => {
    expect(admitted(1000, (n) => ({ what: `${n}` }))).toBe(10);
    expect(admitted(1, () => ({ actor: 'crm' }))).toBe(1);
  });

  it('cannot exhaust memory by many actors', async () => {
    expect(admitted(5000, (n) => ({ actor: `${n}` }))).toBe(1000);
    expect(sizes()).toEqual([1000, 1000]);
    await clock.advance(60_000);
    expect(admitted(1, () => ({}))).toBe(1);
    expect(sizes()).toEqual([1, 1]);
  });
});
