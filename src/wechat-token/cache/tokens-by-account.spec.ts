import type { CachedToken } from './cached-token.js';
import { TokensByAccount } from './tokens-by-account.js';

const NOW = 1_000_000;
const SECOND = 1000;
const MINUTE = 60 * SECOND;

/** With an hour and 50 minutes until it is due, and two hours to live, unless told otherwise. */
const token = (
  value: string,
  given: Partial<CachedToken> = {},
): CachedToken => ({
  value,
  promise: Promise.resolve(value),
  version: 5,
  credentialId: 'c0ffee00',
  knownAt: NOW,
  refreshAt: NOW + 110 * MINUTE,
  serveUntil: NOW + 120 * MINUTE,
  expiresAt: NOW + 120 * MINUTE,
  ...given,
});

/** The minutes from now in which a token is carefree, of the first 130. */
function carefreeMinutes(held: CachedToken): number[] {
  const tokens = new TokensByAccount();
  tokens.set('shop', held);
  const minutes = Array.from({ length: 130 }, (_, minute) => minute);
  return minutes.filter(
    (minute) => tokens.carefree('shop', NOW + minute * MINUTE) === held.promise,
  );
}

describe('R1, R2 a carefree token', () => {
  it.each([
    {
      what: 'until a minute before it is due',
      times: {},
      minutes: 110,
    },
    {
      what: 'until five minutes before its end, however late it is due',
      times: { refreshAt: NOW + 119 * MINUTE },
      minutes: 116,
    },
    {
      what: 'never, when its life is shorter than that',
      times: {
        refreshAt: NOW + 3 * MINUTE,
        serveUntil: NOW + 4 * MINUTE,
      },
      minutes: 0,
    },
  ])('is so $what', ({ times, minutes }) => {
    const expected = Array.from({ length: minutes }, (_, minute) => minute);
    expect(carefreeMinutes(token('held', times))).toEqual(expected);
  });

  it('is found by one look, and again within the minute', () => {
    const tokens = new TokensByAccount();
    const held = token('held');
    tokens.set('shop', held);
    expect(tokens.carefree('shop', NOW)).toBe(held.promise);
    const closerLook = vi.spyOn(tokens, 'get');

    for (const at of [0, 1, 59 * SECOND])
      expect(tokens.carefree('shop', NOW + at)).toBe(held.promise);

    expect(closerLook).not.toHaveBeenCalled();
  });

  it('is the newest one, and none when the account is gone', () => {
    const tokens = new TokensByAccount();
    tokens.set('shop', token('old'));
    void tokens.carefree('shop', NOW);
    const newer = token('new');

    tokens.set('shop', newer);
    expect(tokens.carefree('shop', NOW)).toBe(newer.promise);
    tokens.set('shop', token('due', { refreshAt: NOW }));
    expect(tokens.carefree('shop', NOW)).toBeUndefined();
    tokens.delete('shop');
    expect(tokens.carefree('shop', NOW)).toBeUndefined();
    expect(tokens.carefree('nobody', NOW)).toBeUndefined();
  });

  it('is told from others, of which the first 100,000 are kept apart', () => {
    const tokens = new TokensByAccount();
    const last = 100_000;
    for (let i = 0; i <= last; i++) tokens.set(`${i}`, token(`token ${i}`));

    for (let time = 0; time < 2; time++)
      for (let i = 0; i <= last; i++)
        expect(tokens.carefree(`${i}`, NOW)).toBe(tokens.get(`${i}`)?.promise);
    expect(tokens['promises'].size).toBe(100_000);
  });
});
