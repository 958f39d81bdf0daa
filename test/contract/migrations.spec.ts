import { DataSource, type MigrationInterface } from 'typeorm';
import { dataSourceOptions, openDatabase } from '../../src/config/database.js';
import {
  migratedDataSource,
  runMigrationsExclusively,
  wechatTokenMigrations,
} from '../../src/wechat-token/index.js';
import {
  createDatabase,
  databaseServers,
  type FreshDatabase,
} from '../support/databases.js';
import { everyDatabase } from '../support/every-database.js';
import { openStoreOn, parsed } from '../support/open-store.js';
import { schemaDrift } from '../support/schema-drift.js';

const MIGRATIONS = wechatTokenMigrations.map(
  (Migration) => new Migration().name,
);

describe.each(everyDatabase())('the migrations on $title', (database) => {
  let fresh: FreshDatabase;
  let dataSource: DataSource;
  beforeEach(async () => {
    fresh = await database.create();
    dataSource = await openDatabase(parsed(fresh.url), true);
  });
  afterEach(async () => {
    await dataSource.destroy();
    await fresh.drop();
  });

  const tables = async () => {
    const runner = dataSource.createQueryRunner();
    const names = ['system_var', 'token_event', 'token_hour'];
    const found = await Promise.all(names.map((name) => runner.hasTable(name)));
    await runner.release();
    return names.filter((_, i) => found[i]);
  };
  const recorded = async () => {
    const rows = await dataSource.query<{ name: string }[]>(
      'SELECT name FROM migrations ORDER BY id',
    );
    return rows.map(({ name }) => name);
  };

  it('make on an empty database exactly what the entities say', async () => {
    expect(await tables()).toEqual(['system_var', 'token_event', 'token_hour']);
    expect(await recorded()).toEqual(MIGRATIONS);
    expect(await schemaDrift(dataSource)).toEqual([]);
  });

  it('would show a difference if there were one', async () => {
    const runner = dataSource.createQueryRunner();
    await runner.dropIndex('system_var', 'IDX_system_var_next_at');
    await runner.release();
    expect(await schemaDrift(dataSource)).toEqual([
      expect.stringMatching(/^CREATE INDEX .IDX_system_var_next_at. /),
    ]);
  });

  it('do nothing a second time', async () => {
    await dataSource.query(
      "INSERT INTO system_var (name, value) VALUES ('kept', 'v')",
    );
    await runMigrationsExclusively(dataSource);
    expect(await recorded()).toEqual(MIGRATIONS);
    expect(await dataSource.query('SELECT value FROM system_var')).toEqual([
      { value: 'v' },
    ]);
  });

  it('go down, leaving the variables, and up again', async () => {
    const variable = { name: 'kept', value: 'v', remark: 'mine' };
    await dataSource.query(
      "INSERT INTO system_var (name, value, remark) VALUES ('kept', 'v', 'mine')",
    );
    const rows = () => dataSource.query('SELECT * FROM system_var');

    for (const _ of MIGRATIONS) await dataSource.undoLastMigration();
    expect(await tables()).toEqual(['system_var']);
    expect(await rows()).toEqual([variable]);
    expect(await recorded()).toEqual([]);

    await runMigrationsExclusively(dataSource);
    expect(await tables()).toEqual(['system_var', 'token_event', 'token_hour']);
    expect(await rows()).toEqual([expect.objectContaining(variable)]);
    expect(await recorded()).toEqual(MIGRATIONS);
    expect(await schemaDrift(dataSource)).toEqual([]);
  });

  it('run once when many connections of one process begin together', async () => {
    for (const _ of MIGRATIONS) await dataSource.undoLastMigration();
    await Promise.all(
      Array.from({ length: 5 }, async () => {
        const other = await openDatabase(parsed(fresh.url), true);
        await other.destroy();
      }),
    );
    expect(await recorded()).toEqual(MIGRATIONS);
  });
});

describe.each(databaseServers())(
  'the migrations on $kind $version, beside those of another database of the server',
  (server) => {
    it('do not wait for them', async () => {
      const [long, short] = [
        await createDatabase(server),
        await createDatabase(server),
      ];
      let begin = () => {};
      let end = () => {};
      const hasBegun = new Promise<void>((resolve) => (begin = resolve));
      const mayEnd = new Promise<void>((resolve) => (end = resolve));
      class Long1899000000000 implements MigrationInterface {
        up = () => {
          begin();
          return mayEnd;
        };
        down = () => Promise.resolve();
      }
      const migrating = migratedDataSource({
        ...dataSourceOptions(parsed(long.url)),
        migrations: [...wechatTokenMigrations, Long1899000000000],
      });
      await hasBegun;

      const other = await migratedDataSource(
        dataSourceOptions(parsed(short.url)),
      );

      end();
      for (const dataSource of [other, await migrating])
        await dataSource.destroy();
      for (const fresh of [long, short]) await fresh.drop();
    });
  },
);

