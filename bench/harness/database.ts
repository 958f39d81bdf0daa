import { findDatabaseServers } from '../../test/support/find-database-servers.js';
import { createDatabase } from '../../test/support/fresh-database.js';

export interface BenchServer extends AsyncDisposable {
  /** The kind and version, such as `mariadb 10.11.19-MariaDB`. */
  readonly version: string;
  /** Creates a database. @returns its URL */
  createDatabase(): Promise<string>;
}

/** Opens a server as the tests do: that of TEST_DATABASE_URL, or a throw-away one. */
export async function openDatabaseServer(): Promise<BenchServer> {
  const [found] = await findDatabaseServers();
  if (!found) throw new Error('no database server was found');
  const server = await found.open();
  return {
    version: `${server.kind} ${server.version}`,
    createDatabase: async () => (await createDatabase(server)).url,
    [Symbol.asyncDispose]: () => server.stop(),
  };
}
