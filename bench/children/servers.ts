import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { startDatabaseServer } from '../../test/support/database-server.js';
import { findProgram } from '../../test/support/find-program.js';
import type { DatabaseKind } from '../../test/support/fresh-database.js';
import { type BenchServer, openDatabaseServer } from '../harness/database.js';
import { PROJECT } from '../harness/project.js';

/** The last file that scripts/mysql9.sh writes. */
const BUILT = join(PROJECT, '.cache/mysql9/complete');

export interface KnownServer extends BenchServer {
  readonly kind: DatabaseKind;
  /** The name in tables and charts. */
  readonly title: string;
}

/**
 * Runs `use` with one server of each available kind, MariaDB first: the harness's own, and the MariaDB of the PATH,
 * the MySQL of TEST_MYSQLD or of scripts/mysql9.sh, and the PostgreSQL of TEST_POSTGRES or of Debian.
 */
export async function withServers<T>(
  use: (servers: readonly KnownServer[]) => Promise<T>,
): Promise<T> {
  const servers = [known(await openDatabaseServer())];
  try {
    for (const [kind, binary] of [
      ['mariadb', findProgram(['mariadbd'])],
      ['mysql', mysqld()],
      ['postgres', postgres()],
    ] as const) {
      if (!binary || servers.some((server) => server.kind === kind)) continue;
      const server = await startDatabaseServer(kind, binary);
      servers.push(
        known({
          version: `${kind} ${server.version}`,
          createDatabase: () => server.createDatabase(),
          [Symbol.asyncDispose]: () => server.stop(),
        }),
      );
    }
    servers.sort((a, b) => a.kind.localeCompare(b.kind, 'en'));
    return await use(servers);
  } finally {
    await Promise.all(servers.map((server) => server[Symbol.asyncDispose]()));
  }
}

/** The servers' versions, for a result. */
export function versionsOf(
  servers: readonly KnownServer[],
): Record<string, string> {
  return Object.fromEntries(
    servers.map(({ kind, version }) => [kind, version.replace(/^\w+ /, '')]),
  );
}

const TITLES = {
  mariadb: 'MariaDB',
  mysql: 'MySQL',
  postgres: 'PostgreSQL',
} as const;

function known(server: BenchServer): KnownServer {
  const [kind = ''] = server.version.split(' ');
  if (!Object.hasOwn(TITLES, kind)) throw new Error(`a server of ${kind}`);
  const known = kind as DatabaseKind;
  return { ...server, kind: known, title: TITLES[known] };
}

function postgres(): string | undefined {
  const named = process.env['TEST_POSTGRES'];
  if (named) return join(named, 'postgres');
  const root = '/usr/lib/postgresql';
  if (!existsSync(root)) return undefined;
  const versions = readdirSync(root).toSorted((a, b) => Number(b) - Number(a));
  return versions
    .map((version) => join(root, version, 'bin/postgres'))
    .find((file) => existsSync(file));
}

function mysqld(): string | undefined {
  const built = join(PROJECT, '.cache/mysql9/server/mysqld');
  return process.env['TEST_MYSQLD'] || (existsSync(BUILT) ? built : undefined);
}
