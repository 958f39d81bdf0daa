import type { DataSourceOptions } from 'typeorm';
import { dataSourceOptions, openDatabase } from '../../src/config/database.js';
import {
  migratedDataSource,
  wechatTokenMigrations,
} from '../../src/wechat-token/index.js';
import { AdminQueries } from '../../src/wechat-token/http/admin/admin-queries.js';
import { connect, queryOnce, type TestConnection } from '../support/connect.js';
import type { DatabaseServer } from '../support/database-server.js';
import {
  createDatabase,
  databaseServers,
  type FreshDatabase,
} from '../support/databases.js';
import { startOwnServer } from '../support/find-database-servers.js';
import type { DatabaseKind } from '../support/fresh-database.js';
import { nameOf, open, shops } from '../support/many-accounts.js';
import { parsed } from '../support/open-store.js';
import { World } from '../support/world.js';

/** What a text must not be able to change, wherever it is quoted. */
const AWKWARD = `it's \\' OR "1" = '1' -- \\ ☕ 系统繁忙`;
const EVERYBODY = { actor: 'ann' };

type Settings = Readonly<Record<string, string>>;

/** Each alone turned writes into nothing, or statements into others. */
const OF_BOTH: readonly Settings[] = [
  { autocommit: '0' },
  { sql_safe_updates: '1' },
  { completion_type: "'CHAIN'" },
  { completion_type: "'RELEASE'" },
  { sql_select_limit: '1' },
  { max_join_size: '1' },
  { sql_mode: "''" },
  { sql_mode: "'ANSI,TRADITIONAL,NO_BACKSLASH_ESCAPES'" },
  { init_connect: "'BEGIN'" },
  { init_connect: "'SET NAMES latin1, autocommit = 0'" },
  {
    default_storage_engine: "'MyISAM'",
    innodb_default_row_format: "'compact'",
  },
  { wait_timeout: '1', interactive_timeout: '1' },
];
/** Harmless as far as we know. */
const BESIDES: Settings = {
  explicit_defaults_for_timestamp: '0',
  foreign_key_checks: '0',
  sql_auto_is_null: '1',
  time_zone: "'+08:00'",
  unique_checks: '0',
};
const MYSQL_FAMILY: Readonly<Record<'mariadb' | 'mysql', readonly Settings[]>> =
  {
    mariadb: [
      { tx_isolation: "'READ-UNCOMMITTED'" },
      { tx_isolation: "'SERIALIZABLE'", tx_read_only: '1' },
      { sql_mode: "'ORACLE,EMPTY_STRING_IS_NULL,NO_BACKSLASH_ESCAPES'" },
      { innodb_snapshot_isolation: '1', sql_if_exists: '1' },
    ],
    mysql: [
      { transaction_isolation: "'READ-UNCOMMITTED'" },
      { transaction_isolation: "'SERIALIZABLE'", transaction_read_only: '1' },
      { sql_require_primary_key: '1', sql_generate_invisible_primary_key: '1' },
    ],
  };
const POSTGRES: readonly Settings[] = [
  { default_transaction_isolation: 'serializable' },
  { standard_conforming_strings: 'off', backslash_quote: 'off' },
  { default_table_access_method: 'other_heap' },
  { enable_indexscan: 'off', enable_nestloop: 'off' },
  {
    DateStyle: "'SQL, DMY'",
    IntervalStyle: "'sql_standard'",
    TimeZone: "'Asia/Shanghai'",
    bytea_output: "'escape'",
    client_encoding: "'LATIN1'",
    default_transaction_deferrable: 'on',
    extra_float_digits: '-15',
    plan_cache_mode: "'force_generic_plan'",
    row_security: 'off',
    synchronous_commit: 'off',
    transform_null_equals: 'on',
  },
];

