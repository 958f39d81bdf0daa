import type { HttpAdapterHost } from '@nestjs/core';

/** The end of an address in WeChat's shape, whatever prefix the routes have. */
const SHAPED = /\/cgi-bin\/(?:stable_)?token\/?$/i;

/** Which apps serve those addresses now: a body that their parsers refuse never reaches a route. */
const servers = new WeakMap<HttpAdapterHost, () => boolean>();

export function serveShaped(
  app: HttpAdapterHost,
  isServed: () => boolean,
): void {
  servers.set(app, isServed);
}

/** Whether this app answers at that URL as WeChat does. */
export function isShaped(app: HttpAdapterHost, url: string): boolean {
  const isServed = servers.get(app);
  return SHAPED.test(url.split('?')[0] ?? '') && (isServed?.() ?? false);
}
