import { isIP } from 'node:net';
import type { NestExpressApplication } from '@nestjs/platform-express';

/** Express's names of address ranges. */
const RANGES = new Set(['loopback', 'linklocal', 'uniquelocal']);
const MAX_HOPS = 32;

/** The trusted proxies, as Express's `trust proxy`: their number, or their addresses. */
export type TrustProxy = number | readonly string[];

/** Parses TRUST_PROXY; undefined when invalid. Trusting all proxies is not allowed: any client could forge its address. */
export function parseTrustProxy(text: string): TrustProxy | undefined {
  if (/^\d+$/.test(text)) {
    const hops = Number(text);
    return hops <= MAX_HOPS ? hops : undefined;
  }
  const proxies = text.split(',').map((part) => part.trim());
  return proxies.every(isProxy) ? proxies : undefined;
}

/** Express compares the addresses of the header as they stand, but some proxies add a port or brackets. */
export function trustProxy(
  app: NestExpressApplication,
  proxies: TrustProxy,
): void {
  app.set('trust proxy', proxies);
  const express = app.getHttpAdapter().getInstance() as ExpressSettings;
  const trusts = express.get('trust proxy fn');
  app.set('trust proxy', (address: string, hop: number) =>
    trusts(withoutPort(address), hop),
  );
}

function withoutPort(address: string): string {
  return address
    .replace(/^\[([^\]]+)\](?::\d+)?$/, '$1')
    .replace(/^([\d.]+):\d+$/, '$1');
}

interface ExpressSettings {
  get(setting: 'trust proxy fn'): (address: string, hop: number) => boolean;
}

function isProxy(text: string): boolean {
  if (RANGES.has(text)) return true;
  const [address = '', bits, ...rest] = text.split('/');
  const family = isIP(address);
  if (family === 0 || rest.length > 0) return false;
  if (bits === undefined) return true;
  const max = family === 6 ? 128 : 32;
  return /^\d{1,3}$/.test(bits) && Number(bits) >= 1 && Number(bits) <= max;
}
