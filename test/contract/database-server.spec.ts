import { existsSync } from 'node:fs';
import { isPostgresUrl, queryOnce as query } from '../support/connect.js';
import type { DatabaseServer } from '../support/database-server.js';
import { createDatabase, databaseServers } from '../support/databases.js';
import { startOwnServer } from '../support/find-database-servers.js';

/** What each family of servers has for it. */
function wordsOf(url: string) {
  return isPostgresUrl(url)
    ? {
        version:
          "SELECT split_part(current_setting('server_version'), ' ', 1) AS version",
        database: 'SELECT current_database() AS name',
        tables: "SELECT tablename FROM pg_tables WHERE schemaname = 'public'",
        zone: "SELECT substr(current_setting('TimeZone'), 2, 6) AS zone",
        folder: "SELECT current_setting('data_directory') AS folder",
        noDatabase: '3D000',
      }
    : {
        version: 'SELECT VERSION() AS version',
        database: 'SELECT DATABASE() AS name',
        tables: 'SHOW TABLES',
        zone: 'SELECT @@GLOBAL.time_zone AS zone',
        folder: 'SELECT @@datadir AS folder',
        noDatabase: 'ER_BAD_DB_ERROR',
      };
}

/** The oldest releases that the module promises to support. */
function isSupported(kind: string, version: string): boolean {
  const [major = 0, minor = 0] = version.split('.').map(Number);
  if (kind === 'postgres') return major >= 14;
  return kind === 'mysql'
    ? major >= 8
    : major > 10 || (major === 10 && minor >= 6);
}

it('has a server to test on', () => {
  expect(databaseServers().length).toBeGreaterThanOrEqual(1);
});

describe.each(databaseServers())(
  'a fresh database on $kind $version',
  (server) => {
    it('is on a server of the kind and version said, one that we support', async () => {
      const database = await createDatabase(server);
      const [row] = await query(database.url, wordsOf(server.url).version);
      await database.drop();

      const version = String(row?.['version']);
      expect(version).toBe(server.version);
      expect(/mariadb/i.test(version)).toBe(server.kind === 'mariadb');
      expect(isSupported(server.kind, version)).toBe(true);
    });

    it('is empty, is the one in its URL, and is gone once dropped', async () => {
      const database = await createDatabase(server);
      const [current] = await query(database.url, wordsOf(server.url).database);
      expect(current?.['name']).toBe(database.name);
      expect(await query(database.url, wordsOf(server.url).tables)).toEqual([]);

      await database.drop();
      await expect(
        query(database.url, wordsOf(server.url).tables),
      ).rejects.toMatchObject({
        code: wordsOf(server.url).noDatabase,
      });
    });

    it('is not shared', async () => {
      const [one, two] = await Promise.all([
        createDatabase(server),
        createDatabase(server),
      ]);
      await query(one.url, 'CREATE TABLE only_here (id int)');
      expect(await query(two.url, wordsOf(server.url).tables)).toEqual([]);
      await Promise.all([one.drop(), two.drop()]);
    });
  },
);

describe('a throw-away server of one’s own', () => {
  let server: DatabaseServer;
  beforeAll(async () => {
    server = await startOwnServer({ timeZone: '+08:00' });
  });
  afterAll(() => server.stop());

  it('keeps committed rows through kill9 and restart, at the same URL', async () => {
    const url = await server.createDatabase();
    await query(url, 'CREATE TABLE t (id int PRIMARY KEY)');
    await query(url, 'INSERT INTO t VALUES (1), (2)');

    await server.kill9();
    await expect(query(url, 'SELECT 1')).rejects.toMatchObject({
      code: 'ECONNREFUSED',
    });

    await server.restart();
    expect(await query(url, 'SELECT id FROM t ORDER BY id')).toEqual([
      { id: 1 },
      { id: 2 },
    ]);
  });

  it('restarts while it runs', async () => {
    const url = await server.createDatabase('kept');
    const before = server.pid;
    await server.restart();
    expect(server.pid).not.toBe(before);
    expect(await query(url, wordsOf(url).database)).toEqual([{ name: 'kept' }]);
  });

  it('has the time zone that it was given', async () => {
    expect(await query(server.url, wordsOf(server.url).zone)).toEqual([
      { zone: '+08:00' },
    ]);
  });

  it('leaves no folder and no process behind', async () => {
    const own = await startOwnServer();
    const [row] = await query(own.url, wordsOf(own.url).folder);
    const folder = String(row?.['folder']);
    expect(existsSync(folder)).toBe(true);

    const { pid } = own;
    await own.stop();
    expect(existsSync(folder)).toBe(false);
    expect(() => process.kill(Number(pid), 0)).toThrow('ESRCH');
  });
});
