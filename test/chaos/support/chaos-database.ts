import { createDatabase, databaseServers } from '../../support/databases.js';
import type { DatabaseServer } from '../../support/database-server.js';
import { startOwnServer } from '../../support/find-database-servers.js';

/** Where a run keeps its row. */
export interface ChaosDatabase {
  readonly url: string;
  /** Such as `mariadb 10.11.19`. */
  readonly title: string;
}

/** A fresh database on the server that all tests share, or on one of your own. */
export async function chaosDatabase(
  own?: DatabaseServer,
): Promise<ChaosDatabase> {
  const server = own ?? databaseServers()[0];
  if (!server) throw new Error('global-setup.ts provides at least one server');
  const { url } = await createDatabase(server);
  const version = server.version.replace(/-.*/, '');
  return { url, title: `${server.kind} ${version}` };
}

/** A server to be killed. */
export async function ownChaosServer(): Promise<
  DatabaseServer & AsyncDisposable
> {
  const server = await startOwnServer();
  return Object.assign(server, {
    [Symbol.asyncDispose]: () => server.stop(),
  });
}
