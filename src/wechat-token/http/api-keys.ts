import { createHash, timingSafeEqual } from 'node:crypto';
import type { ApiKey, ApiScope } from '../wechat-token.settings.js';

/** Who a key belongs to, without the key. */
export type ApiClient = Omit<ApiKey, 'key'>;

/** The keys, as hashes only: neither a dump of this process nor the time a comparison takes gives one away. */
export class ApiKeys {
  private readonly clients: readonly { hash: Buffer; client: ApiClient }[];

  constructor(keys: readonly ApiKey[]) {
    this.clients = keys.map(({ key, ...client }) => ({
      hash: sha256(key),
      client,
    }));
  }

  /** Without keys nobody is let in. */
  get isEmpty(): boolean {
    return this.clients.length === 0;
  }

  /** The client that this key belongs to; undefined for a key that is none. */
  find(key: string): ApiClient | undefined {
    const hash = sha256(key);
    let found: ApiClient | undefined;
    // All of them, always: stopping at the match would tell where it is.
    for (const known of this.clients)
      if (timingSafeEqual(known.hash, hash)) found = known.client;
    return found;
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
