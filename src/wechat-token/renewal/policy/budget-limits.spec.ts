import {
  FORCE_BUDGET,
  forceBound,
  isInsistedOn,
  REJECTION_BUDGET,
  rejectionBound,
} from './budget-limits.js';

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

/** One a minute, by others, the last of them a minute ago. */
const spent = (count: number, actor = 'other', last = MINUTE) =>
  Array.from({ length: count }, (_, n) => ({
    ageMs: last + n * MINUTE,
    actor,
  }));

describe('R9 force is scarce', () => {
  const noonInChina = Date.UTC(2026, 10, 22, 4);
  const operator = { actor: 'ops', isOperator: true };
  const reporter = { actor: 'shop', isOperator: false };

  it('the first is free', () => {
    expect(forceBound([], operator, noonInChina)).toBeUndefined();
  });

  it('two are 30 s apart, whoever forces', () => {
    const after = (ageMs: number) =>
      forceBound([{ ageMs, actor: 'other' }], operator, noonInChina);
    expect(after(10 * SECOND)).toEqual({ wait: 20 * SECOND, limit: 'spacing' });
    expect(after(30 * SECOND)).toBeUndefined();
  });

  it('the twenty-first of a day waits for midnight in China', () => {
    expect(forceBound(spent(20), operator, noonInChina)).toEqual({
      wait: 12 * HOUR,
      limit: 'total',
    });
    expect(forceBound(spent(19), operator, noonInChina)).toBeUndefined();
  });

  it('one has 5 of a day', () => {
    const { perActor } = FORCE_BUDGET;
    expect(forceBound(spent(perActor, 'ops'), operator, noonInChina)).toEqual({
      wait: 12 * HOUR,
      limit: 'share',
    });
    const fewer = spent(perActor - 1, 'ops');
    expect(forceBound(fewer, operator, noonInChina)).toBeUndefined();
  });

  it('the last 5 of a day are not for reports', () => {
    expect(forceBound(spent(15), reporter, noonInChina)).toEqual({
      wait: 12 * HOUR,
      limit: 'reserve',
    });
    expect(forceBound(spent(14), reporter, noonInChina)).toBeUndefined();
    expect(forceBound(spent(15), operator, noonInChina)).toBeUndefined();
  });

  it('what was spent yesterday does not count', () => {
    const yesterday = spent(20, 'ops', 13 * HOUR);
    expect(forceBound(yesterday, operator, noonInChina)).toBeUndefined();
  });
});

describe('R5 bounded', () => {
  const stable = { actor: 'shop', rotates: false };
  const classic = { actor: 'shop', rotates: true };
  const life = 2 * HOUR;
  const { perLife, perActor } = REJECTION_BUDGET;

  it('10 rejected tokens are renewed within a life', () => {
    expect(rejectionBound(spent(perLife - 1), stable, life)).toBeUndefined();
    expect(rejectionBound(spent(perLife), stable, life)).toEqual({
      wait: life - perLife * MINUTE,
      limit: 'total',
    });
  });

  it('3 of them for one', () => {
    expect(rejectionBound(spent(perActor, 'shop'), stable, life)).toEqual({
      wait: life - perActor * MINUTE,
      limit: 'share',
    });
    const fewer = [...spent(6), ...spent(perActor - 1, 'shop')];
    expect(rejectionBound(fewer, stable, life)).toBeUndefined();
  });

  it('in classic mode they are 30 s apart', () => {
    const justNow = spent(1, 'other', 10 * SECOND);
    expect(rejectionBound(justNow, classic, life)).toEqual({
      wait: 20 * SECOND,
      limit: 'spacing',
    });
    expect(rejectionBound(justNow, stable, life)).toBeUndefined();
    expect(rejectionBound(spent(1), classic, life)).toBeUndefined();
  });
});

describe('R5 reports that two callers repeat', () => {
  const by = (actor: string, ...seconds: number[]) =>
    seconds.map((second) => ({ actor, ageMs: second * SECOND }));

  it.each([
    ['two for a minute', [...by('a', 61, 30), ...by('b', 60, 20)], true],
    [
      'the one who reports now, again',
      [...by('a', 61), ...by('b', 60, 20)],
      true,
    ],
    ['one for a minute', by('a', 61, 30, 0), false],
    [
      'the other began just now',
      [...by('a', 61, 30), ...by('b', 59, 0)],
      false,
    ],
    ['the other has ceased', [...by('a', 61, 30), ...by('b', 61)], false],
    ['two others', [...by('b', 61, 30), ...by('c', 61, 30)], false],
    ['none before', [], false],
  ])('%s: %j → %s', (_, reports, insisted) => {
    expect(isInsistedOn(reports, 'a')).toBe(insisted);
  });
});
