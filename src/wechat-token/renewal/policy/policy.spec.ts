import fc from 'fast-check';
import {
  backOff,
  notedDelay,
  probeDelay,
  sinceChinaMidnight,
  turnDelay,
  untilChinaMidnight,
} from './back-off.js';
import {
  decide,
  refreshDelay,
  repeatedLife,
  servableFor,
  type TokenState,
  unchangedDelay,
} from './policy.js';

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

/** The margins of the sources, seconds. */
const stable = 300;
const classic = 600;

const life = fc.integer({ min: SECOND, max: 24 * HOUR });
const random = fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true });

describe('R2 two thresholds', () => {
  it('a token of two hours counts as expired 10 s before its end', () => {
    const life = 2 * HOUR;
    expect(servableFor(10 * SECOND + 1, life)).toBe(1);
    expect(servableFor(10 * SECOND, life)).toBe(0);
  });

  it('a short life loses a twentieth of it', () => {
    expect(servableFor(12 * SECOND, 12 * SECOND)).toBe(12 * SECOND - 600);
  });
});

describe('R7 when', () => {
  it.each([
    { mode: 'stable', of: stable, life: 2 * HOUR, margin: 5 * MINUTE },
    { mode: 'classic', of: classic, life: 2 * HOUR, margin: 10 * MINUTE },
    { mode: 'stable', of: stable, life: MINUTE, margin: 20 * SECOND },
    { mode: 'classic', of: classic, life: MINUTE, margin: 20 * SECOND },
    {
      mode: 'stable, margin 60',
      of: 60,
      life: 2 * HOUR,
      margin: MINUTE,
    },
  ])(
    '$mode: a life of $life ms is due within the first tenth of its last $margin ms',
    ({ of, life, margin }) => {
      const earliest = refreshDelay(life, of, 0);
      const latest = refreshDelay(life, of, 1);
      expect(earliest).toBeCloseTo(life - margin * 0.98, 3);
      expect(latest).toBeCloseTo(life - margin * 0.9, 3);
    },
  );

  it('is due before it expires and never before two thirds of its life, whatever the life', () => {
    fc.assert(
      fc.property(life, random, fc.boolean(), (life, random, rotates) => {
        const delay = refreshDelay(life, rotates ? classic : stable, random);
        expect(delay).toBeLessThan(servableFor(life, life));
        expect(delay).toBeGreaterThanOrEqual((life * 2) / 3);
      }),
    );
  });

  it('the same token back long before its end is due as if it were new', () => {
    const delay = unchangedDelay(HOUR, 2 * HOUR, stable, 0);
    expect(delay).toBeCloseTo(HOUR - 5 * MINUTE * 0.98, 3);
  });

  it('the same token back in its last minutes is asked for again after a quarter of what is left', () => {
    expect(unchangedDelay(4 * MINUTE, 2 * HOUR, stable, 0.5)).toBe(MINUTE);
  });

  it('is never asked for more than once a second', () => {
    expect(unchangedDelay(400, 2 * HOUR, stable, 0.5)).toBe(SECOND);
  });
});

describe('R7 a life that is repeated with each answer', () => {
  const stored = { left: HOUR, life: 2 * HOUR };

  it('never extends a stored end that has not passed, whatever is answered', () => {
    fc.assert(
      fc.property(life, life, life, random, (answered, left, life, random) => {
        fc.pre(servableFor(left, life) > 0);
        const now = repeatedLife(answered, { left, life }, 300, random);
        expect(now.left).toBe(Math.min(answered, left));
        expect(now.refreshDelay).toBeGreaterThan(0);
        expect(now.refreshDelay).toBeLessThanOrEqual(now.left);
      }),
    );
  });

  it('is due at the margin, and then when it stops being servable', () => {
    const early = repeatedLife(2 * HOUR, stored, 300, 0);
    expect(early.refreshDelay).toBeCloseTo(HOUR - 5 * MINUTE * 0.98, 3);
    const late = { ...stored, left: 4 * MINUTE };
    const delay = repeatedLife(2 * HOUR, late, 300, 0).refreshDelay;
    expect(delay).toBe(4 * MINUTE - 10 * SECOND);
  });

  it('after its end lives on for 5 minutes, and is asked for a second after that end, then when it stops being servable', () => {
    const ending = { ...stored, left: 9 * SECOND };
    expect(repeatedLife(2 * HOUR, ending, 300, 0)).toEqual({
      left: 5 * MINUTE,
      refreshDelay: 10 * SECOND,
    });
    const ended = { left: 9 * SECOND, life: 3 * HOUR };
    expect(repeatedLife(2 * HOUR, ended, 300, 0)).toEqual({
      left: 5 * MINUTE,
      refreshDelay: 5 * MINUTE - 10 * SECOND,
    });
  });

  it('a short life lives on for a quarter of it', () => {
    const ended = { left: -HOUR, life: 20 * SECOND };
    expect(repeatedLife(20 * SECOND, ended, 300, 0).left).toBe(5 * SECOND);
  });

  it('an answer that says what is left is believed to the end', () => {
    const ending = { ...stored, left: 9 * SECOND };
    expect(repeatedLife(9 * SECOND, ending, 300, 0).left).toBe(9 * SECOND);
  });
});

