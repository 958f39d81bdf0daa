import fc from 'fast-check';
import type { CachedToken } from './cached-token.js';
import { TokensOfKind } from './tokens-of-kind.js';

function token(value: string, refreshAt = 1000): CachedToken {
  return {
    value,
    promise: Promise.resolve(value),
    version: 1,
    credentialId: 'c0ffee00',
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

    expect(tokens.fresh('shop', 999)).toBe(shop.promise);
    expect(tokens.fresh('shop', 1000)).toBeUndefined();
    expect(tokens.fresh('unknown', 0)).toBeUndefined();
    expect(tokens.get('shop')).toBe(shop);
  });

  it('gives the newest token and its own refresh time once the token is replaced', () => {
    const tokens = new TokensOfKind();
    tokens.set('shop', token('old', 1000));
    const renewed = token('new', 5000);
    tokens.set('shop', renewed);

    expect(tokens.fresh('shop', 4999)).toBe(renewed.promise);
    expect(tokens.size).toBe(1);
  });

  it('gives nothing for a dropped token, and every other one as before', () => {
    const tokens = new TokensOfKind();
    for (const name of ['a', 'b', 'c']) tokens.set(name, token(name));
    tokens.keep((account) => account !== 'a');

    expect(tokens.get('a')).toBeUndefined();
    expect(tokens.fresh('a', 0)).toBeUndefined();
    for (const name of ['b', 'c']) {
      expect(tokens.get(name)?.value).toBe(name);
      expect(tokens.fresh(name, 0)).toBe(tokens.get(name)?.promise);
    }
  });

  it('is a map, whatever is set and deleted in whatever order', () => {
    const account = fc.constantFrom('a', 'b', 'c', 'd', 'e');
    const step = fc.tuple(account, fc.option(fc.nat(2000)));
    fc.assert(
      fc.property(fc.array(step, { maxLength: 40 }), (steps) => {
        const tokens = new TokensOfKind();
        const model = new Map<string, CachedToken>();
        for (const [name, refreshAt] of steps) {
          if (refreshAt === null) {
            tokens.delete(name);
            model.delete(name);
          } else {
            const one = token(name, refreshAt);
            tokens.set(name, one);
            model.set(name, one);
          }
          expect(tokens.size).toBe(model.size);
          for (const key of 'abcde') {
            const expected = model.get(key);
            const isFresh = expected && 1000 < expected.refreshAt;
            expect(tokens.get(key)).toBe(expected);
            expect(tokens.fresh(key, 1000)).toBe(
              isFresh ? expected.promise : undefined,
            );
          }
        }
      }),
    );
  });
});
