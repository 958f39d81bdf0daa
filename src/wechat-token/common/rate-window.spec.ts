import { ManualClock } from '../../testing/index.js';
import { RateWindow } from './rate-window.js';

const rate = {
  limit: 3,
  windowMs: 60_000,
  maxKeys: 5,
  whenFull: 'share',
} as const;

describe('RateWindow', () => {
  let clock: ManualClock;
  let window: RateWindow;
  beforeEach(() => {
    clock = new ManualClock();
    window = new RateWindow(clock, rate);
  });

  /** The number of hits that are counted. */
  const hits = (count: number, keyOf: (n: number) => string = () => 'a') =>
    Array.from({ length: count }, (_, n) => keyOf(n)).filter((key) =>
      window.hit(key),
    ).length;

  it('counts up to the limit in each window', async () => {
    expect(hits(2)).toBe(2);
    await clock.advance(60_000);
    expect(hits(10)).toBe(3);
  });

  it('blocks for a whole window from the hit that reaches the limit', async () => {
    hits(2);
    await clock.advance(59_000);
    expect(window.blockedMs('a')).toBe(0);
    hits(1);
    expect(window.blockedMs('a')).toBe(60_000);
    await clock.advance(59_999);
    expect(window.blockedMs('a')).toBe(1);
    expect(hits(1)).toBe(0);
    await clock.advance(1);
    expect(window.blockedMs('a')).toBe(0);
    expect(hits(10)).toBe(3);
  });

  it('counts each key by itself', () => {
    hits(3);
    expect(window.blockedMs('b')).toBe(0);
    expect(hits(10, () => 'b')).toBe(3);
  });

  it('counts the keys for which there is no room as one, until windows expire', async () => {
    expect(hits(100, (n) => `key ${n}`)).toBe(4 + 3);
    expect(window.blockedMs('key 3')).toBe(0);
    expect(window.blockedMs('key 4')).toBe(60_000);
    expect(window.bucketOf('key 5')).toBe(window.bucketOf('key 4'));
    expect(window['windows'].size).toBe(5);

    await clock.advance(60_000);
    expect(hits(1, () => 'key 4')).toBe(1);
    expect(window['windows'].size).toBe(1);
  });

  it('drops expired windows although a blocked key began before them', async () => {
    hits(2);
    await clock.advance(30_000);
    hits(1, () => 'b');
    await clock.advance(29_000);
    hits(1);
    await clock.advance(31_000);
    expect(window.blockedMs('a')).toBe(29_000);
    expect([...window['windows'].keys()]).toEqual(['a']);
  });
});
