import { Reflector } from '@nestjs/core';
import type { ApiScope } from '../wechat-token.settings.js';

/** Routes that an option of `http` switches on and off together. */
export type RouteGroup = 'admin' | 'tokens';

/** The group of a controller. */
export const Group = Reflector.createDecorator<RouteGroup>();

/** The scope that a key must have for a route. */
export const Needs = Reflector.createDecorator<ApiScope>();

/** What Express's and Fastify's requests have in common. */
export interface HttpRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, string | string[] | undefined>>;
  /** Undefined when there is none, or none that the app could parse. */
  readonly body?: unknown;
  readonly params: Readonly<Record<string, string | undefined>>;
  /** The client's address; behind a proxy, its own, unless the app trusts that proxy. */
  readonly ip?: string;
  /** Whoever the app's own guards have found. */
  readonly user?: { readonly id?: unknown };
}
