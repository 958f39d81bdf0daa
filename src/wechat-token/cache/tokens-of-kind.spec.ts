import fc from 'fast-check';
import type { CachedToken } from './cached-token.js';
import { TokensOfKind } from './tokens-of-kind.js';

function token(value: string, refreshAt = 1000): CachedToken {
  return {
    value,
    promise: Promise.resolve(value),
    version: 1,
    credentialId: 'c0ffee00',
    appId: 'wx0123456789abcdef',
    application: 'wx0123456789abcdef',
    issuedAt: 0,
    knownAt: 0,
    refreshAt,
    serveUntil: 2000,
    expiresAt: 3000,
  };
}

describe('R1 the tokens of one kind', () => {
  it('gives the same promise for a token that is not due, and nothing for one that is', () => {
    const tokens = new TokensOfKind();
    const shop = token('of the shop', 1000);
    tokens.set('shop', shop);

    expect(tokens.freshPromise('shop', 999)).toBe(shop.promise);
    expect(tokens.freshPromise('shop', 1000)).toBeUndefined();
    expect(tokens.freshPromise('unknown', 0)).toBeUndefined();
    expect(tokens.get('shop')).toBe(shop);
  });

  it('is one map lookup for a token that was read before and is not due within a minute', () => {
    const tokens = new TokensOfKind();
    const shop = token('of the shop', 1_000_000);
    tokens.set('shop', shop);
    void tokens.freshPromise('shop', 0);
    const lookup = vi.spyOn(tokens['tokens'], 'get');

    for (const now of [0, 1, 59_999])
      expect(tokens.freshPromise('shop', now)).toBe(shop.promise);
    expect(lookup).not.toHaveBeenCalled();
  });

  it('gives the newest token once it is replaced, and nothing once it is dropped', () => {
    const tokens = new TokensOfKind();
    for (const name of ['a', 'b']) tokens.set(name, token('old', 1_000_000));
    for (const name of ['a', 'b']) void tokens.freshPromise(name, 0);
    const renewed = token('new', 2_000_000);
    tokens.set('a', renewed);
    tokens.keep((account) => account === 'a');

    expect(tokens.freshPromise('a', 0)).toBe(renewed.promise);
    expect(tokens.freshPromise('b', 0)).toBeUndefined();
    expect(tokens.size).toBe(1);
  });

  it('never gives a token that is due, whatever is read, set and deleted in whatever order', () => {
    const account = fc.constantFrom('a', 'b', 'c', 'd');
    const change = fc.option(fc.nat(300_000));
    const step = fc.tuple(account, change, fc.nat(50_000));
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const tokens = new TokensOfKind();
        const model = new Map<string, CachedToken>();
        let now = 0;
        for (const [name, refreshAt, ms] of steps) {
          now += ms;
          if (refreshAt === null) {
            tokens.delete(name);
            model.delete(name);
          } else {
            const one = token(name, refreshAt);
            tokens.set(name, one);
            model.set(name, one);
          }
          expect(tokens.size).toBe(model.size);
          for (const key of 'abcd') {
            const expected = model.get(key);
            const isFresh = expected && now < expected.refreshAt;
            expect(tokens.get(key)).toBe(expected);
            expect(tokens.freshPromise(key, now)).toBe(
              isFresh ? expected.promise : undefined,
            );
          }
        }
      }),
    );
  });
});
