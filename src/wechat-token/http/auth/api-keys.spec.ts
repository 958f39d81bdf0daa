import { inspect } from 'node:util';
import type { ApiKey } from '../../common/settings.js';
import { ApiKeys, permits } from './api-keys.js';

const key = 'a-key-of-sixteen-characters-or-more';
const shop = { id: 'shop', key, scopes: ['tokens:issue'] as const };

const keysOf = (...keys: readonly ApiKey[]) =>
  new ApiKeys({ current: () => keys });

describe('API keys', () => {
  it('find the client, without its key', () => {
    expect(keysOf(shop).find(key)).toEqual({
      id: 'shop',
      scopes: ['tokens:issue'],
    });
  });

  it.each(['', key.slice(1), `${key} `, key.toUpperCase()])(
    'accept no key with %j',
    (wrong) => {
      expect(keysOf(shop).find(wrong)).toBeUndefined();
    },
  );

  it('R15: are not shown by what prints them', () => {
    const keys = keysOf(shop);
    expect(keys.find(key)).toBeDefined();
    const printed = inspect(keys, { depth: 10, showHidden: true });
    expect(printed + JSON.stringify(keys)).not.toContain(key);
  });

  it('are those that their source gives now, several at a time', () => {
    const next = { ...shop, id: 'shop-2', key: `${key}-2` };
    let current: readonly ApiKey[] = [];
    const keys = new ApiKeys({ current: () => current });
    const letIn = () => [key, next.key].map((k) => keys.find(k)?.id);
    expect(letIn()).toEqual([undefined, undefined]);
    current = [shop];
    expect(letIn()).toEqual(['shop', undefined]);
    current = [shop, next];
    expect(letIn()).toEqual(['shop', 'shop-2']);
    current = [next];
    expect(letIn()).toEqual([undefined, 'shop-2']);
  });

  it('are hashed once for each list, not for each request', () => {
    let reads = 0;
    const counted = {
      ...shop,
      get key() {
        reads++;
        return key;
      },
    };
    const keys = keysOf(counted);
    for (let request = 0; request < 100; request++) keys.find(key);
    expect(reads).toBe(1);
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
