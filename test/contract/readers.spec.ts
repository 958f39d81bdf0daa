import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { FakeWechat } from '../../src/testing/index.js';
import { appEnv, fetchToken } from '../support/app-env.js';
import { createDatabase, databaseServers } from '../support/databases.js';
import { SQLITE } from '../support/every-database.js';
import { runApp } from '../support/run-app.js';
import { PYTHON } from '../support/tools.js';
import { World } from '../support/world.js';

const SELECT = "SELECT value FROM system_var WHERE name = 'access_token'";

/** What a program prints, without the line's end. */
async function print(program: string, args: readonly string[]) {
  const { stdout } = await promisify(execFile)(program, [...args]);
  return stdout.trimEnd();
}

function printWithMariadb(url: string): Promise<string> {
  const { hostname, port, username, password, pathname } = new URL(url);
  return print('mariadb', [
    '--no-defaults',
    `--host=${hostname}`,
    `--port=${port || '3306'}`,
    `--user=${decodeURIComponent(username)}`,
    `--password=${decodeURIComponent(password)}`,
    '--batch',
    '--skip-column-names',
    `--execute=${SELECT}`,
    pathname.slice(1),
  ]);
}

const PYMYSQL = `
import sys, urllib.parse, pymysql
url = urllib.parse.urlsplit(sys.argv[1])
connection = pymysql.connect(host=url.hostname, port=url.port or 3306, database=url.path[1:],
    user=urllib.parse.unquote(url.username or ''), password=urllib.parse.unquote(url.password or ''))
with connection.cursor() as cursor:
    cursor.execute(sys.argv[2])
    print(cursor.fetchone()[0])
`;

const SQLITE3 = `
import sys, sqlite3
print(sqlite3.connect(sys.argv[1]).execute(sys.argv[2]).fetchone()[0])
`;

function printWithPsql(url: string): Promise<string> {
  return print('psql', [
    '--no-psqlrc',
    '--tuples-only',
    '--no-align',
    url,
    '-c',
    SELECT,
  ]);
}

describe.each(databaseServers())(
  'the row access_token on $kind $version',
  (server) => {
    it('holds, for command lines and for Python, the token that the provider and HTTP give', async () => {
      const fresh = await createDatabase(server);
      const { url } = fresh;
      try {
        await using world = await World.create({ databaseUrl: url });
        const { tokens } = await world.replica();
        await using app = await runApp(appEnv(world.wechat, url));
        const token = await tokens.getAccessToken();

        expect(world.wechat.accepts(token)).toBe(true);
        expect((await fetchToken(app.url)).access_token).toBe(token);
        if (server.kind === 'postgres') {
          expect(await printWithPsql(url)).toBe(token);
          return;
        }
        expect(await printWithMariadb(url)).toBe(token);
        expect(await print(PYTHON, ['-c', PYMYSQL, url, SELECT])).toBe(token);
      } finally {
        await fresh.drop();
      }
    });
  },
);

describe('the row access_token in an SQLite file', () => {
  it('holds, for Python, the token that HTTP gives while the app runs', async () => {
    const fresh = await SQLITE.create();
    try {
      await using wechat = await FakeWechat.start();
      await using app = await runApp(appEnv(wechat, fresh.url));
      const { access_token } = await fetchToken(app.url);
      const file = fresh.url.slice('sqlite:'.length);

      expect(wechat.accepts(access_token)).toBe(true);
      expect(await print(PYTHON, ['-c', SQLITE3, file, SELECT])).toBe(
        access_token,
      );
    } finally {
      await fresh.drop();
    }
  });
});
