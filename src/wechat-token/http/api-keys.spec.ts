import { inspect } from 'node:util';
import { ApiKeys, permits } from './api-keys.js';

const key = 'a-key-of-sixteen-characters-or-more';
const shop = { id: 'shop', key, scopes: ['tokens:issue'] as const };

describe('API keys', () => {
  it('find the client, without its key', () => {
    expect(new ApiKeys([shop]).find(key)).toEqual({
      id: 'shop',
      scopes: ['tokens:issue'],
    });
  });

  it.each(['', key.slice(1), `${key} `, key.toUpperCase()])(
    'let nobody in with %j',
    (wrong) => {
      expect(new ApiKeys([shop]).find(wrong)).toBeUndefined();
    },
  );

  it('R15: are kept as hashes only', () => {
    expect(inspect(new ApiKeys([shop]), { depth: 10 })).not.toContain(key);
  });

  it('permit what their scopes and accounts say', () => {
    const client = { id: 'x', scopes: ['tokens:issue'] as const };
    expect(permits(client, 'tokens:issue', 'any')).toBe(true);
    expect(permits(client, 'tokens:read', 'any')).toBe(false);
    const limited = { ...client, accounts: ['shop'] };
    expect(permits(limited, 'tokens:issue', 'shop')).toBe(true);
    expect(permits(limited, 'tokens:issue', 'default')).toBe(false);
  });
});
