import type { TestProject } from 'vitest/node';
import { ensureBuilt } from './build.js';
import {
  findDatabaseServers,
  type FoundServer,
  type OpenServer,
} from './find-database-servers.js';
import type { ServerAddress } from './fresh-database.js';
import { ensureTools } from './tools.js';

/** As tests see it: they run in other processes, and get plain data. */
export type ProvidedServer = ServerAddress;

declare module 'vitest' {
  export interface ProvidedContext {
    databaseServers: ProvidedServer[];
  }
}

/** Once for a run of vitest: the database servers that all spec files share. */
export default async function setup(
  project: TestProject,
): Promise<() => Promise<void>> {
  ensureTools();
  ensureBuilt();
  const servers = await openAll(await findDatabaseServers());
  project.provide(
    'databaseServers',
    servers.map(({ kind, version, url, databasePrefix }) => ({
      kind,
      version,
      url,
      databasePrefix,
    })),
  );
  return async () => {
    await Promise.all(servers.map((server) => server.stop()));
  };
}

async function openAll(found: readonly FoundServer[]): Promise<OpenServer[]> {
  const results = await Promise.allSettled(found.map(open));
  const opened = results.flatMap((result) =>
    result.status === 'fulfilled' ? [result.value] : [],
  );
  const failed = results.find((result) => result.status === 'rejected');
  if (failed) {
    await Promise.all(opened.map((server) => server.stop()));
    throw failed.reason;
  }
  return opened;
}

async function open(found: FoundServer): Promise<OpenServer> {
  const started = performance.now();
  const server = await found.open();
  const seconds = ((performance.now() - started) / 1000).toFixed(1);
  process.stdout.write(
    `[database] ${server.kind} ${server.version} from ${found.from}, ${seconds} s\n`,
  );
  return server;
}
