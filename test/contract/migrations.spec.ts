import { DataSource } from 'typeorm';
import { dataSourceOptions, openDatabase } from '../../src/config/database.js';
import {
  runMigrationsExclusively,
  wechatTokenMigrations,
} from '../../src/wechat-token/index.js';
import {
  createDatabase,
  databaseServers,
  type FreshDatabase,
} from '../support/databases.js';
import { everyDatabase } from '../support/every-database.js';
import { parsed } from '../support/open-store.js';
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
    const names = ['system_var', 'token_event'];
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
    expect(await tables()).toEqual(['system_var', 'token_event']);
    expect(await recorded()).toEqual(MIGRATIONS);
    expect(await schemaDrift(dataSource)).toEqual([]);
  });

  it('would show a difference if there were one', async () => {
    const runner = dataSource.createQueryRunner();
    await runner.dropIndex('system_var', 'IDX_system_var_refresh_at');
    await runner.release();
    expect(await schemaDrift(dataSource)).toEqual([
      expect.stringMatching(/^CREATE INDEX .IDX_system_var_refresh_at. /),
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
    expect(await tables()).toEqual(['system_var', 'token_event']);
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
