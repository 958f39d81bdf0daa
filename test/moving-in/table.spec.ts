import { DataSource } from 'typeorm';
import { dataSourceOptions } from '../../src/config/database.js';
import {
  migratedDataSource,
  requireTables,
} from '../../src/wechat-token/index.js';
import { createDatabase, databaseServers } from '../support/databases.js';
import { parsed } from '../support/open-store.js';
import { blocks } from '../support/pages.js';

const MYSQL = databaseServers().filter(({ kind }) => kind !== 'postgres');

describe.each(MYSQL)('a table that many systems have, on $kind', (server) => {
  it('is refused for two of its columns, and taken after the ALTER TABLE of the page', async () => {
    const [sql = ''] = blocks('docs/moving-in.md', 'sql');
    const [create = '', repair = ''] = sql.replaceAll(/--.*$/gm, '').split(';');
    const fresh = await createDatabase(server);
    const options = dataSourceOptions(parsed(fresh.url));
    const own = await new DataSource(options).initialize();
    try {
      await own.query(create);
      await own.query(
        "INSERT INTO system_var VALUES ('site_name', 'shop', NULL, 'ann', UTC_TIMESTAMP())",
      );

      await expect(migratedDataSource(options)).rejects.toThrow(
        /updated_by.*NOT NULL.*updated_at.*changes with every update/s,
      );
      await own.query(repair);
      const migrated = await migratedDataSource(options);
      await requireTables(migrated, 'refresher');
      await migrated.destroy();

      expect(
        await own.query('SELECT value, remark, updated_by FROM system_var'),
      ).toEqual([{ value: 'shop', remark: null, updated_by: 'ann' }]);
    } finally {
      await own.destroy();
      await fresh.drop();
    }
  });
});
