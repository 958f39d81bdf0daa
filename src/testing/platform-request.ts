import type { PlatformAccount, Refusal } from './platform-account.js';
import type { Platform } from './platform.js';

/** A request to the platform. */
export interface PlatformRequest {
  readonly method: string;
  readonly path: string;
  readonly query: URLSearchParams;
  /** The parsed body if it is JSON, else its text; null without a body. */
  readonly body: unknown;
}

/**
 * The account of the access token of a call, or the refusal. A token of an
 * account that is not an `of`, such as of the other platform, is unknown there.
 */
export function checkToken<A extends PlatformAccount>(
  query: URLSearchParams,
  platform: Platform,
  now: number,
  of: abstract new (...args: never[]) => A,
): A | Refusal {
  const token = query.get('access_token');
  const account = token ? platform.ownerOf(token) : undefined;
  const errcode = token ? platform.faultOf(token, now) : 41001;
  if (account instanceof of && errcode === undefined) return account;
  platform.refused += 1;
  const isForeign = account && !(account instanceof of);
  return { errcode: isForeign ? 40014 : (errcode ?? 40014) };
}

export function field(body: unknown, name: string): unknown {
  return typeof body === 'object' && body !== null
    ? (body as Record<string, unknown>)[name]
    : undefined;
}
