import type {
  AdminRefreshRequest,
  AdminView,
  EventPage,
  FleetSummary,
  QuotaView,
  TokenPage,
  TokenStats,
  TokenStatus,
} from '../../wechat-token/http/admin/admin.types.js';
import type { RefreshOutcome } from '../../wechat-token/renewal/refresh-outcome.types.js';
import { ApiFailure, failureOf } from './api-failure.js';

/** A renewal may wait for two calls to WeChat, and for the lease. */
const TIMEOUT_MS = 60_000;

/** A page of the list. Empty fields do not filter. */
export interface ListQuery {
  readonly statuses: readonly TokenStatus[];
  readonly kind: string;
  readonly search: string;
  /** `next` of the previous page; empty for the first. */
  readonly after: string;
}

export const PAGE_SIZE = 50;
export const EVENT_PAGE_SIZE = 25;
/** Characters of the reason of a refresh. */
export const MAX_REASON = 200;

/** The admin routes. Each rejects with an {@link ApiFailure}, or with what aborted its signal. */
export interface Api {
  tokens(query: ListQuery, signal?: AbortSignal): Promise<TokenPage>;
  token(name: string, signal?: AbortSignal): Promise<AdminView>;
  summary(signal?: AbortSignal): Promise<FleetSummary>;
  stats(name: string, signal?: AbortSignal): Promise<TokenStats>;
  events(
    name: string,
    before: number | null,
    signal?: AbortSignal,
  ): Promise<EventPage>;
  quota(name: string, signal?: AbortSignal): Promise<QuotaView>;
  refresh(name: string, body: AdminRefreshRequest): Promise<RefreshOutcome>;
  /** @param query As {@link listQuery} or {@link tokenQuery} gives it. */
  stream(query: string, signal: AbortSignal): Promise<Response>;
}

interface Sent {
  readonly method?: 'POST';
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  readonly signal?: AbortSignal | undefined;
}

/** Where the page is mounted, the routes are beside it. */
export function apiRoot(pathname: string): string {
  return pathname.replace(/\/console\/?$/, '');
}

/**
 * @param key Null where no key is asked for.
 * @param onKeyRefused The key was right once, and is not any more.
 */
export function createApi(
  key: string | null,
  onKeyRefused: (failure: ApiFailure) => void,
): Api {
  const root = apiRoot(location.pathname);
  const authorization: Readonly<Record<string, string>> =
    key === null ? {} : { authorization: `Bearer ${key}` };

  async function send(path: string, init: Sent): Promise<Response> {
    const response = await fetch(root + path, {
      ...init,
      headers: { ...authorization, ...init.headers },
      cache: 'no-store',
      redirect: 'error',
      signal: init.signal ?? null,
    }).catch((error: unknown) => {
      if (init.signal?.aborted) throw error;
      throw new ApiFailure(0);
    });
    if (response.ok) return response;
    const failure = await failureOf(response);
    if (failure.status === 401) onKeyRefused(failure);
    throw failure;
  }

  async function request<T>(
    path: string,
    { signal, ...init }: Sent = {},
  ): Promise<T> {
    const timeout = AbortSignal.timeout(TIMEOUT_MS);
    const either = signal ? AbortSignal.any([signal, timeout]) : timeout;
    try {
      const response = await send(path, { ...init, signal: either });
      return (await response.json()) as T;
    } catch (error) {
      if (error instanceof ApiFailure || signal?.aborted) throw error;
      throw new ApiFailure(0);
    }
  }

  const pathOf = (name: string) => `/${encodeURIComponent(name)}`;
  return {
    tokens: (query, signal) => request(listQuery(query), { signal }),
    token: (name, signal) => request(pathOf(name), { signal }),
    summary: (signal) => request('/summary', { signal }),
    stats: (name, signal) => request(`${pathOf(name)}/stats`, { signal }),
    events: (name, before, signal) => {
      const page = before === null ? '' : `&before=${before}`;
      const query = `?limit=${EVENT_PAGE_SIZE}${page}`;
      return request(`${pathOf(name)}/events${query}`, { signal });
    },
    quota: (name, signal) => request(`${pathOf(name)}/quota`, { signal }),
    refresh: (name, body) =>
      request(`${pathOf(name)}/refresh`, {
        method: 'POST',
        headers: { 'content-type': 'application/json' },
        body: JSON.stringify(body),
      }),
    stream: (query, signal) =>
      send(`/stream${query}`, {
        signal,
        headers: { accept: 'text/event-stream' },
      }),
  };
}

export function listQuery({ statuses, kind, search, after }: ListQuery) {
  const query = new URLSearchParams({
    order: 'urgency',
    limit: String(PAGE_SIZE),
  });
  if (statuses.length > 0) query.set('status', statuses.join(','));
  if (kind) query.set('kind', kind);
  if (search) query.set('search', search);
  if (after) query.set('after', after);
  return `?${query.toString()}`;
}

export function tokenQuery(name: string): string {
  return `?${new URLSearchParams({ name }).toString()}`;
}