describe('R8 failure has a class', () => {
  const transient = { class: 'transient', minWaitMs: 0 };

  it('doubles from one second to eighty', () => {
    const waits = [0, 1, 2, 3, 4, 5, 6, 7, 8, 1000].map((failures) =>
      backOff(transient, failures, 0, 1),
    );
    expect(waits.map((wait) => wait / SECOND)).toEqual([
      1, 2, 4, 8, 16, 32, 64, 80, 80, 80,
    ]);
  });

  it('makes at most 60 calls in an hour of failures, and tries at least every 80 s', () => {
    fc.assert(
      fc.property(random, (random) => {
        let calls = 0;
        for (let time = 0; time < HOUR; calls++) {
          const wait = backOff(transient, calls, time, random);
          expect(wait).toBeLessThanOrEqual(80 * SECOND);
          time += wait;
        }
        expect(calls).toBeLessThanOrEqual(60);
      }),
    );
  });

  it('waits at least as long as the errcode demands', () => {
    const limited = { class: 'transient', minWaitMs: MINUTE };
    expect(backOff(limited, 0, 0, 0)).toBe(MINUTE);
  });

  it('probes what was stopped after 1, 5 and 15 minutes, then every 30 to 60', () => {
    const waits = (share: number) =>
      [0, 1, 2, 3, 4, 1000].map(
        (failures) => probeDelay(failures, share) / MINUTE,
      );
    expect(waits(0)).toEqual([1, 5, 15, 30, 30, 30]);
    expect(waits(1).map((wait) => wait.toFixed(1))).toEqual([
      '1.1',
      '5.5',
      '16.5',
      '60.0',
      '60.0',
      '60.0',
    ]);
  });

  /** The calls of the first day of a failure that lasts, the first one included; `day` for those of any other. */
  it.each([
    { class: 'transient', least: 1086, most: 1277, day: 1271 },
    { class: 'credentials', least: 27, most: 51, day: 48 },
    { class: 'account', least: 27, most: 51, day: 48 },
    { class: 'quota', least: 1, most: 1, day: 1 },
  ])(
    'costs from $least to $most calls on the first day ($class), and at most $day a day later',
    ({ class: failureClass, least, most, day }) => {
      const failure = { class: failureClass, minWaitMs: 0 };
      const isVerdict = ['credentials', 'account'].includes(failureClass);
      const calls = (share: number, from: number) => {
        let time = 0;
        let count = 0;
        for (let failures = from; time < 24 * HOUR; failures++, count++)
          time += isVerdict
            ? probeDelay(failures, share)
            : backOff(failure, failures, 16 * HOUR + time, share);
        return count;
      };
      expect([calls(0, 0), calls(1, 0)].toSorted((a, b) => a - b)).toEqual([
        least,
        most,
      ]);
      expect(Math.max(calls(0, 1000), calls(1, 1000))).toBe(day);
    },
  );

  it('a refusal that is only noted: tries again while the token lasts', () => {
    expect(notedDelay(HOUR)).toBe(MINUTE);
    expect(notedDelay(6 * SECOND)).toBe(1.5 * SECOND);
    expect(notedDelay(1)).toBe(SECOND);
  });

  it('an address that was refused: others try at once, and ever later when they are refused too', () => {
    const waits = [turnDelay(undefined)];
    for (let refusal = 0; refusal < 7; refusal++)
      waits.push(turnDelay(waits.at(-1)));
    expect(waits.map((wait) => wait / SECOND)).toEqual([
      0, 30, 60, 120, 240, 480, 600, 600,
    ]);
  });

  it('stops until midnight in China when the quota is spent', () => {
    const noonInChina = Date.UTC(2026, 10, 22, 4);
    const quota = { class: 'quota', minWaitMs: 0 };
    expect(backOff(quota, 0, noonInChina, 0)).toBe(12 * HOUR);
  });

  it('the day in China begins at 16:00 UTC', () => {
    const begin = Date.UTC(2026, 10, 22, 16);
    expect(sinceChinaMidnight(begin)).toBe(0);
    expect(untilChinaMidnight(begin - 1)).toBe(1);
  });
});

