import { hash } from 'node:crypto';

/** The first 8 hex digits of the SHA-256 of a value: distinguishes tokens in logs and events without showing them (R15). */
export function fingerprint(value: string): string {
  return hash('sha256', value).slice(0, 8);
}

/** A token's first and last characters, `s1_m…iqDj`: enough for a person to recognise it, too few to use it (R15). */
export function mask(value: string): string {
  return value.length < 24 ? '…' : `${value.slice(0, 4)}…${value.slice(-4)}`;
}
