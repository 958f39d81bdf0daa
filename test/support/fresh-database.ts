import { randomBytes } from 'node:crypto';
import {
  createConnection,
  type Connection,
  type RowDataPacket,
} from 'mysql2/promise';

export type DatabaseKind = 'mariadb' | 'mysql';

/** A server of the MySQL family that is running and accepts `url`. */
export interface ServerAddress {
  readonly kind: DatabaseKind;
  /** What `SELECT VERSION()` says, e.g. `10.11.19-MariaDB` or `9.7.4`. */
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

/** An empty utf8mb4 database on the server, with a random name unless one is given. */
export async function createDatabase(
  server: Pick<ServerAddress, 'url' | 'databasePrefix'>,
  name = server.databasePrefix + randomBytes(4).toString('hex'),
): Promise<FreshDatabase> {
  await run(server.url, `CREATE DATABASE ${quote(name)} CHARACTER SET utf8mb4`);
  return {
    name,
    url: withDatabase(server.url, name),
    drop: () => run(server.url, `DROP DATABASE IF EXISTS ${quote(name)}`),
  };
}

/** Drops what this run's tests left behind on a server that is not thrown away. */
export async function dropLeftovers(server: ServerAddress): Promise<void> {
  await withConnection(server.url, async (connection) => {
    const [rows] = await connection.query<RowDataPacket[]>(
      'SELECT schema_name AS name FROM information_schema.schemata',
    );
    const names = rows.map((row) => String(row['name']));
    for (const name of names.filter((n) =>
      n.startsWith(server.databasePrefix),
    )) {
      await connection.query(`DROP DATABASE IF EXISTS ${quote(name)}`);
    }
  });
}

export async function readVersion(
  url: string,
): Promise<Pick<ServerAddress, 'kind' | 'version'>> {
  return withConnection(url, async (connection) => {
    const [rows] = await connection.query<RowDataPacket[]>(
      'SELECT VERSION() AS version',
    );
    const version = String(rows[0]?.['version']);
    return { kind: kindOf(version), version };
  });
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

async function run(url: string, sql: string): Promise<void> {
  await withConnection(url, async (connection) => {
    await connection.query(sql);
  });
}

/** Connects to the server as such, whatever database the URL names. */
async function withConnection<T>(
  url: string,
  use: (connection: Connection) => Promise<T>,
): Promise<T> {
  const connection = await createConnection({
    uri: withDatabase(url, ''),
    connectTimeout: 10_000,
  });
  try {
    return await use(connection);
  } finally {
    await connection.end().catch(() => connection.destroy());
  }
}

function quote(name: string): string {
  return `\`${name.replaceAll('`', '``')}\``;
}
