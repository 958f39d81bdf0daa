import { useEffect, useState } from 'preact/hooks';
import type { TokenStatus } from '../wechat-token/http/admin/admin.types.js';

/** The filters of the list, as they stand in the page's address. */
export interface Filters {
  readonly statuses: readonly TokenStatus[];
  readonly kind: string;
  readonly search: string;
}

export type Route =
  | { readonly view: 'list'; readonly filters: Filters }
  | { readonly view: 'token'; readonly name: string };

/** Characters that the server searches for. */
export const MAX_SEARCH = 100;

/** The worst first. */
export const STATUSES: readonly TokenStatus[] = [
  'expired',
  'missing',
  'cooling-down',
  'due',
  'refreshing',
  'valid',
];

export const NO_FILTERS: Filters = { statuses: [], kind: '', search: '' };

export function hasFilters({ statuses, kind, search }: Filters): boolean {
  return statuses.length > 0 || kind !== '' || search !== '';
}

export function tokenHref(name: string): string {
  return `#/tokens/${encodeURIComponent(name)}`;
}

export function listHref({ statuses, kind, search }: Filters): string {
  const query = new URLSearchParams();
  if (statuses.length > 0) query.set('status', statuses.join(','));
  if (kind) query.set('kind', kind);
  if (search) query.set('search', search);
  const text = query.toString();
  return text ? `#/?${text}` : '#/';
}

export function routeOf(hash: string): Route {
  const name = /^#\/tokens\/([^?]+)/.exec(hash)?.[1];
  if (name !== undefined) return { view: 'token', name: decoded(name) };
  const query = new URLSearchParams(hash.split('?')[1] ?? '');
  const chosen = (query.get('status') ?? '').split(',');
  return {
    view: 'list',
    filters: {
      statuses: STATUSES.filter((status) => chosen.includes(status)),
      kind: /^[a-z_]{0,64}$/.exec(query.get('kind') ?? '')?.[0] ?? '',
      search: (query.get('search') ?? '').slice(0, MAX_SEARCH),
    },
  };
}

/** An address that somebody has typed may be encoded wrongly. */
function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** A place on this page. The server's base address is that of the assets, so a fragment alone would lead to another page. */
export function here(hash: string): string {
  return `${location.pathname}${location.search}${hash}`;
}

/** Without an entry in the history: Back leaves the list, not a letter of the search. */
export function replaceRoute(href: string): void {
  history.replaceState(null, '', here(href));
  dispatchEvent(new HashChangeEvent('hashchange'));
}

export function useHash(): string {
  const [hash, setHash] = useState(location.hash);
  useEffect(() => {
    const update = () => setHash(location.hash);
    addEventListener('hashchange', update);
    return () => removeEventListener('hashchange', update);
  }, []);
  return hash;
}
