/** The database of the app's tables. */
export type Database =
  | { readonly type: 'mysql' | 'mariadb' | 'postgres'; readonly url: string }
  | { readonly type: 'better-sqlite3'; readonly path: string };

const SERVERS: Readonly<Record<string, 'mysql' | 'mariadb' | 'postgres'>> = {
  'mysql:': 'mysql',
  'mariadb:': 'mariadb',
  'postgres:': 'postgres',
  'postgresql:': 'postgres',
};

/** Parses DATABASE_URL; undefined for anything but `mysql://…`, `mariadb://…`, `postgres://…`, `postgresql://…` and `sqlite:path`. */
export function parseDatabaseUrl(url: string): Database | undefined {
  const sqlite = /^sqlite:(?:\/\/)?(.+)$/.exec(url)?.[1];
  if (sqlite) return { type: 'better-sqlite3', path: sqlite };
  const parsed = URL.canParse(url) ? new URL(url) : undefined;
  // A URL without a database would fail only at the first statement.
  if (!parsed?.hostname || !/^\/[^/]+$/.test(parsed.pathname)) return undefined;
  // An @ after the host is the end of a password that was not percent-encoded.
  if ((parsed.pathname + parsed.search + parsed.hash).includes('@'))
    return undefined;
  // The driver decodes both, and fails on a bare % in a password without naming the cause.
  if (!canDecode(parsed.username + parsed.password)) return undefined;
  const type = SERVERS[parsed.protocol];
  return type && { type, url };
}

/** The parameters in the URL, of which none may be passed on to PostgreSQL: its driver takes some, and ignores others. */
export function refusedParameters(database: Database): string[] {
  if (database.type !== 'postgres') return [];
  const { searchParams, hash } = new URL(database.url);
  return [...searchParams.keys(), ...(hash ? ['#'] : [])];
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