function casesOf(kind: DatabaseKind): readonly Settings[] {
  const each =
    kind === 'postgres' ? POSTGRES : [...OF_BOTH, ...MYSQL_FAMILY[kind]];
  const besides = kind === 'postgres' ? {} : BESIDES;
  return [...each, Object.assign({}, besides, ...each) as Settings];
}

const titled = (settings: Settings) => ({
  title: Object.entries(settings)
    .map((each) => each.join(' = '))
    .join(', '),
  settings,
});

describe.each(databaseServers())(
  'R4 on a $kind $version whose settings are',
  (shared) => {
    const isPostgres = shared.kind === 'postgres';
    /** The tests of others run on the shared one, and these settings are for a whole server. */
    let own: DatabaseServer | undefined;
    let fresh: FreshDatabase;
    /** From before the settings: it sees what is committed. */
    let observer: TestConnection;
    let undo: () => Promise<void>;
    beforeAll(async () => {
      if (isPostgres) return;
      own = await startOwnServer();
      const rights =
        'SELECT, INSERT, UPDATE, DELETE, CREATE, ALTER, DROP, INDEX';
      // `init_connect` is not for those who may do anything.
      await queryOnce(own.url, "CREATE USER app IDENTIFIED BY 'app'");
      await queryOnce(own.url, `GRANT ${rights} ON *.* TO app`);
    });
    beforeEach(async () => {
      fresh = await createDatabase(own ?? shared);
      observer = await connect(fresh.url);
    });
    afterEach(async () => {
      await undo();
      await observer.end();
      await fresh.drop();
    });
    afterAll(() => own?.stop());

    const set = async (settings: Settings) => {
      if (isPostgres) {
        undo = async () => undefined;
        await observer.query(
          'CREATE ACCESS METHOD other_heap TYPE TABLE HANDLER heap_tableam_handler',
        );
        for (const [name, value] of Object.entries(settings))
          await observer.query(
            `ALTER DATABASE "${fresh.name}" SET ${name} = ${value}`,
          );
        return;
      }
      undo = async () => {
        for (const name of Object.keys(settings))
          await observer.query(`SET GLOBAL ${name} = DEFAULT`);
      };
      for (const [name, value] of Object.entries(settings))
        await observer.query(`SET GLOBAL ${name} = ${value}`);
    };
    /** As the app's user. */
    const url = () => {
      const changed = new URL(fresh.url);
      if (own) [changed.username, changed.password] = ['app', 'app'];
      return changed.href;
    };
    /** How the tables are stored. */
    const made = async () => {
      const rows = await observer.query(
        isPostgres
          ? "SELECT DISTINCT amname AS made FROM pg_class JOIN pg_am ON pg_am.oid = relam WHERE relname IN ('system_var', 'token_event', 'token_hour')"
          : "SELECT DISTINCT engine AS made FROM information_schema.tables WHERE table_schema = DATABASE() AND table_name IN ('system_var', 'token_event', 'token_hour')",
      );
      return rows.map((row) => row['made']);
    };
    const committed = async (name: string) => {
      const [row] = await observer.query<{ value: string }>(
        'SELECT value FROM system_var WHERE name = ?',
        [name],
      );
      return row?.value;
    };

    it.each(casesOf(shared.kind).map(titled))(
      '$title: what is written is there, for everybody',
      async ({ settings }) => {
        await set(settings);
        await using world = await World.create({ databaseUrl: url() });
        const accounts = shops(3);
        open(world, accounts);
        const [one, two] = await world.pair({ accounts });
        const names = accounts.map(nameOf);
        const [first = '', second = ''] = names;
        await one.accountCheck.check();

        await one.rounds.tick();

        expect(world.wechat.calls.total).toBe(3);
        const tokens = accounts.map(({ appId }) =>
          world.wechat.currentToken(appId),
        );
        expect(await Promise.all(names.map(committed))).toEqual(tokens);
        expect(
          await Promise.all(
            accounts.map(({ name }) => two.tokens.getAccessToken(name)),
          ),
        ).toEqual(tokens);

        await two.refresher.refresh(first, { force: true, actor: 'ann' });
        await two.journal.settled();
        await one.poller.poll();

        const rotated = world.wechat.currentToken(accounts[0]?.appId ?? '');
        expect(rotated).not.toBe(tokens[0]);
        expect(await committed(first)).toBe(rotated);
        expect(await one.tokens.getAccessToken(accounts[0]?.name)).toBe(
          rotated,
        );
        expect(await committed(second)).toBe(tokens[1]);
        expect(world.wechat.calls.total).toBe(4);
        const events = await observer.query<{ type: string }>(
          'SELECT type FROM token_event WHERE name = ?',
          [first],
        );
        // Two connections of the pool may write those of one renewal.
        expect(events.map(({ type }) => type).toSorted()).toEqual([
          'asked',
          'forced',
          'refreshed',
          'refreshed',
        ]);
        const { items } = await one.module
          .get(AdminQueries)
          .page({ order: 'name', after: '', limit: 10 }, EVERYBODY);
        expect(items.map(({ name, status }) => [name, status])).toEqual(
          names.map((name) => [name, 'valid']),
        );
        expect(await one.events.page(first, { limit: 10 })).toHaveLength(4);

        await one.variables.save(AWKWARD, AWKWARD, AWKWARD);
        expect(await two.variables.get(AWKWARD)).toBe(AWKWARD);
        expect(await committed(AWKWARD)).toBe(AWKWARD);
        await expect(
          one.variables.save('long', 'x', 'y'.repeat(256)),
        ).rejects.toMatchObject({ code: 'STORE' });
      },
    );

    it('read-only for all: refused with a sentence that says so, and nothing is made', async () => {
      // On MySQL for the app's user; on PostgreSQL what a client takes for a server that is not written to.
      await set(
        isPostgres
          ? { default_transaction_read_only: 'on' }
          : { read_only: '1' },
      );
      await expect(openDatabase(parsed(url()), true)).rejects.toThrow(
        /The server takes no writes: name the one/,
      );
      expect(await made()).toEqual([]);
    });

    it('made for tables without transactions: the tables have them', async () => {
      await set(
        isPostgres
          ? { default_table_access_method: 'other_heap' }
          : { default_storage_engine: "'MyISAM'" },
      );
      await using world = await World.create({ databaseUrl: url() });
      await world.replica();
      expect(await made()).toEqual([isPostgres ? 'heap' : 'InnoDB']);
    });

    it('and whose table has rows already: their names are texts, whatever they are', async () => {
      await set(
        isPostgres
          ? { standard_conforming_strings: 'off' }
          : {
              default_storage_engine: "'MyISAM'",
              sql_mode: "'NO_BACKSLASH_ESCAPES'",
              sql_safe_updates: '1',
            },
      );
      const [Create, ...later] = wechatTokenMigrations;
      const migrated = async (migrations: readonly Function[]) => {
        const dataSource = await migratedDataSource({
          ...dataSourceOptions(parsed(url())),
          migrations: [...migrations],
          ...(isPostgres ? {} : { charset: 'latin1' }),
        } as DataSourceOptions);
        await dataSource.destroy();
      };
      await migrated([Create]);
      if (!isPostgres)
        await observer.query('ALTER TABLE system_var ENGINE = MyISAM');
      const names = [AWKWARD, "' OR 1 = 1 -- ", '系统'];
      for (const name of names)
        await observer.query(
          "INSERT INTO system_var (name, expires_at) VALUES (?, '2026-01-01')",
          [name],
        );

      await migrated([Create, ...later]);

      const rows = await observer.query<{ name: string }>(
        'SELECT name FROM system_var WHERE next_at IS NOT NULL',
      );
      expect(rows.map(({ name }) => name).sort()).toEqual(names.sort());
      expect(await made()).toEqual([isPostgres ? 'heap' : 'InnoDB']);
    });
  },
);
