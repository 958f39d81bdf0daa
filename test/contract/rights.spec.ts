import { randomBytes } from 'node:crypto';
import { dataSourceOptions } from '../../src/config/database.js';
import { migratedDataSource } from '../../src/wechat-token/index.js';
import {
  API_KEY,
  AppSandbox,
  apiKeys,
  tokenAnswer,
} from '../support/app-sandbox.js';
import { queryOnce } from '../support/connect.js';
import { databaseServers } from '../support/databases.js';
import { parsed } from '../support/open-store.js';
import { blocks } from '../support/pages.js';

const PAGE = 'docs/deploying.md';
const [ofMysql = '', ofPostgres = '', fourOfMysql = '', fourOfPostgres = ''] =
  blocks(PAGE, 'sql');
const PASSWORD = 'a-long-password';

/** The page's database and user, with names of this test's own. */
interface Names {
  readonly database: string;
  readonly user: string;
}

const newNames = (prefix: string): Names => {
  const unique = randomBytes(4).toString('hex');
  return { database: prefix + unique, user: `server_${unique}` };
};

describe.each(databaseServers())(
  `the database user of ${PAGE}, on $kind $version`,
  (server) => {
    const isPostgres = server.kind === 'postgres';
    const made: Names[] = [];

    const asAdmin = (sql: string, database = '') => {
      const url = new URL(server.url);
      url.pathname = `/${database}`;
      return queryOnce(url.href, sql);
    };
    const statements = (sql: string, { database, user }: Names) =>
      sql
        .replaceAll('wechat_token', database)
        .replaceAll('token_server', user)
        .split(';\n')
        .slice(0, -1);
    /** For the app. */
    const urlOf = ({ database, user }: Names) => {
      const url = new URL(server.url);
      url.username = user;
      url.password = PASSWORD;
      url.pathname = `/${database}`;
      return url.href;
    };
    const make = async (sql = isPostgres ? ofPostgres : ofMysql) => {
      const names = newNames(server.databasePrefix);
      made.push(names);
      for (const statement of statements(sql, names)) await asAdmin(statement);
      return names;
    };
    const migrate = async (names: Names) => {
      const dataSource = await migratedDataSource(
        dataSourceOptions(parsed(urlOf(names))),
      );
      await dataSource.destroy();
    };
    afterAll(async () => {
      for (const { database } of made)
        await asAdmin(
          `DROP DATABASE IF EXISTS ${database} ${isPostgres ? 'WITH (FORCE)' : ''}`,
        );
      for (const { user } of made) await asAdmin(`DROP USER IF EXISTS ${user}`);
    });

    /** The server starts, renews twice and keeps the history of it. */
    const serves = async (settings: Readonly<Record<string, string>>) => {
      await using sandbox = await AppSandbox.create();
      const scopes = ['tokens:issue', 'tokens:read', 'tokens:refresh'];
      const app = await sandbox.run({
        ...settings,
        API_KEYS: apiKeys({ id: 'ops', key: API_KEY, scopes }),
      });
      await tokenAnswer(app.url);
      const admin = `${app.url}/admin/wechat-tokens/access_token`;
      const headers = {
        Authorization: `Bearer ${API_KEY}`,
        'Content-Type': 'application/json',
      };
      const body = '{"force":true,"reason":"a test"}';
      const forced = await fetch(`${admin}/refresh`, {
        method: 'POST',
        headers,
        body,
      });
      expect(await forced.json()).toMatchObject({ outcome: 'refreshed' });
      const events = await fetch(`${admin}/events`, { headers });
      expect((await events.text()).match(/"type":"refreshed"/g)).toHaveLength(
        2,
      );
      expect(app.logs() + app.stderr()).not.toMatch(/denied/);
      await app.stop();
    };

    it('may do all that the server does, migrations included', async () => {
      await serves({ DATABASE_URL: urlOf(await make()) });
    });

    it('needs four rights alone where another one has run the migrations', async () => {
      const owner = await make();
      await migrate(owner);
      const { database } = owner;
      const { user } = newNames('');
      made.push({ database, user });
      const [create = ''] = statements(ofPostgres, { database, user });
      await asAdmin(
        isPostgres
          ? create
          : `CREATE USER ${user}@'%' IDENTIFIED BY '${PASSWORD}'`,
      );
      const four = isPostgres ? fourOfPostgres : fourOfMysql;
      for (const statement of statements(four, { database, user }))
        await (isPostgres
          ? queryOnce(urlOf(owner), statement)
          : asAdmin(statement));
      await serves({
        DATABASE_URL: urlOf({ database, user }),
        DATABASE_MIGRATE: 'false',
      });
    });

    // PostgreSQL has owners in their place.
    it.each(isPostgres ? [] : ['CREATE', 'ALTER', 'INDEX'])(
      'cannot run the migrations without %s',
      async (right) => {
        const without = ofMysql.replace(`, ${right}`, '');
        expect(without).not.toBe(ofMysql);
        const names = await make(without);
        // TypeORM prints the failure.
        vi.spyOn(console, 'log').mockReturnValue(undefined);
        await expect(migrate(names)).rejects.toThrow(/denied/);
      },
    );
  },
);