describe('what to do with a token', () => {
  const healthy: TokenState = {
    fingerprint: '0a1b2c3d',
    value: 'current',
    usable: true,
    due: false,
    unconfirmed: false,
    isEarlyCallHarmless: true,
    leasedFor: 0,
    coolingFor: 0,
    stopped: false,
    answered: undefined,
    mayCallPlatform: true,
    heldBy: undefined,
  };
  const due = { kind: 'due' } as const;
  const byCron = { kind: 'due-or-unconfirmed' } as const;
  const rejected = { kind: 'rejected', value: 'current' } as const;
  const normal = { kind: 'normal' } as const;
  const forced = { kind: 'forced' } as const;
  const expired = { usable: false, due: true };
  const leased = { leasedFor: SECOND };
  const cooling = { coolingFor: SECOND };
  const reader = { mayCallPlatform: false };
  const held = { ...expired, heldBy: 'wx_other' };
  const isClassic = { isEarlyCallHarmless: false };
  const reported = { kind: 'reported', value: 'current' } as const;
  const answered = { answered: 'token' } as const;
  const refused = { answered: 'refusal' } as const;

  it.each([
    ['healthy', {}, due, 'serve'],
    ['due', { due: true }, due, 'renew'],
    ['due, leased by another', { due: true, ...leased }, due, 'serve'],
    ['due, in back-off', { due: true, ...cooling }, due, 'serve'],
    ['unconfirmed, seen by a caller', { unconfirmed: true }, due, 'serve'],
    ['unconfirmed, seen by the cron', { unconfirmed: true }, byCron, 'renew'],
    [
      'unconfirmed, in back-off',
      { unconfirmed: true, ...cooling },
      byCron,
      'serve',
    ],
    ['due, on a reader', { due: true, ...reader }, due, 'serve'],
    ['expired', expired, due, 'renew'],
    ['expired, leased by another', { ...expired, ...leased }, due, 'wait'],
    ['expired, in back-off', { ...expired, ...cooling }, due, 'cooling-down'],
    ['expired, on a reader', { ...expired, ...reader }, due, 'wait'],
    [
      'expired, on a reader, in back-off',
      { ...expired, ...reader, ...cooling },
      due,
      'cooling-down',
    ],
    ['rejected', {}, rejected, 'renew'],
    ['rejected, but replaced', { value: 'newer' }, rejected, 'serve'],
    ['rejected, leased by another', leased, rejected, 'wait'],
    ['rejected, in back-off', cooling, rejected, 'cooling-down'],
    ['reported', {}, reported, 'renew'],
    ['reported, but replaced', { value: 'newer' }, reported, 'serve'],
    ['reported, on a reader', reader, reported, 'wait'],
    ['just answered, operator asks', answered, normal, 'serve'],
    ['just refused, operator asks', refused, normal, 'refused'],
    [
      'just answered, but expired, operator asks',
      { ...answered, ...expired },
      normal,
      'renew',
    ],
    ['just refused, operator forces', refused, forced, 'renew'],
    ['just refused, rejected', refused, rejected, 'renew'],
    ['healthy, operator asks', {}, normal, 'renew'],
    ['classic, operator asks', isClassic, normal, 'serve'],
    [
      'classic and due, operator asks',
      { ...isClassic, due: true },
      normal,
      'renew',
    ],
    ['in back-off, operator asks', cooling, normal, 'renew'],
    ['healthy, operator forces', {}, forced, 'renew'],
    ['in back-off, operator forces', cooling, forced, 'renew'],
    ['leased by another, operator forces', leased, forced, 'wait'],
    ['held by another app', held, due, 'held'],
    ['held by another app, leased', { ...held, ...leased }, byCron, 'held'],
    ['held by another app, rejected', held, rejected, 'held'],
    ['held by another app, operator asks', held, normal, 'held'],
    ['held by another app, operator forces', held, forced, 'renew'],
  ] as const)('%s: %o asked %o → %s', (_, change, intent, decision) => {
    expect(decide({ ...healthy, ...change }, intent)).toBe(decision);
  });
});
