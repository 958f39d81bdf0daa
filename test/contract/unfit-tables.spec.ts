import { ScheduleModule } from '@nestjs/schedule';
import { Test } from '@nestjs/testing';
import { DataSource, DefaultNamingStrategy } from 'typeorm';
import { dataSourceOptions } from '../../src/config/database.js';
import {
  isConfigurationError,
  migratedDataSource,
  SystemVar,
  TokenEvent,
  WechatTokenModule,
} from '../../src/wechat-token/index.js';
import {
  createDatabase,
  databaseServers,
  type FreshDatabase,
} from '../support/databases.js';
import { everyDatabase, type TestDatabase } from '../support/every-database.js';
import { parsed } from '../support/open-store.js';
import { typeOrm } from '../support/type-orm.js';
import { World } from '../support/world.js';

interface Row {
  readonly name: string;
}

/** Columns of ours that some of these tables have; a driver may return them as another type. */
const CHANGED = new Set(['version', 'expires_at', 'next_at']);

type Family = 'mysql' | 'postgres' | 'sqlite';

interface Legacy {
  readonly title: string;
  /** Every family, unless named. */
  readonly on?: readonly Family[];
  /** The columns and constraints of `system_var`, or statements that make it. */
  readonly table: string | readonly string[];
  /** After the closing parenthesis. */
  readonly options?: string;
  /** Of the rows that are there; default: a variable and a token. */
  readonly insert?: string;
}

interface Refused extends Legacy {
  /** What the error says. */
  readonly says: readonly string[];
}

const NAME = 'name varchar(64) NOT NULL PRIMARY KEY';
const VALUE = 'value varchar(2048)';
const COLUMNS = `${NAME}, ${VALUE}`;
const INSERT = `INSERT INTO system_var (name, value) VALUES ('access_token', 'old-token'), ('site_name', 'shop')`;

