/** The database of the app's tables. */
export type Database =
  | {
      readonly type: 'mysql' | 'mariadb' | 'postgres';
      readonly url: string;
      /** All that the URL says, as TypeORM takes it; what it leaves out is the driver's default. */
      readonly server: ServerOptions;
    }
  | { readonly type: 'better-sqlite3'; readonly path: string };

/** Where a server is, and who asks it. */
export interface ServerOptions {
  readonly host: string;
  readonly port?: number;
  readonly username?: string;
  readonly password?: string;
  readonly database: string;
}

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
  const type = SERVERS[parsed.protocol];
  const server = type && serverOptions(parsed);
  return server && { type, url, server };
}

/** The parameters of the URL. None is used: drivers take some, and ignore others. */
export function refusedParameters(database: Database): string[] {
  const url = database.type === 'better-sqlite3' ? database.path : database.url;
  const [, after = ''] = /[?#](.*)$/s.exec(url) ?? [];
  const names = [...new URLSearchParams(after.split('#')[0]).keys()];
  return [...names, ...(url.includes('#') ? ['#'] : [])];
}

/** The URL without user and password, for messages. */
export function describeDatabase(database: Database): string {
  if (database.type === 'better-sqlite3') return `sqlite:${database.path}`;
  const { protocol, host, pathname } = new URL(database.url);
  return `${protocol}//${host}${pathname}`;
}

/** Undefined for a bare % that stands for itself. */
function serverOptions(url: URL): ServerOptions | undefined {
  // An IPv6 address has its brackets in URLs only.
  const host = url.hostname.replace(/^\[(.*)\]$/, '$1');
  try {
    return {
      host: decodeURIComponent(host),
      ...(url.port && { port: Number(url.port) }),
      ...(url.username && { username: decodeURIComponent(url.username) }),
      ...(url.password && { password: decodeURIComponent(url.password) }),
      database: decodeURIComponent(url.pathname.slice(1)),
    };
  } catch {
    return undefined;
  }
}
