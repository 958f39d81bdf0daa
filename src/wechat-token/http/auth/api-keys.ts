import { hash, timingSafeEqual } from 'node:crypto';
import { isDeepStrictEqual } from 'node:util';
import { hashOfKey } from '../../common/api-key.js';
import type { ApiKey, ApiKeySource, ApiScope } from '../../common/settings.js';

/** The owner of an API key, without the key. */
export type ApiClient = Omit<ApiKey, 'key'>;

interface Known {
  readonly hash: Buffer;
  readonly client: ApiClient;
}

/**
 * The configured API keys. Keys are compared as hashes in constant time. The fields are private at run time as well, so that
 * printing this object shows no key (R15).
 */
export class ApiKeys {
  readonly #source: ApiKeySource;
  /** The list that {@link #clients} was built from. */
  #hashed: readonly ApiKey[] = [];
  /** By the hash, in hex. */
  #clients: ReadonlyMap<string, Known> = new Map();

  constructor(source: ApiKeySource) {
    this.#source = source;
  }

  /** The client that the key belongs to at present; undefined for an unknown key. */
  find(key: string): ApiClient | undefined {
    const given = sha256(key);
    let found: ApiClient | undefined;
    // Always compares all keys: the response time must not depend on the position of the match.
    for (const known of this.clients().values())
      if (timingSafeEqual(known.hash, given)) found = known.client;
    return found;
  }

  /** Whether a client that was found before still has this key, with the same rights. */
  isCurrent(client: ApiClient): boolean {
    const all = [...this.clients().values()];
    return all.some((known) => known.client === client);
  }

  private clients() {
    const keys = this.#source.current();
    if (keys !== this.#hashed) {
      const before = this.#clients;
      this.#clients = new Map(
        keys.map(({ key, ...client }) => {
          const hex = hashOfKey(key);
          const known = before.get(hex);
          const isSame = known && isDeepStrictEqual(known.client, client);
          const hash = Buffer.from(hex, 'hex');
          return [hex, isSame ? known : { hash, client }];
        }),
      );
      this.#hashed = keys;
    }
    return this.#clients;
  }
}

/** Whether the client's key has this scope and is valid for this account. */
export function permits(
  client: ApiClient,
  scope: ApiScope,
  account: string,
): boolean {
  return (
    client.scopes.includes(scope) &&
    (client.accounts?.includes(account) ?? true)
  );
}

/** By way of a string: `hash` takes four times as long to make a buffer of its own. */
function sha256(text: string): Buffer {
  return Buffer.from(hash('sha256', text, 'binary'), 'binary');
}
