import { execFile } from 'node:child_process';
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { PROJECT } from '../support/build.js';
import { startDatabaseServer } from '../support/database-server.js';
import { createDatabase, databaseServers } from '../support/databases.js';
import type { OpenServer } from '../support/find-database-servers.js';
import type { ServerAddress } from '../support/fresh-database.js';
import type { Cell } from './cells.js';

/** The server or the folder of a cell's databases. */
export interface CellDatabase {
  /** The server's; empty for SQLite, which is part of the driver. */
  readonly version: string;
  /** An empty database: its URL, or its file. */
  create(): Promise<string>;
}

/** The databases of all cells. */
export class MatrixDatabases {
  private started: Promise<OpenServer> | undefined;

  /** @param folder where files are */
  constructor(private readonly folder: string) {}

  async of({ database }: Cell): Promise<CellDatabase> {
    if (database === 'SQLite')
      return {
        version: '',
        create: async () => join(this.folder, `${randomUUID()}.sqlite`),
      };
    const server = await this.serverOf(database);
    return {
      version: server.version,
      create: async () => (await createDatabase(server)).url,
    };
  }

  async close(): Promise<void> {
    await (await this.started)?.stop();
  }

  /** One of this run, or a PostgreSQL of our own, which the run of the other tests does without. */
  private async serverOf(
    database: 'MariaDB' | 'PostgreSQL',
  ): Promise<ServerAddress> {
    const kind = database === 'MariaDB' ? 'mariadb' : 'postgres';
    const found = databaseServers().find((server) => server.kind === kind);
    if (found) return found;
    if (kind === 'postgres') return (this.started ??= startPostgres());
    throw new Error(
      'The matrix needs MariaDB: unset TEST_MYSQLD, TEST_POSTGRES and TEST_DATABASE_URL, or name one in the last.',
    );
  }
}

async function startPostgres(): Promise<OpenServer> {
  const script = join(PROJECT, 'scripts/postgres.sh');
  const { stdout } = await promisify(execFile)(script);
  return startDatabaseServer('postgres', join(stdout.trim(), 'postgres'));
}
