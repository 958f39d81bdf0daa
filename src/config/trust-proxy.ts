import { isIP } from 'node:net';

/** Names that Express knows for ranges of addresses. */
const RANGES = new Set(['loopback', 'linklocal', 'uniquelocal']);
const MOST_HOPS = 32;

/** Which proxies may say whose request it is: so many of them, or those with these addresses; as Express takes it. */
export type TrustProxy = number | readonly string[];

/** Undefined for what is neither; "all of them" is none of it, since then every client could choose its address. */
export function parseTrustProxy(text: string): TrustProxy | undefined {
  if (/^\d+$/.test(text)) {
    const hops = Number(text);
    return hops <= MOST_HOPS ? hops : undefined;
  }
  const proxies = text.split(',').map((part) => part.trim());
  return proxies.every(isProxy) ? proxies : undefined;
}

function isProxy(text: string): boolean {
  if (RANGES.has(text)) return true;
  const [address = '', bits, ...rest] = text.split('/');
  const family = isIP(address);
  if (family === 0 || rest.length > 0) return false;
  if (bits === undefined) return true;
  const most = family === 6 ? 128 : 32;
  return /^\d{1,3}$/.test(bits) && Number(bits) >= 1 && Number(bits) <= most;
}