/** Tables that hold what is written after the migrations. */
const CONVERTED: readonly Legacy[] = [
  {
    title: 'columns of ours that are too small or may not be NULL',
    table: `${COLUMNS}, remark varchar(10) NOT NULL DEFAULT 'r', version int NOT NULL DEFAULT 0,
      source varchar(4) NOT NULL DEFAULT '', failure_count smallint NOT NULL DEFAULT 0, last_error varchar(20), app_id varchar(8)`,
  },
  {
    title: 'a remark that is too short, and NULL in its rows',
    table: `${COLUMNS}, remark varchar(100) NULL`,
  },
  {
    title: 'instants without milliseconds that may not be NULL',
    on: ['mysql'],
    table: `${COLUMNS}, expires_at datetime NOT NULL, next_at datetime(0) NULL`,
    insert:
      "INSERT INTO system_var (name, value, expires_at) VALUES ('site_name', 'shop', '2020-01-01 00:00:00'), ('access_token', 'old-token', '2020-01-01 00:00:00')",
  },
  {
    title: 'instants without milliseconds',
    on: ['postgres'],
    table: `${COLUMNS}, expires_at timestamp(0), next_at timestamp(0)`,
  },
  {
    title: 'a key of another column, beside names that occur once',
    on: ['mysql'],
    table: `id int NOT NULL AUTO_INCREMENT PRIMARY KEY, name varchar(64) NOT NULL, ${VALUE}`,
  },
  {
    title: 'a key of another column, beside a unique name',
    on: ['mysql'],
    table: `id bigint unsigned NOT NULL AUTO_INCREMENT PRIMARY KEY, name varchar(64) UNIQUE, ${VALUE}`,
  },
  {
    title: 'a key of another column, beside names that occur once',
    on: ['postgres'],
    table: `id serial PRIMARY KEY, name varchar(64), ${VALUE}`,
  },
  {
    title: 'an identity as its key',
    on: ['postgres'],
    table: `id int GENERATED ALWAYS AS IDENTITY PRIMARY KEY, name text, ${VALUE}`,
  },
  {
    title: 'a key of another column, beside names that occur once',
    on: ['sqlite'],
    table: `id integer PRIMARY KEY AUTOINCREMENT, name varchar(64), ${VALUE}`,
  },
  { title: 'no key', table: `name varchar(64) NOT NULL, ${VALUE}` },
  {
    title: 'columns of its own that may be left out',
    table: `${COLUMNS}, tenant int NOT NULL DEFAULT 7, note varchar(10)`,
  },
  {
    title: 'a generated column of its own',
    on: ['mysql', 'sqlite'],
    table: `${COLUMNS}, size int GENERATED ALWAYS AS (length(name)) STORED`,
  },
  {
    title: 'a generated column of its own',
    on: ['postgres'],
    table: `${COLUMNS}, note text DEFAULT 'n', size int GENERATED ALWAYS AS (length(note)) STORED`,
  },
  {
    title: 'an old row format, and names that are too long for its indexes',
    on: ['mysql'],
    table: `name varchar(255) CHARACTER SET latin1 NOT NULL PRIMARY KEY, ${VALUE}`,
    options: 'ROW_FORMAT=COMPACT',
  },
  {
    title: 'another old row format',
    on: ['mysql'],
    table: `name varchar(250) CHARACTER SET latin1 NOT NULL PRIMARY KEY, ${VALUE}`,
    options: 'ROW_FORMAT=REDUNDANT',
  },
  {
    title: 'an engine without transactions',
    on: ['mysql'],
    table: COLUMNS,
    options: 'ENGINE=MyISAM CHARACTER SET latin1',
  },
  {
    title: 'an ENUM of its own, whose first value is its default',
    on: ['mysql'],
    table: `${COLUMNS}, kind enum('a', 'b') NOT NULL`,
  },
  {
    title: 'texts that another collation orders',
    on: ['postgres'],
    table: 'name text COLLATE "en-x-icu" PRIMARY KEY, value varchar(100)',
  },
  {
    title: 'types that make numbers of texts, and names without regard to case',
    on: ['sqlite'],
    table:
      'name STRING COLLATE NOCASE PRIMARY KEY, value NUMERIC, version TEXT NOT NULL DEFAULT 0',
  },
  {
    title: 'types that are enforced',
    on: ['sqlite'],
    table: 'name TEXT NOT NULL PRIMARY KEY, value TEXT',
    options: 'STRICT, WITHOUT ROWID',
  },
  {
    title: 'a trigger that lets rows pass',
    on: ['sqlite'],
    table: [
      `CREATE TABLE system_var (${COLUMNS})`,
      'CREATE TRIGGER passing AFTER INSERT ON system_var BEGIN SELECT 1; END',
    ],
  },
  {
    title: 'a CHECK that lets rows pass',
    table: `${COLUMNS}, CHECK (length(name) > 2)`,
  },
];

