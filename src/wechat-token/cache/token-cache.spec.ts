import type { TokenToCache } from './cached-token.js';
import { TokenCache } from './token-cache.js';

const NAME = 'access_token';
const NOW = 1000;

/** Read from its row at `NOW`, with 7000 to live; issued 200 before, and written 100 before. */
const token = (
  value: string,
  given: Partial<TokenToCache> = {},
): TokenToCache => ({
  value,
  credentialId: 'c0ffee00',
  appId: 'wx0123456789abcdef',
  application: 'wx0123456789abcdef',
  version: 5,
  issuedAt: NOW - 200,
  writtenAt: NOW - 100,
  askedAt: NOW - 1,
  knownAt: NOW,
  refreshAt: NOW + 6000,
  serveUntil: NOW + 7000,
  expiresAt: NOW + 7200,
  ...given,
});

/** What is served after the second was learned after the first. */
function served(first: TokenToCache, second: TokenToCache): string | undefined {
  const memory = new TokenCache();
  memory.adopt(NAME, first);
  memory.adopt(NAME, second);
  return memory.usable(NAME, NOW + 1)?.value;
}

describe('what this process knows of a token', () => {
  it.each([
    {
      what: 'a newer version replaces an older one, whenever it was asked for',
      known: {},
      learned: { version: 6, askedAt: NOW - 500 },
      replaced: true,
    },
    {
      what: 'a lower version that was asked for later does: a failover has lost commits',
      known: {},
      learned: { version: 2, askedAt: NOW + 1 },
      replaced: true,
    },
    {
      what: 'a lower version that was written before the known one was issued does not: its row was put back from a backup',
      known: {},
      learned: { version: 2, askedAt: NOW + 1, writtenAt: NOW - 201 },
      replaced: false,
    },
    {
      what: 'a lower version that was asked for before does not: it was overtaken on its way',
      known: {},
      learned: { version: 2, askedAt: NOW - 1 },
      replaced: false,
    },
    {
      what: 'the row as it is does not replace a token of its version that is not stored yet',
      known: { knownAt: Infinity },
      learned: { askedAt: NOW + 5000 },
      replaced: false,
    },
    {
      what: 'a newer version does replace a token that is not stored yet',
      known: { knownAt: Infinity },
      learned: { version: 6 },
      replaced: true,
    },
    {
      what: 'anything replaces a token that has ended, stored or not',
      known: { knownAt: Infinity, serveUntil: NOW - 100 },
      learned: { version: 1, askedAt: NOW },
      replaced: true,
    },
  ])('$what', ({ known, learned, replaced }) => {
    const got = served(token('known', known), token('learned', learned));
    expect(got).toBe(replaced ? 'learned' : 'known');
  });

  it('the same value keeps its promise, and gets the life that was learned last', async () => {
    const memory = new TokenCache();
    memory.adopt(NAME, token('same', { knownAt: Infinity }));
    const before = memory.usable(NAME, NOW);

    const life = { version: 3, serveUntil: NOW + 9000, expiresAt: NOW + 9200 };
    memory.adopt(NAME, token('same', life));

    const after = memory.usable(NAME, NOW + 8000);
    expect(after).toMatchObject(life);
    expect(after?.promise).toBe(before?.promise);
    expect(await after?.promise).toBe('same');
  });

  it('is found by the account alone, each kind apart', () => {
    const memory = new TokenCache();
    const accessTokens = memory.ofKind('access_token');
    memory.adopt('access_token', token('of the default account'));
    memory.adopt('access_token:shop', token('of the shop'));
    memory.adopt('jsapi_ticket:shop', token('a ticket'));

    expect(accessTokens.get('default')?.value).toBe('of the default account');
    expect(accessTokens.get('shop')?.value).toBe('of the shop');
    expect(memory.ofKind('jsapi_ticket').get('shop')?.value).toBe('a ticket');
    expect(accessTokens.size).toBe(2);
    expect(memory.usable('jsapi_ticket', NOW)).toBeUndefined();
  });

  it('a renewal is due when the token ends, if not before', () => {
    const memory = new TokenCache();
    const refreshAt = () => memory.usable(NAME, NOW)?.refreshAt;

    memory.adopt(NAME, token('cooling down', { refreshAt: Infinity }));
    expect(refreshAt()).toBe(NOW + 7000);
    memory.adopt(NAME, token('held', { version: 6 }));
    memory.delayRenewal(NAME, Infinity);
    expect(refreshAt()).toBe(NOW + 7000);
  });

  it('a renewal is put off to a later instant only, and the token stays', () => {
    const memory = new TokenCache();
    memory.adopt(NAME, token('held'));
    const refreshAt = () => memory.usable(NAME, NOW)?.refreshAt;

    memory.delayRenewal(NAME, NOW + 5000);
    expect(refreshAt()).toBe(NOW + 6000);
    memory.delayRenewal(NAME, NOW + 6500);
    expect(refreshAt()).toBe(NOW + 6500);
    memory.delayRenewal('access_token:unknown', NOW);
    expect(memory.usable('access_token:unknown', NOW)).toBeUndefined();
  });
});
