/** The key is kept for this tab only, and is sent in a header only. */
const STORED_AS = 'api-key';

/** False where a larger app's guards let callers in: then requests carry the app's cookies, and no key is asked for. */
export const asksForKey =
  document
    .querySelector('meta[name="wechat-token-auth"]')
    ?.getAttribute('content') !== 'app';

export function storedKey(): string | null {
  return sessionStorage.getItem(STORED_AS);
}

export function storeKey(key: string): void {
  sessionStorage.setItem(STORED_AS, key);
}

export function forgetKey(): void {
  sessionStorage.removeItem(STORED_AS);
}

/** Other characters cannot stand in a header, so no such key exists. */
export function canBeKey(text: string): boolean {
  return /^[\x21-\x7e]+$/.test(text);
}