describe.each(databaseServers().filter(({ kind }) => kind !== 'postgres'))(
  'the migrations on $kind $version, in a database whose character set is latin1',
  (server) => {
    it('make columns for every language all the same', async () => {
      const fresh = await createDatabase(server);
      const before = new DataSource(dataSourceOptions(parsed(fresh.url)));
      await before.initialize();
      await before.query(
        `ALTER DATABASE \`${fresh.name}\` CHARACTER SET latin1`,
      );
      await before.destroy();
      const dataSource = await openDatabase(parsed(fresh.url), true);

      const text = '系统繁忙 ☕';
      await dataSource.query(
        'INSERT INTO system_var (name, value, remark, last_error) VALUES (?, ?, ?, ?)',
        [text, text, text, text],
      );
      expect(
        await dataSource.query(
          'SELECT name, value, remark, last_error FROM system_var',
        ),
      ).toEqual([{ name: text, value: text, remark: text, last_error: text }]);
      await dataSource.destroy();
      await fresh.drop();
    });
  },
);

describe.each(databaseServers().filter(({ kind }) => kind === 'postgres'))(
  'the migrations on $kind $version',
  (server) => {
    let fresh: FreshDatabase;
    beforeEach(async () => {
      fresh = await createDatabase(server);
    });
    afterEach(() => fresh.drop());

    it('prepare the table for many updates, and order names by their bytes', async () => {
      const dataSource = await openDatabase(parsed(fresh.url), true);
      const [table] = await dataSource.query<{ reloptions: string[] }[]>(
        "SELECT reloptions FROM pg_class WHERE oid = 'system_var'::regclass",
      );
      const collations = await dataSource.query(
        "SELECT table_name, collation_name FROM information_schema.columns WHERE column_name = 'name' AND table_name IN ('system_var', 'token_event', 'token_hour') ORDER BY 1",
      );
      await dataSource.destroy();

      expect(table?.reloptions).toContain('fillfactor=80');
      expect(table?.reloptions).toContain(
        'autovacuum_vacuum_scale_factor=0.01',
      );
      expect(collations).toEqual([
        { table_name: 'system_var', collation_name: 'C' },
        { table_name: 'token_event', collation_name: 'C' },
        { table_name: 'token_hour', collation_name: 'C' },
      ]);
    });

    it.each([
      ['no limits', 'remark text, value text, name text PRIMARY KEY'],
      ['limits', 'value varchar(512), name char(64) PRIMARY KEY'],
      ['longer names', 'name varchar(400) PRIMARY KEY, value text NOT NULL'],
    ])(
      'extend a table with %s, and keep its rows and its room',
      async (_, columns) => {
        const name = columns.includes('char(64)') ? 'site' : 'n'.repeat(300);
        const before = new DataSource(dataSourceOptions(parsed(fresh.url)));
        await before.initialize();
        await before.query(`CREATE TABLE system_var (${columns})`);
        await before.query(
          'INSERT INTO system_var (name, value) VALUES ($1, $2)',
          [name, '小店'],
        );
        await before.destroy();

        const dataSource = await openDatabase(parsed(fresh.url), true);
        await using store = openStoreOn(dataSource, fresh.url);
        await store.variables.save('other', 'v'.repeat(60_000));
        expect(await store.variables.get(name)).toBe('小店');
        expect(await store.variables.get('other')).toHaveLength(60_000);
      },
    );

    it("and the engine use the DataSource's schema, and nothing of another one", async () => {
      const url = parsed(fresh.url);
      const options = {
        ...dataSourceOptions(url),
        schema: 'Tokens of',
      } as ReturnType<typeof dataSourceOptions>;
      // Another app of the same database, in the schema that is searched first.
      const other = await openDatabase(url, true);
      await other.query('CREATE SCHEMA "Tokens of"');
      const dataSource = await new DataSource(options).initialize();
      await runMigrationsExclusively(dataSource);
      await using store = openStoreOn(dataSource, fresh.url);
      await store.variables.save('site', 'here');
      await store.putToken('access_token', 'tok');

      expect(await other.query('SELECT * FROM system_var')).toEqual([]);
      expect(
        await other.query('SELECT name FROM "Tokens of".system_var ORDER BY 1'),
      ).toEqual([{ name: 'access_token' }, { name: 'site' }]);
      for (const _ of MIGRATIONS) await dataSource.undoLastMigration();
      await runMigrationsExclusively(dataSource);
      expect(await store.variables.get('site')).toBe('here');
      await other.destroy();
    });
  },
);
