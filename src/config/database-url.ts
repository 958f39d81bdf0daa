/** Where the tables are. */
export type Database =
  | { readonly type: 'mysql' | 'mariadb'; readonly url: string }
  | { readonly type: 'better-sqlite3'; readonly path: string };

/** Undefined for an address that is none of `mysql://…`, `mariadb://…` and `sqlite:path`. */
export function parseDatabaseUrl(url: string): Database | undefined {
  const sqlite = /^sqlite:(?:\/\/)?(.+)$/.exec(url)?.[1];
  if (sqlite) return { type: 'better-sqlite3', path: sqlite };
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  // A MySQL address without a database would fail only at the first statement.
  if (!parsed?.hostname || !/^\/[^/]+$/.test(parsed.pathname)) return undefined;
  // An @ behind the host ends a password that was not escaped.
  if ((parsed.pathname + parsed.search + parsed.hash).includes('@'))
    return undefined;
  // The driver decodes them; a bare % in a password would fail there without a word of why.
  if (!canDecode(parsed.username + parsed.password)) return undefined;
  if (parsed.protocol === 'mysql:') return { type: 'mysql', url };
  if (parsed.protocol === 'mariadb:') return { type: 'mariadb', url };
  return undefined;
}

/** The address without its password, for messages. */
export function describeDatabase(database: Database): string {
  if (database.type === 'better-sqlite3') return `sqlite:${database.path}`;
  const { protocol, host, pathname } = new URL(database.url);
  return `${protocol}//${host}${pathname}`;
}

function canDecode(text: string): boolean {
  try {
    decodeURIComponent(text);
    return true;
  } catch {
    return false;
  }
}
