import {
  DataSource,
  type DataSourceOptions,
  EntitySchema,
  type EntitySchemaOptions,
} from 'typeorm';
import { dataSourceOptions } from '../../src/config/database.js';
import {
  migratedDataSource,
  requireTables,
  wechatTokenEntities,
} from '../../src/wechat-token/index.js';
import type { FreshDatabase } from '../support/databases.js';
import { everyDatabase } from '../support/every-database.js';
import { query } from '../support/sql.js';
import { World } from '../support/world.js';
import { parsed } from '../support/open-store.js';

/** A table that an app made long before it imports the module. */
const OWN_TABLE = `CREATE TABLE system_var (
  name varchar(64) NOT NULL PRIMARY KEY, value varchar(2048) NOT NULL, remark varchar(100) NOT NULL DEFAULT '')`;

/** What an entity says of the schema, or database, of its table. */
type Place = Pick<EntitySchemaOptions<object>, 'schema' | 'database'>;

const ROWS = [
  { name: 'access_token', value: 'old-token', remark: 'from the loop' },
  { name: 'site_name', value: '小店 ☕', remark: '' },
];

describe.each(everyDatabase())(
  'an app with synchronize: true, $title',
  (database) => {
    let fresh: FreshDatabase;
    let options: DataSourceOptions;
    let opened: DataSource[];
    beforeEach(async () => {
      fresh = await database.create();
      options = dataSourceOptions(parsed(fresh.url));
      opened = [];
    });
    afterEach(async () => {
      for (const dataSource of opened)
        if (dataSource.isInitialized) await dataSource.destroy();
      await fresh.drop();
    });

    const open = async (starting: Promise<DataSource>) => {
      const dataSource = await starting;
      opened.push(dataSource);
      return dataSource;
    };
    const makeOwnTable = async () => {
      const bare = new DataSource({ ...options, entities: [], migrations: [] });
      const own = await open(bare.initialize());
      await own.query(OWN_TABLE);
      for (const { name, value, remark } of ROWS)
        await query(own, 'INSERT INTO system_var VALUES (?, ?, ?)', [
          name,
          value,
          remark,
        ]);
      await own.destroy();
    };
    const rows = (dataSource: DataSource) =>
      dataSource.query(
        'SELECT name, value, remark FROM system_var ORDER BY name',
      );
    const proposals = async (dataSource: DataSource) => {
      const { upQueries } = await dataSource.driver.createSchemaBuilder().log();
      return upQueries.map(({ query }) => query);
    };

    it('keeps the rows of a system_var that it had before, before and after the migrations', async () => {
      await makeOwnTable();
      const unmigrated = new DataSource({ ...options, synchronize: true });
      const before = await open(unmigrated.initialize());
      expect(await rows(before)).toEqual(ROWS);
      await before.destroy();

      const synchronized = { ...options, synchronize: true };
      for (const start of ['first', 'second']) {
        const after = await open(migratedDataSource(synchronized));
        expect(await rows(after), `${start} start`).toEqual(ROWS);
        await after.destroy();
      }
    });

    it('starts on an empty database, whose tables the migrations make', async () => {
      const synchronized = { ...options, synchronize: true };
      const dataSource = await open(migratedDataSource(synchronized));
      expect(await rows(dataSource)).toEqual([]);
    });

    describe('with an entity of its own for system_var', () => {
      const entityThat = (synchronize: boolean, place: Place = {}) =>
        new EntitySchema({
          name: 'OurVariable',
          tableName: 'system_var',
          synchronize,
          ...place,
          columns: {
            name: { type: 'varchar', length: 64, primary: true },
            value: { type: 'varchar', length: 600, nullable: true },
          },
        });
      const withEntity = (synchronize: boolean, place?: Place) => ({
        ...options,
        synchronize: true,
        entities: [...wechatTokenEntities, entityThat(synchronize, place)],
      });
      const REFUSAL =
        /entity OurVariable for the table system_var, and synchronize: true.*SystemVarStore/;

      it('is refused before anything is changed, by migratedDataSource', async () => {
        const first = await open(migratedDataSource(options));
        await query(
          first,
          'INSERT INTO system_var (name, value) VALUES (?, ?)',
          ['site_name', 'shop'],
        );
        const before = await first.query('SELECT * FROM system_var');

        await expect(migratedDataSource(withEntity(true))).rejects.toThrow(
          REFUSAL,
        );

        expect(await first.query('SELECT * FROM system_var')).toEqual(before);
      });

      // A file of SQLite has one place for a table.
      if (database.kind !== 'sqlite') {
        const isPostgres = database.kind === 'postgres';

        it('is refused where it says that its table is in the module’s place', async () => {
          await (await open(migratedDataSource(options))).destroy();
          const place = isPostgres
            ? { schema: 'public' }
            : { database: fresh.name };
          await expect(
            migratedDataSource(withEntity(true, place)),
          ).rejects.toThrow(REFUSAL);
        });

        it('is let in where it says that its table is in another place', async () => {
          const other = await database.create();
          onTestFinished(() => other.drop());
          const place = isPostgres
            ? { schema: 'archive' }
            : { database: other.name };
          const first = await open(migratedDataSource(options));
          if (isPostgres) await first.query('CREATE SCHEMA archive');
          await first.destroy();
          const second = await open(
            migratedDataSource(withEntity(true, place)),
          );
          await requireTables(second, 'refresher');
        });
      }

      it('is refused by the module at its start, also where the app migrates by other means', async () => {
        const rival = {
          ...withEntity(true),
          migrations: [],
          migrationsRun: false,
        };
        const dataSource = await open(new DataSource(rival).initialize());
        await expect(requireTables(dataSource, 'reader')).rejects.toThrow(
          REFUSAL,
        );
      });

      it('is let in when the entity does not synchronize', async () => {
        for (const start of ['first', 'second']) {
          const dataSource = await open(migratedDataSource(withEntity(false)));
          await requireTables(dataSource, 'refresher');
          expect(await proposals(dataSource), start).toEqual([]);
          await dataSource.destroy();
        }
      });
    });

    it('migrates one process at a time also with migrationsRun: true', async () => {
      const all = await Promise.all(
        Array.from({ length: 4 }, () =>
          open(migratedDataSource({ ...options, migrationsRun: true })),
        ),
      );
      for (const each of all) expect(await rows(each)).toEqual([]);
    });

    it('without the migrations gets an error that says to run them', async () => {
      await using world = await World.create({ databaseUrl: fresh.url });
      const { variables, dataSource } = await world.replica();
      await dataSource.query('DROP TABLE system_var');
      await expect(variables.get('site_name')).rejects.toThrow(
        'wechatTokenMigrations',
      );
      await dataSource.query(OWN_TABLE);
      await expect(variables.save('site_name', 'v')).rejects.toThrow(
        'wechatTokenMigrations',
      );
    });

    it('is proposed no change of the tables by schema:log and migration:generate, before and after the migrations', async () => {
      await makeOwnTable();
      const before = await open(new DataSource(options).initialize());
      expect(await proposals(before)).toEqual([]);
      await before.destroy();

      const after = await open(migratedDataSource(options));
      expect(await proposals(after)).toEqual([]);
    });
  },
);
