/** The database of the app's tables. */
export type Database =
  | { readonly type: 'mysql' | 'mariadb'; readonly url: string }
  | { readonly type: 'better-sqlite3'; readonly path: string };

/** Parses DATABASE_URL; undefined for anything but `mysql://…`, `mariadb://…` and `sqlite:path`. */
export function parseDatabaseUrl(url: string): Database | undefined {
  const sqlite = /^sqlite:(?:\/\/)?(.+)$/.exec(url)?.[1];
  if (sqlite) return { type: 'better-sqlite3', path: sqlite };
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  // A MySQL URL without a database would fail only at the first statement.
  if (!parsed?.hostname || !/^\/[^/]+$/.test(parsed.pathname)) return undefined;
  // An @ after the host is the end of a password that was not percent-encoded.
  if ((parsed.pathname + parsed.search + parsed.hash).includes('@'))
    return undefined;
  // The driver decodes both, and fails on a bare % in a password without naming the cause.
  if (!canDecode(parsed.username + parsed.password)) return undefined;
  if (parsed.protocol === 'mysql:') return { type: 'mysql', url };
  if (parsed.protocol === 'mariadb:') return { type: 'mariadb', url };
  return undefined;
}

/** The URL without user and password, for messages. */
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
