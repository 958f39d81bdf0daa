import { createHash, timingSafeEqual } from 'node:crypto';
import type { ApiKey, ApiKeySource, ApiScope } from '../../common/settings.js';

/** Who a key belongs to, without the key. */
export type ApiClient = Omit<ApiKey, 'key'>;

/**
 * The keys, compared as hashes: the time that it takes gives none away. Its fields are private at run time, too, so that
 * nothing that prints this object shows a key (R15).
 */
export class ApiKeys {
  readonly #source: ApiKeySource;
  /** What {@link #clients} were made from. */
  #hashed: readonly ApiKey[] = [];
  #clients: readonly { hash: Buffer; client: ApiClient }[] = [];

  constructor(source: ApiKeySource) {
    this.#source = source;
  }

  /** Without keys nobody is let in. */
  get isEmpty(): boolean {
    return this.clients().length === 0;
  }

  /** The client that this key belongs to now; undefined for a key that is none. */
  find(key: string): ApiClient | undefined {
    const hash = sha256(key);
    let found: ApiClient | undefined;
    // All of them, always: stopping at the match would tell where it is.
    for (const known of this.clients())
      if (timingSafeEqual(known.hash, hash)) found = known.client;
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

/** Whether the client may do this with this account's tokens. */
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

function sha256(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
