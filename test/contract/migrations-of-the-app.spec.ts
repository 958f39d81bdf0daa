import { DataSource, type MigrationInterface, type QueryRunner } from 'typeorm';
import { dataSourceOptions } from '../../src/config/database.js';
import {
  migratedDataSource,
  SystemVar,
  wechatTokenMigrations,
} from '../../src/wechat-token/index.js';
import type { FreshDatabase } from '../support/databases.js';
import { everyDatabase, SQLITE } from '../support/every-database.js';
import { parsed } from '../support/open-store.js';

type Migration = new () => MigrationInterface;
const OWN = wechatTokenMigrations.length;
type Mode = 'all' | 'each' | 'none';

const add = (runner: QueryRunner, name: string) =>
  runner.query(
    `INSERT INTO system_var (name, value, version, updated_at, failure_count) VALUES ('${name}', 'v', 0, '2026-01-01 00:00:00', 0)`,
  );

class First1800000000001 implements MigrationInterface {
  up = (runner: QueryRunner) => add(runner, 'first');
  down = () => Promise.resolve();
}

class Second1800000000002 implements MigrationInterface {
  up = (runner: QueryRunner) => add(runner, 'second');
  down = () => Promise.resolve();
}

class Failing1800000000002 extends Second1800000000002 {
  override up = async (runner: QueryRunner) => {
    await add(runner, 'second');
    throw new Error('fails');
  };
}

/** Saves by TypeORM, which begins a transaction unless there is one. */
class Saving1800000000003 implements MigrationInterface {
  up = async ({ manager }: QueryRunner) => {
    const row = { value: 'v', version: 0, failureCount: 0 };
    const updatedAt = '2026-01-01 00:00:00';
    await manager.save(
      manager.create(SystemVar, { name: 'saved', ...row, updatedAt } as object),
    );
  };
  down = () => Promise.resolve();
}

// TypeORM prints each failure.
beforeEach(() => {
  vi.spyOn(console, 'log').mockReturnValue(undefined);
});
afterEach(() => vi.restoreAllMocks());

describe.each(everyDatabase())(
  "the app's own migrations on $title",
  (database) => {
    let fresh: FreshDatabase;
    beforeEach(async () => (fresh = await database.create()));
    afterEach(() => fresh.drop());

    const run = async (
      migrations: readonly Migration[],
      migrationsTransactionMode?: Mode,
    ) => {
      const dataSource = await migratedDataSource({
        ...dataSourceOptions(parsed(fresh.url)),
        migrations: [...wechatTokenMigrations, ...migrations],
        ...(migrationsTransactionMode && { migrationsTransactionMode }),
      });
      await dataSource.destroy();
    };
    const query = async <Row>(sql: string) => {
      const dataSource = new DataSource(dataSourceOptions(parsed(fresh.url)));
      await dataSource.initialize();
      try {
        return await dataSource.query<Row[]>(sql);
      } finally {
        await dataSource.destroy();
      }
    };
    const names = async (table: string) => {
      const sql = `SELECT name FROM ${table} ORDER BY name`;
      return (await query<{ name: string }>(sql)).map(({ name }) => name);
    };

    it.each<[Mode | undefined, string[]]>([
      [undefined, []],
      ['all', []],
      ['each', ['first']],
      ['none', ['first', 'second']],
    ])(
      "run in the transactions of the DataSource's mode: one that fails leaves, in %s, %j",
      async (mode, left) => {
        await run([]);

        const failing = run([First1800000000001, Failing1800000000002], mode);

        await expect(failing).rejects.toThrow('fails');
        expect(await names('system_var')).toEqual(left);
        const recorded = left.includes('first') ? ['First1800000000001'] : [];
        expect((await names('migrations')).slice(OWN)).toEqual(recorded);
        await run([]);
      },
    );

    it.each(['all', 'each', 'none'] as const)(
      'may save by TypeORM, and run once when 20 begin together (%s)',
      async (mode) => {
        const migrations = [
          First1800000000001,
          Second1800000000002,
          Saving1800000000003,
        ];
        await Promise.all(
          Array.from({ length: 20 }, () => run(migrations, mode)),
        );
        expect(await names('system_var')).toEqual(['first', 'saved', 'second']);
        expect(await names('migrations')).toHaveLength(OWN + 3);
      },
    );
  },
);

describe("the app's own migrations on an empty SQLite file", () => {
  it('leave nothing, not even the tables, when one of them fails', async () => {
    const fresh = await SQLITE.create();
    const options = {
      ...dataSourceOptions(parsed(fresh.url)),
      migrations: [...wechatTokenMigrations, Failing1800000000002],
    };

    await expect(migratedDataSource(options)).rejects.toThrow('fails');

    const dataSource = await new DataSource(options).initialize();
    expect(await dataSource.query('SELECT * FROM sqlite_master')).toEqual([]);
    await dataSource.destroy();
    await fresh.drop();
  });

  it('may make a table anew without a cascade to those that refer to it', async () => {
    class Renewing1800000000001 implements MigrationInterface {
      up = async (runner: QueryRunner) => {
        await runner.query('CREATE TABLE parent_2 (id INTEGER PRIMARY KEY)');
        await runner.query('INSERT INTO parent_2 SELECT id FROM parent');
        await runner.query('DROP TABLE parent');
        await runner.query('ALTER TABLE parent_2 RENAME TO parent');
      };
      down = () => Promise.resolve();
    }
    const fresh = await SQLITE.create();
    const options = {
      ...dataSourceOptions(parsed(fresh.url)),
      migrations: [Renewing1800000000001],
    };
    const before = await new DataSource(options).initialize();
    for (const sql of [
      'CREATE TABLE parent (id INTEGER PRIMARY KEY)',
      'CREATE TABLE child (id INTEGER REFERENCES parent ON DELETE CASCADE)',
      'INSERT INTO parent VALUES (1)',
      'INSERT INTO child VALUES (1)',
    ])
      await before.query(sql);
    await before.destroy();

    const dataSource = await migratedDataSource(options);

    expect(await dataSource.query('SELECT id FROM child')).toEqual([{ id: 1 }]);
    expect(await dataSource.query('PRAGMA foreign_keys')).toEqual([
      { foreign_keys: 1 },
    ]);
    await dataSource.destroy();
    await fresh.drop();
  });
});