/** Tables that the migrations refuse, and leave as they are. */
const REFUSED: readonly Refused[] = [
  {
    title: 'columns of its own that may not be left out',
    table: `${COLUMNS}, tenant int NOT NULL, owner varchar(20) NOT NULL`,
    insert:
      "INSERT INTO system_var (name, value, tenant, owner) VALUES ('a', 'b', 1, 'c')",
    says: [
      'the column tenant of system_var is NOT NULL and has no default',
      'the column owner of system_var is NOT NULL and has no default',
    ],
  },
  {
    title: 'a column of ours with another type',
    on: ['mysql', 'postgres'],
    table: `${COLUMNS}, expires_at int, version varchar(20), failure_count varchar(3)`,
    says: ['expires_at', 'version', 'failure_count'],
  },
  {
    title: 'instants with a time zone, or that change by themselves',
    on: ['mysql'],
    table: `${COLUMNS}, expires_at timestamp NULL, updated_at datetime NULL DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP`,
    says: [
      'the column expires_at of system_var is timestamp',
      'the column updated_at of system_var is datetime and changes with every update and has a default',
      'MODIFY updated_at datetime(3) NULL',
    ],
  },
  {
    title: 'instants with a time zone, or with a default',
    on: ['postgres'],
    table: `${COLUMNS}, expires_at timestamptz, updated_at timestamp DEFAULT now()`,
    says: [
      'the column expires_at of system_var is timestamp with time zone',
      'the column updated_at of system_var has a default',
      'ALTER updated_at DROP DEFAULT',
    ],
  },
  {
    title: 'an instant with a default',
    on: ['sqlite'],
    table: `${COLUMNS}, updated_at datetime DEFAULT CURRENT_TIMESTAMP`,
    says: ['the column updated_at of system_var has a default'],
  },
  {
    title: 'a version that may be NULL',
    table: `${COLUMNS}, version bigint`,
    says: ['the column version of system_var may be NULL'],
  },
  {
    title: 'a key of several columns',
    table: `tenant int NOT NULL DEFAULT 1, name varchar(64) NOT NULL, ${VALUE}, PRIMARY KEY (tenant, name)`,
    says: ['the column name of system_var is not'],
  },
  {
    title: 'names that occur more than once',
    table: `name varchar(64) NOT NULL, ${VALUE}`,
    insert:
      "INSERT INTO system_var (name, value) VALUES ('twice', 'secret-1'), ('twice', 'secret-2'), ('once', 'v')",
    says: ['several rows of one name', '"twice"'],
  },
  {
    title: 'a key of a part of the name',
    on: ['mysql'],
    table: `name varchar(200) NOT NULL, ${VALUE}, PRIMARY KEY (name(20))`,
    says: ['the column name of system_var is not the primary key'],
  },
  {
    title: 'a name of a type without a length',
    on: ['mysql'],
    table: `name text NOT NULL, ${VALUE}, PRIMARY KEY (name(50))`,
    says: ['the column name of system_var is text'],
  },
  {
    title: 'a key that is checked late',
    on: ['postgres'],
    table: `name varchar(64) NOT NULL, ${VALUE}, PRIMARY KEY (name) DEFERRABLE`,
    says: ['the column name of system_var is not a unique key'],
  },
  {
    title: 'no column name',
    table: 'k varchar(64) NOT NULL PRIMARY KEY, value varchar(2048)',
    insert: "INSERT INTO system_var (k, value) VALUES ('a', 'b')",
    says: ['system_var has no column name'],
  },
  {
    title: 'types of its own',
    on: ['postgres'],
    table: [
      "CREATE DOMAIN short AS varchar(20) CHECK (value <> 'x')",
      "CREATE TYPE kind AS ENUM ('stable')",
      `CREATE TABLE system_var (${NAME}, value short, source kind)`,
    ],
    says: [
      'the column value of system_var is short',
      'the column source of system_var is kind',
    ],
  },
  {
    title: 'a value that must be JSON',
    on: ['mysql'],
    table: `${NAME}, value json`,
    insert: `INSERT INTO system_var (name, value) VALUES ('a', '{}')`,
    says: ['value'],
  },
  {
    title: 'a generated column of ours',
    table: `${COLUMNS}, source varchar(32) GENERATED ALWAYS AS ('stable') STORED`,
    says: ['the column source of system_var is generated'],
  },
  {
    title: 'a CHECK that no token passes',
    table: `${COLUMNS}, CONSTRAINT short_values CHECK (length(value) < 100)`,
    says: ['system_var refuses a row'],
  },
  {
    title: 'a foreign key that no token has',
    table: [
      'CREATE TABLE names (name varchar(64) NOT NULL PRIMARY KEY)',
      "INSERT INTO names VALUES ('access_token'), ('site_name')",
      `CREATE TABLE system_var (${COLUMNS}, CONSTRAINT known FOREIGN KEY (name) REFERENCES names (name))`,
    ],
    says: ['system_var'],
  },
  {
    title: 'a view',
    table: [
      `CREATE TABLE variables (${COLUMNS})`,
      'CREATE VIEW system_var AS SELECT * FROM variables',
    ],
    insert: "INSERT INTO variables (name, value) VALUES ('a', 'b')",
    says: ['system_var is a view, not a table'],
  },
  {
    title: 'a partitioned table',
    on: ['postgres'],
    table: [
      `CREATE TABLE system_var (${COLUMNS}) PARTITION BY HASH (name)`,
      'CREATE TABLE part PARTITION OF system_var FOR VALUES WITH (MODULUS 1, REMAINDER 0)',
    ],
    says: ['system_var is a partitioned table, not a table'],
  },
  {
    title: 'a trigger that refuses every change',
    on: ['mysql'],
    table: [
      `CREATE TABLE system_var (${COLUMNS})`,
      "CREATE TRIGGER frozen BEFORE UPDATE ON system_var FOR EACH ROW SIGNAL SQLSTATE '45000' SET MESSAGE_TEXT = 'frozen'",
    ],
    says: ['system_var refuses a row', 'frozen'],
  },
  {
    title: 'a rule that drops rows',
    on: ['postgres'],
    table: [
      `CREATE TABLE system_var (${COLUMNS})`,
      "CREATE RULE tokens AS ON INSERT TO system_var WHERE new.name LIKE 'access_token:%' DO INSTEAD NOTHING",
    ],
    says: ['system_var does not keep a row'],
  },
  {
    title: 'a trigger that refuses rows, or would be lost',
    on: ['sqlite'],
    table: [
      `CREATE TABLE system_var (${NAME}, value varchar(20) NOT NULL)`,
      'CREATE TRIGGER own AFTER INSERT ON system_var BEGIN SELECT 1; END',
    ],
    says: [
      'system_var would lose its triggers by being made anew (the column value of system_var is NOT NULL,',
    ],
  },
  {
    title: 'a CHECK that would be lost',
    on: ['sqlite'],
    table: `${NAME}, value varchar(20) NOT NULL CHECK (value <> '')`,
    says: ['system_var would lose its CHECK constraints'],
  },
  {
    title: 'a view of it, where it has to be made anew',
    on: ['sqlite'],
    table: [
      `CREATE TABLE system_var (${NAME}, value varchar(20) NOT NULL)`,
      'CREATE VIEW variables AS SELECT name FROM system_var',
    ],
    says: [
      'system_var could not be converted by "making it anew"',
      'variables',
    ],
  },
  {
    title: 'instants that are numbers',
    on: ['sqlite'],
    table: `${COLUMNS}, expires_at INTEGER, updated_at REAL`,
    says: [
      'the column expires_at of system_var is INTEGER, not datetime(3)',
      'the column updated_at of system_var is REAL, not datetime(3)',
    ],
  },
  {
    title: 'types that are enforced, and are not those',
    on: ['sqlite'],
    table: 'name TEXT NOT NULL PRIMARY KEY, value TEXT, expires_at INTEGER',
    options: 'STRICT',
    says: ['the column expires_at of system_var is INTEGER'],
  },
  {
    title: 'a generated column that is made of the name',
    on: ['postgres'],
    table: `${COLUMNS}, size int GENERATED ALWAYS AS (length(name)) STORED`,
    says: ['system_var could not be converted by "ALTER TABLE', 'generated'],
  },
  {
    title: 'another schema that is searched',
    on: ['postgres'],
    table: [
      'CREATE SCHEMA other',
      `CREATE TABLE other.system_var (${COLUMNS})`,
      "DO $$ BEGIN EXECUTE format('ALTER DATABASE %I SET search_path = public, other', current_database()); END $$",
      'SET search_path = public, other',
    ],
    says: ['system_var is in the schema "other"', 'option schema'],
  },
  {
    title: 'a token_event of another program',
    table: [
      `CREATE TABLE system_var (${COLUMNS})`,
      'CREATE TABLE token_event (id varchar(36) NOT NULL PRIMARY KEY, payload varchar(20) NOT NULL)',
    ],
    says: [
      'the column id of token_event is',
      'the column payload of token_event is NOT NULL and has no default',
    ],
  },
];

