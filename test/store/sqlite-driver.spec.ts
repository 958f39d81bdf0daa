import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import Database from 'libsql';
import { DataSource } from 'typeorm';
import { MonotonicClock } from '../../src/wechat-token/common/clock.js';
import type { SqlValue } from '../../src/wechat-token/store/connections/sql-statement.js';
import { SqliteConnection } from '../../src/wechat-token/store/connections/sqlite-connection.js';
import { migratedDataSource } from '../../src/wechat-token/index.js';

/** Where libsql differs from better-sqlite3, whose API it has: each of these has ended, blocked or misled the engine. */
describe('SQLite by libsql', () => {
  let folder: string;
  let file: string;
  let dataSource: DataSource;
  let executor: SqliteConnection;

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'wechat-token-driver-'));
    file = join(folder, 'app.sqlite');
    dataSource = await new DataSource({
      type: 'better-sqlite3',
      driver: Database,
      database: file,
      timeout: 0,
    }).initialize();
    executor = new SqliteConnection(dataSource, new MonotonicClock());
    await dataSource.query('CREATE TABLE t (a TEXT UNIQUE)');
  });
  afterEach(async () => {
    if (dataSource.isInitialized) await dataSource.destroy();
    rmSync(folder, { recursive: true });
  });

  const execute = (sql: string, ...values: SqlValue[]) =>
    executor.execute({ sql, values });
  const count = () => execute('SELECT COUNT(*) AS rows FROM t');
  const another = () => new Database(file, { timeout: 0 });

  it.each(['DELETE', 'WAL'])(
    'a statement that found the file locked holds no lock, and reads what is new (journal mode %s)',
    async (mode) => {
      await dataSource.query(`PRAGMA journal_mode = ${mode}`);
      const other = another();
      other.exec('BEGIN EXCLUSIVE');
      const statements = [
        () => execute('INSERT INTO t VALUES (?)', 'a'),
        () => execute('INSERT INTO t VALUES (?) RETURNING a', 'a'),
        // In WAL mode it is not locked for readers.
        ...(mode === 'WAL' ? [] : [count]),
      ];
      for (const statement of statements)
        await expect(statement()).rejects.toMatchObject({
          code: 'SQLITE_BUSY',
        });
      other.exec('COMMIT');
      expect(await count()).toEqual([{ rows: 0 }]);

      other.exec("INSERT INTO t VALUES ('news')");

      expect(await count()).toEqual([{ rows: 1 }]);
      await execute('INSERT INTO t VALUES (?)', 'b');
      expect(await count()).toEqual([{ rows: 2 }]);
    },
  );

  it('a connection that is closed is an error, and does not end the process', async () => {
    await dataSource.destroy();
    await expect(count()).rejects.toMatchObject({ code: 'CONNECTION_CLOSED' });
  });

  it('an error that ends the transaction is the one that is thrown', async () => {
    await dataSource.query('PRAGMA max_page_count = 10');
    const insert = 'INSERT INTO t VALUES (?)';
    await expect(
      executor.execute({ sql: 'SELECT a FROM t', values: [] }, () => ({
        sql: insert,
        values: ['x'.repeat(100_000)],
      })),
    ).rejects.toMatchObject({ code: 'SQLITE_FULL' });
    await execute(insert, 'a');
    await expect(execute(insert, 'a')).rejects.toMatchObject({
      code: 'SQLITE_CONSTRAINT_UNIQUE',
    });
    expect(await count()).toEqual([{ rows: 1 }]);
  });

  it('a single value may be null, and a text with a NUL is refused, not cut', async () => {
    expect(await execute('SELECT ? AS a', null)).toEqual([{ a: null }]);
    await expect(
      execute('INSERT INTO t VALUES (?)', 'a\0b'),
    ).rejects.toMatchObject({ code: 'NUL_CHARACTER' });
  });

  it('the lock of migrations ends with them', async () => {
    const migrated = await migratedDataSource({
      type: 'better-sqlite3',
      driver: Database,
      database: file,
      migrationsTransactionMode: 'each',
      migrations: [
        class First1800000000001 {
          up = () => Promise.resolve();
          down = () => Promise.resolve();
        },
      ],
    });
    const lock = new Database(`${file}-migrations`, { timeout: 0 });
    lock.exec('BEGIN EXCLUSIVE');
    lock.close();
    await migrated.destroy();
  });
});
