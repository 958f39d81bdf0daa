import { hash, timingSafeEqual } from 'node:crypto';
import type { ApiKey, ApiKeySource, ApiScope } from '../../common/settings.js';

/** The owner of an API key, without the key. */
export type ApiClient = Omit<ApiKey, 'key'>;

/**
 * The configured API keys. Keys are compared as hashes in constant time. The fields are private at run time as well, so that
 * printing this object shows no key (R15).
 */
export class ApiKeys {
  readonly #source: ApiKeySource;
  /** The list that {@link #clients} was built from. */
  #hashed: readonly ApiKey[] = [];
  #clients: readonly { hash: Buffer; client: ApiClient }[] = [];

  constructor(source: ApiKeySource) {
    this.#source = source;
  }

  /** The client that the key belongs to at present; undefined for an unknown key. */
  find(key: string): ApiClient | undefined {
    const given = sha256(key);
    let found: ApiClient | undefined;
    // Always compares all keys: the response time must not depend on the position of the match.
    for (const known of this.clients())
      if (timingSafeEqual(known.hash, given)) found = known.client;
    return found;
  }

  private clients() {
    const keys = this.#source.current();
    if (keys !== this.#hashed) {
      this.#clients = keys.map(({ key, ...client }) => ({
        hash: sha256(key),
        client,
      }));
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