const familyOf = ({ kind }: TestDatabase): Family =>
  kind === 'mariadb' ? 'mysql' : kind;

function on<Case extends Legacy>(
  database: TestDatabase,
  cases: readonly Case[],
): Case[] {
  const family = familyOf(database);
  return cases.filter((one) => one.on?.includes(family) ?? true);
}

// TypeORM prints each failure.
beforeEach(() => {
  vi.spyOn(console, 'log').mockReturnValue(undefined);
});
afterEach(() => vi.restoreAllMocks());

describe.each(everyDatabase())(
  'a table system_var that is there already, $title:',
  (database) => {
    let fresh: FreshDatabase;
    let own: DataSource;
    beforeEach(async () => {
      fresh = await database.create();
      own = await new DataSource({
        ...options(),
        entities: [],
        migrations: [],
      }).initialize();
    });
    afterEach(async () => {
      await own.destroy();
      await fresh.drop();
    });

    const options = () => dataSourceOptions(parsed(fresh.url));
    async function make({ table, options = '', insert = INSERT }: Legacy) {
      const statements =
        typeof table === 'string'
          ? [`CREATE TABLE system_var (${table}) ${options}`]
          : table;
      for (const sql of [...statements, insert]) await own.query(sql);
    }
    const rows = (columns = '*') =>
      own.query(`SELECT ${columns} FROM system_var`);
    const tables = async () => {
      const sql = {
        sqlite: "SELECT name FROM sqlite_master WHERE type = 'table'",
        mysql:
          'SELECT table_name AS name FROM information_schema.tables WHERE table_schema = DATABASE()',
        postgres:
          'SELECT tablename AS name FROM pg_tables WHERE schemaname = current_schema()',
      }[familyOf(database)];
      const found = await own.query<{ name: string }[]>(sql);
      return found.map(({ name }) => name);
    };

    it.each(on(database, CONVERTED))(
      'with $title it is converted, keeps its rows, and holds a token',
      async (legacy) => {
        await make(legacy);
        const before = await rows();
        await using world = await World.create({ databaseUrl: fresh.url });
        const { tokens } = await world.replica();
        const token = await tokens.getAccessToken();

        expect(await rows('name, value')).toHaveLength(2);
        const [row] = await own.query(
          "SELECT value, version FROM system_var WHERE name = 'access_token'",
        );
        expect(row.value).toBe(token);
        expect(Number(row.version)).toBeGreaterThan(1);
        const [kept] = await own.query(
          "SELECT * FROM system_var WHERE name = 'site_name'",
        );
        const old = before.find(({ name }: Row) => name === 'site_name');
        const theirs = Object.keys(old).filter(
          (column) => !CHANGED.has(column),
        );
        for (const column of theirs) expect(kept[column]).toEqual(old[column]);
      },
    );

    it.each(on(database, REFUSED))(
      'with $title it is refused by name, and nothing is changed',
      async (legacy) => {
        await make(legacy);
        const [before, tablesBefore] = [await rows(), await tables()];

        const error: unknown = await migratedDataSource(options()).catch(
          (e: unknown) => e,
        );

        expect(isConfigurationError(error)).toBe(true);
        for (const part of legacy.says) expect(String(error)).toContain(part);
        expect(String(error)).not.toContain('secret');
        expect(await rows()).toEqual(before);
        const left = await tables();
        expect(left.filter((name) => name !== 'migrations')).toEqual(
          tablesBefore,
        );
      },
    );
  },
);

