import { Tally } from './tally.js';

describe('the tally', () => {
  it('reports like incidents in one line, each kind separately', () => {
    const tally = new Tally();
    tally.note('refusal', 'server-1', 'wait 2 s');
    tally.note('refusal', 'server-1', 'wait 1 s');
    tally.note('refusal', 'server-2', 'wait 1 s');
    tally.note('hung', 'server-1', 'after 15000 ms');
    expect(tally.of(['refusal'])).toEqual([
      '2 × refusal at 0.0–0.0 s, server-1: wait 2 s',
      '1 × refusal at 0.0–0.0 s, server-2: wait 1 s',
    ]);
    expect(tally.count('refusal')).toBe(3);
    expect(tally.of(['late'])).toEqual([]);
  });

  it('reports those of a phase', () => {
    const tally = new Tally();
    tally.note('refusal', 'server-1', 'early');
    expect(tally.of(['refusal'], { to: tally.now })).toHaveLength(1);
    expect(tally.of(['refusal'], { from: tally.now + 60 })).toEqual([]);
  });
});
