import { isLoopback } from '../wechat-token/index.js';
import type { DatabaseTls } from './database-tls.js';

/** The database of the app's tables. */
export type Database =
  | {
      readonly type: 'mysql' | 'mariadb' | 'postgres';
      readonly url: string;
      /** All that the URL says, as TypeORM takes it; what it leaves out is the driver's default. */
      readonly server: ServerOptions;
      readonly tls: DatabaseTls;
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

/** Parses DATABASE_URL, without its parameters; undefined for anything but `mysql://…`, `mariadb://…`, `postgres://…`, `postgresql://…` and `sqlite:path`. */
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
  return server && { type, url, server, tls: unsetTls(server.host) };
}

/** Whether what is sent to the host crosses no network: this machine itself, or the folder of a socket. */
export function isLocal(host: string): boolean {
  return isLoopback(host) || host.startsWith('/');
}

/** The parameters of the URL, each with its value. */
export function parametersOf(database: Database): [string, string][] {
  const url = database.type === 'better-sqlite3' ? database.path : database.url;
  const [, after = ''] = /[?#](.*)$/s.exec(url) ?? [];
  const pairs = [...new URLSearchParams(after.split('#')[0])];
  return [...pairs, ...(url.includes('#') ? [['#', ''] as const] : [])].map(
    ([name, value]) => [name, value],
  );
}

/** The URL without user and password, for messages. */
export function describeDatabase(database: Database): string {
  if (database.type === 'better-sqlite3') return `sqlite:${database.path}`;
  const { protocol, host, pathname } = new URL(database.url);
  return `${protocol}//${host}${pathname}`;
}

/** Neither setting nor address says anything of TLS. */
function unsetTls(host: string): DatabaseTls {
  return { mode: isLocal(host) ? 'off' : 'prefer' };
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