interface Changed {
  readonly title: string;
  readonly on?: readonly Family[];
  /** After the migrations, as an app with tables of its own definition has it. */
  readonly change: readonly string[];
  readonly says: string;
}

/** Tables that the app has made itself, or has changed. */
const CHANGED_LATER: readonly Changed[] = [
  {
    title: 'a column of its own that may not be left out',
    on: ['mysql', 'postgres'],
    change: ['ALTER TABLE system_var ADD COLUMN tenant int NOT NULL'],
    says: 'the column tenant of system_var is NOT NULL and has no default',
  },
  {
    title: 'values that are too short',
    on: ['mysql'],
    change: ['ALTER TABLE system_var MODIFY value varchar(512)'],
    says: 'MODIFY value text CHARACTER SET utf8mb4 NULL',
  },
  {
    title: 'values that are too short',
    on: ['postgres'],
    change: ['ALTER TABLE system_var ALTER value TYPE varchar(512)'],
    says: 'ALTER value TYPE text',
  },
  {
    title: 'names without regard to case',
    on: ['mysql'],
    change: [
      'ALTER TABLE system_var MODIFY name varchar(191) CHARACTER SET utf8mb4 COLLATE utf8mb4_general_ci NOT NULL',
    ],
    says: 'the column name of system_var is varchar(191) (utf8mb4, utf8mb4_general_ci)',
  },
  {
    title: 'names in the order of a language',
    on: ['postgres'],
    change: [
      'ALTER TABLE system_var ALTER name TYPE varchar(191) COLLATE "en-x-icu"',
    ],
    says: 'the column name of system_var is character varying(191) (en-x-icu)',
  },
  {
    title: 'an engine without transactions',
    on: ['mysql'],
    change: ['ALTER TABLE token_event ENGINE=MyISAM'],
    says: 'token_event has the engine MyISAM',
  },
  {
    title: 'no index that statements name',
    on: ['mysql'],
    change: ['DROP INDEX IDX_system_var_next_at ON system_var'],
    says: 'lacks the indexes IDX_system_var_next_at of system_var; run AddRenewalQueue1791000000000',
  },
  {
    title: 'no index that statements name',
    on: ['sqlite'],
    change: ['DROP INDEX IDX_token_event_name_type_at'],
    says: 'lacks the indexes IDX_token_event_name_type_at of token_event; run CreateWechatTokenTables1790000000000',
  },
  {
    title: 'a trigger that refuses rows',
    on: ['sqlite'],
    change: [
      "CREATE TRIGGER frozen BEFORE INSERT ON system_var BEGIN SELECT RAISE(ABORT, 'is frozen'); END",
    ],
    says: 'system_var refuses a row such as the module writes (is frozen)',
  },
  {
    title: 'a CHECK that no event passes',
    on: ['mysql', 'postgres'],
    change: [
      "ALTER TABLE token_event ADD CONSTRAINT only_forced CHECK (type = 'forced')",
    ],
    says: 'token_event refuses a row such as the module writes (',
  },
];

