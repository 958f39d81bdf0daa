import { inject } from 'vitest';
import type { ProvidedServer } from './global-setup.js';

export { createDatabase, type FreshDatabase } from './fresh-database.js';

/** The servers that global-setup.ts found or started for this run: at least one, of each kind at most one unless
 * TEST_DATABASE_URL lists more. Make a database of your own on each: `createDatabase(server)`. */
export function databaseServers(): ProvidedServer[] {
  return inject('databaseServers');
}
