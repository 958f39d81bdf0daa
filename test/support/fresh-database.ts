import { randomBytes } from 'node:crypto';
import { isPostgresUrl, queryOnce } from './connect.js';

export type DatabaseKind = 'mariadb' | 'mysql' | 'postgres';

/** A server that is running and accepts `url`. */
export interface ServerAddress {
  readonly kind: DatabaseKind;
  /** What it says of itself, e.g. `10.11.19-MariaDB`, `9.7.4` or `15.14`. */
  readonly version: string;
  /** With a user that may create databases; any database in its path is never touched. */
  readonly url: string;
  /** The prefix of every database name that this run creates there, to recognise leftovers. */
  readonly databasePrefix: string;
}

export interface FreshDatabase {
  /** For `DATABASE_URL`: the server's URL with this database in its path. */
  readonly url: string;
  readonly name: string;
  drop(): Promise<void>;
}

/** A prefix of this run's own: two runs may share a server. */
export function newDatabasePrefix(): string {
  return `wechat_token_test_${randomBytes(4).toString('hex')}_`;
}

/** An empty database on the server, for texts of every language, with a random name unless one is given. */
export async function createDatabase(
  server: Pick<ServerAddress, 'url' | 'databasePrefix'>,
  name = server.databasePrefix + randomBytes(4).toString('hex'),
): Promise<FreshDatabase> {
  const options = isPostgresUrl(server.url) ? '' : 'CHARACTER SET utf8mb4';
  await run(
    server.url,
    `CREATE DATABASE ${quote(server.url, name)} ${options}`,
  );
  return {
    name,
    url: withDatabase(server.url, name),
    drop: () => dropDatabase(server.url, name),
  };
}

/** Drops what this run's tests left behind on a server that is not thrown away. */
export async function dropLeftovers(server: ServerAddress): Promise<void> {
  const rows = await run(
    server.url,
    isPostgresUrl(server.url)
      ? 'SELECT datname AS name FROM pg_database'
      : 'SELECT schema_name AS name FROM information_schema.schemata',
  );
  const names = rows.map(({ name }) => String(name));
  for (const name of names.filter((n) => n.startsWith(server.databasePrefix)))
    await dropDatabase(server.url, name);
}

export async function readVersion(
  url: string,
): Promise<Pick<ServerAddress, 'kind' | 'version'>> {
  if (isPostgresUrl(url)) {
    const [row] = await run(url, 'SHOW server_version');
    // Debian adds the name of its package.
    const [version = ''] = String(row?.['server_version']).split(' ');
    return { kind: 'postgres', version };
  }
  const [row] = await run(url, 'SELECT VERSION() AS version');
  const version = String(row?.['version']);
  return { kind: kindOf(version), version };
}

/** Both `mysqld --version` and `SELECT VERSION()` name MariaDB, if it is that: the file name proves nothing. */
export function kindOf(versionText: string): DatabaseKind {
  return /mariadb/i.test(versionText) ? 'mariadb' : 'mysql';
}

function withDatabase(url: string, name: string): string {
  const changed = new URL(url);
  changed.pathname = `/${name}`;
  return changed.href;
}

async function dropDatabase(url: string, name: string): Promise<void> {
  const options = isPostgresUrl(url) ? 'WITH (FORCE)' : '';
  await run(url, `DROP DATABASE IF EXISTS ${quote(url, name)} ${options}`);
}

/** On the server as such, whatever database the URL names. */
function run(url: string, sql: string) {
  return queryOnce(withDatabase(url, ''), sql);
}

function quote(url: string, name: string): string {
  const mark = isPostgresUrl(url) ? '"' : '`';
  return mark + name.replaceAll(mark, mark + mark) + mark;
}