/** The role of a refresher, which calls no platform unless it starts. */
async function start(dataSource: DataSource): Promise<void> {
  const module = await Test.createTestingModule({
    imports: [
      ScheduleModule.forRoot(),
      typeOrm(dataSource),
      WechatTokenModule.forRoot({
        accounts: [{ appId: 'wx', appSecret: 'appsecret' }],
        api: { baseUrl: 'http://127.0.0.1:9' },
      }),
    ],
  })
    .setLogger({ log: () => 0, warn: () => 0, error: () => 0 })
    .compile();
  try {
    await module.init();
  } finally {
    await module.close();
  }
}

describe.each(everyDatabase())('R12 the start on $title', (database) => {
  let fresh: FreshDatabase;
  beforeEach(async () => {
    fresh = await database.create();
  });
  afterEach(() => fresh.drop());

  it.each(
    CHANGED_LATER.filter((one) => one.on?.includes(familyOf(database)) ?? true),
  )(
    'is refused by name where the tables have $title',
    async ({ change, says }) => {
      const dataSource = await migratedDataSource(
        dataSourceOptions(parsed(fresh.url)),
      );
      for (const sql of change) await dataSource.query(sql);

      const error: unknown = await start(dataSource).catch((e: unknown) => e);

      expect(isConfigurationError(error)).toBe(true);
      expect(String(error)).toContain(says);
    },
  );

  it("finds the entities' tables whatever the naming strategy of the app", async () => {
    class Prefixing extends DefaultNamingStrategy {
      override tableName(target: string, given?: string) {
        return given ?? `t_${target}`;
      }
      override columnName(property: string, given?: string) {
        return given ?? `c_${property}`;
      }
    }
    const dataSource = await migratedDataSource({
      ...dataSourceOptions(parsed(fresh.url)),
      namingStrategy: new Prefixing(),
    });
    for (const entity of [SystemVar, TokenEvent])
      expect(await dataSource.getRepository(entity).find()).toEqual([]);
    await start(dataSource);
  });

  it('leaves no row of its trial', async () => {
    const dataSource = await migratedDataSource(
      dataSourceOptions(parsed(fresh.url)),
    );
    const reader = { ...dataSource.options };
    const other = await new DataSource(reader).initialize();
    await start(dataSource);
    const sql = "SELECT name FROM system_var WHERE name LIKE 'access_token:%'";
    expect(await other.query(sql)).toEqual([]);
    await other.destroy();
  });
});

