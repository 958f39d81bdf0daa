import { dataSourceOptions } from '../../src/config/database.js';
import { PROJECT } from '../support/build.js';
import { everyDatabase } from '../support/every-database.js';
import { parsed } from '../support/open-store.js';
import { schemaToolComplaints } from '../support/schema-tools.mjs';

/** Each command starts a process. */
const TIMEOUT_MS = 240_000;

describe.each(everyDatabase())(
  "TypeORM's schema tools on $title",
  (database) => {
    it(
      "propose and do nothing to the module's tables, while they make the app's own",
      async () => {
        const fresh = await database.create();
        try {
          const options = dataSourceOptions(parsed(fresh.url));
          const driver = database.kind === 'sqlite' && { driver: 'libsql' };
          const all = { ...options, ...driver };
          expect(await schemaToolComplaints(PROJECT, all)).toEqual([]);
        } finally {
          await fresh.drop();
        }
      },
      TIMEOUT_MS,
    );
  },
);
