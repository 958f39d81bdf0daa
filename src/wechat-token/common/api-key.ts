import { hash } from 'node:crypto';

/** A key that is given by its hash, so that the settings do not hold it. */
const HASHED = /^sha256:([0-9a-f]{64})$/i;
/** Printable ASCII without blanks. */
const PLAIN = /^[!-~]{32,}$/;
const MIN_DIFFERENT = 10;

/** Whether this may be an API key: hard to guess, and possible to send in a header and in a URL; or the hash of one. */
export function isApiKey(key: string): boolean {
  if (key.startsWith('sha256:')) return HASHED.test(key);
  return PLAIN.test(key) && new Set(key).size >= MIN_DIFFERENT;
}

/** The SHA-256 of a configured key, in hex: of the key itself, or as it is given in place of the key. */
export function hashOfKey(key: string): string {
  return HASHED.exec(key)?.[1]?.toLowerCase() ?? hash('sha256', key);
}