describe.each(databaseServers().filter(({ kind }) => kind === 'postgres'))(
  "a table that is there already in the DataSource's schema, $kind $version",
  (server) => {
    it('is the one that is looked at, converted and written', async () => {
      const fresh = await createDatabase(server);
      const options = {
        ...dataSourceOptions(parsed(fresh.url)),
        schema: "Shop's tokens",
      } as ReturnType<typeof dataSourceOptions>;
      const own = await new DataSource(options).initialize();
      const table = '"Shop\'s tokens".system_var';
      await own.query('CREATE SCHEMA "Shop\'s tokens"');
      await own.query(`CREATE TABLE ${table} (${COLUMNS})`);
      await own.query(`INSERT INTO ${table} VALUES ('site_name', 'shop')`);
      await own.query('CREATE VIEW public.system_var AS SELECT 1 AS name');

      const dataSource = await migratedDataSource(options);
      await start(dataSource);

      const rows = `SELECT name, value FROM ${table} WHERE name = 'site_name'`;
      expect(await own.query(rows)).toEqual([
        { name: 'site_name', value: 'shop' },
      ]);
      await own.query(
        `ALTER TABLE ${table} ADD COLUMN tenant int NOT NULL DEFAULT 1`,
      );
      await own.query(`ALTER TABLE ${table} ALTER tenant DROP DEFAULT`);
      await expect(start(await migratedDataSource(options))).rejects.toThrow(
        'the column tenant of system_var',
      );
      await own.destroy();
      await fresh.drop();
    });
  },
);

describe.each(databaseServers())(
  'R12 the start of a user that may only read, $kind $version',
  (server) => {
    it('is refused by name for a refresher', async () => {
      const fresh = await createDatabase(server);
      const admin = await migratedDataSource(
        dataSourceOptions(parsed(fresh.url)),
      );
      const user = `reader_${fresh.name.slice(-8)}`;
      const isPostgres = server.kind === 'postgres';
      const statements = isPostgres
        ? [
            `CREATE ROLE ${user} LOGIN`,
            `GRANT SELECT ON ALL TABLES IN SCHEMA public TO ${user}`,
          ]
        : [
            `CREATE USER ${user}@'%'`,
            `GRANT SELECT ON \`${fresh.name}\`.* TO ${user}@'%'`,
          ];
      for (const sql of statements) await admin.query(sql);
      const url = new URL(fresh.url);
      url.username = user;

      const dataSource = await new DataSource(
        dataSourceOptions(parsed(url.href)),
      ).initialize();
      await expect(start(dataSource)).rejects.toThrow(
        /system_var refuses a row such as the module writes \(.*denied.*privilege/,
      );

      if (isPostgres) await admin.query(`DROP OWNED BY ${user}`);
      await admin.query(`DROP ${isPostgres ? 'ROLE' : 'USER'} ${user}`);
      await admin.destroy();
      await fresh.drop();
    });
  },
);
