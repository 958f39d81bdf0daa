import { isIP } from 'node:net';
import type { HttpRequest } from '../problem/http-request.js';

/**
 * The client's address without what some proxies add to it in X-Forwarded-For (`192.0.2.1:4711`, `[2001:db8::1]:443`); that of
 * the socket where a proxy names none.
 */
export function addressOf({
  ip = '',
  socket,
}: Pick<HttpRequest, 'ip' | 'socket'>): string {
  if (isIP(ip)) return ip;
  const address = ip
    .replace(/^\[([^\]]+)\](?::\d+)?$/, '$1')
    .replace(/^([\d.]+):\d+$/, '$1');
  return isIP(address) ? address : (socket?.remoteAddress ?? '');
}
