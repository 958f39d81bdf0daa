import { DataSource } from 'typeorm';
import { dataSourceOptions, openDatabase } from '../../src/config/database.js';
import { FakeWechat } from '../../src/testing/index.js';
import { appEnv, fetchToken } from '../support/app-env.js';
import type { FreshDatabase } from '../support/databases.js';
import { everyDatabase } from '../support/every-database.js';
import { parsed } from '../support/open-store.js';
import { runApp } from '../support/run-app.js';
import { schemaDrift } from '../support/schema-drift.js';
import { World } from '../support/world.js';

/** What the 60-line loop had, on MySQL with its default collation, which knows no upper and lower case. */
const LEGACY_TABLE =
  'CREATE TABLE system_var (name varchar(64) NOT NULL PRIMARY KEY, value varchar(2048) NOT NULL)';

describe.each(everyDatabase())(
  'a table system_var that is there already, $title',
  (database) => {
    let fresh: FreshDatabase;
    let legacy: DataSource;
    beforeEach(async () => {
      fresh = await database.create();
      legacy = new DataSource(dataSourceOptions(parsed(fresh.url)));
      await legacy.initialize();
      await legacy.query(LEGACY_TABLE);
      await legacy.query(
        "INSERT INTO system_var (name, value) VALUES ('access_token', 'old-token'), ('site_name', '小店 ☕')",
      );
    });
    afterEach(async () => {
      await legacy.destroy();
      await fresh.drop();
    });

    it('is extended and keeps its rows, which are plain variables', async () => {
      const dataSource = await openDatabase(parsed(fresh.url), true);
      await dataSource.destroy();
      expect(
        await legacy.query(
          'SELECT name, value, remark, expires_at, failure_count FROM system_var ORDER BY name',
        ),
      ).toEqual([
        {
          name: 'access_token',
          value: 'old-token',
          remark: '',
          expires_at: null,
          failure_count: 0,
        },
        {
          name: 'site_name',
          value: '小店 ☕',
          remark: '',
          expires_at: null,
          failure_count: 0,
        },
      ]);
    });

    it('then is what the entities say, as if it had been made so', async () => {
      const dataSource = await openDatabase(parsed(fresh.url), true);
      const drift = await schemaDrift(dataSource);
      await dataSource.destroy();
      expect(drift).toEqual([]);
    });

    it('then is case-sensitive in names, and takes long names and values', async () => {
      await using world = await World.create({ databaseUrl: fresh.url });
      const { variables, store } = await world.replica();
      const long = `access_token:${'x'.repeat(64)}`;
      await store.insertMissing([{ name: long, remark: '' }]);
      await variables.save('Site_Name', 'v'.repeat(60_000));

      expect((await store.read(long))?.value).toBeNull();
      expect(await variables.get('site_name')).toBe('小店 ☕');
      expect(await variables.get('Site_Name')).toHaveLength(60_000);
    });

    it('then serves the app, which takes the row access_token over: the old value is not handed out', async () => {
      await using wechat = await FakeWechat.start();
      await using app = await runApp(appEnv(wechat, fresh.url));
      const { access_token } = await fetchToken(app.url);

      expect(wechat.accepts(access_token)).toBe(true);
      expect(wechat.issued()).toBe(1);
      expect(
        await legacy.query(
          'SELECT name, value, source FROM system_var ORDER BY name',
        ),
      ).toEqual([
        { name: 'access_token', value: access_token, source: 'stable' },
        { name: 'site_name', value: '小店 ☕', source: null },
      ]);
    });
  },
);
