import { hash } from 'node:crypto';

/** First 8 hex of the SHA-256 of a value: tells two tokens apart in logs and events without showing either (R15). */
export function fingerprint(value: string): string {
  return hash('sha256', value).slice(0, 8);
}

/** `s1_m…iqDj`: enough for a person to recognise a token, far too little to use it (R15). */
export function mask(value: string): string {
  return value.length < 24 ? '…' : `${value.slice(0, 4)}…${value.slice(-4)}`;
}
