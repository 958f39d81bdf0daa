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
