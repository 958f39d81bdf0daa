import type { IncomingHttpHeaders } from 'node:http';

/** The common part of Express's and Fastify's requests. */
export interface HttpRequest {
  readonly method: string;
  readonly url: string;
  readonly headers: IncomingHttpHeaders;
  /** Undefined when the request has no body, or one that no parser of the app accepts. */
  readonly body?: unknown;
  readonly query: Readonly<Record<string, unknown>>;
  readonly params: Readonly<Record<string, string | undefined>>;
  /** The client's address; the proxy's own if the app is behind a proxy that it does not trust. */
  readonly ip?: string;
  readonly socket?: { readonly remoteAddress?: string | undefined };
  /** The user that the app's own guards have authenticated. */
  readonly user?: { readonly id?: unknown };
}
