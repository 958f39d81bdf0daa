import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  createDatabase,
  databaseServers,
  type FreshDatabase,
} from './databases.js';
import type { DatabaseKind, ServerAddress } from './fresh-database.js';

/** One of the databases that must all pass the contract alike. */
export interface TestDatabase {
  readonly kind: DatabaseKind | 'sqlite';
  /** For the title of a test, e.g. `mariadb 10.11.19-MariaDB`. */
  readonly title: string;
  /** A fresh, empty one. */
  create(): Promise<FreshDatabase>;
}

/** A file of its own. */
export const SQLITE: TestDatabase = {
  kind: 'sqlite',
  title: 'sqlite',
  create: createFile,
};

/** SQLite, unless TEST_SQLITE=off, and every server of this run; for `describe.each`. */
export function everyDatabase(): TestDatabase[] {
  const servers = databaseServers().map(databasesOn);
  if (process.env['TEST_SQLITE'] === 'off') return servers;
  return [SQLITE, ...servers];
}

/** The fresh databases of one server. */
export function databasesOn(server: ServerAddress): TestDatabase {
  return {
    kind: server.kind,
    title: `${server.kind} ${server.version}`,
    create: () => createDatabase(server),
  };
}

/** Those that version 0.1 ran on; SQLite where this run has no other. */
export function databasesOf01(): TestDatabase[] {
  const found = everyDatabase().filter(({ kind }) => kind !== 'postgres');
  return found.length > 0 ? found : [SQLITE];
}

async function createFile(): Promise<FreshDatabase> {
  const folder = await mkdtemp(join(tmpdir(), 'wechat-token-sqlite-'));
  return {
    name: folder,
    url: `sqlite:${join(folder, 'test.sqlite')}`,
    drop: () => rm(folder, { recursive: true, force: true }),
  };
}
