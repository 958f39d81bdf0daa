import { dialectOf } from '../../src/wechat-token/store/dialect.js';
import {
  statementsFor,
  type Statements,
} from '../../src/wechat-token/store/statements.js';
import { everyDatabase } from '../support/every-database.js';
import { openStore, type StoreUnderTest } from '../support/open-store.js';
import { isSqlite } from '../support/sql.js';

const PRIMARY = { sqlite: 'sqlite_autoindex_system_var_1', mysql: 'PRIMARY' };

const FIRST = '1000-01-01 00:00:00.000';

/** A list of two tokens, each with the same details. */
function list(details: object): string {
  const names = ['access_token:7', 'access_token:8'];
  return JSON.stringify(names.map((of_name) => ({ of_name, ...details })));
}

/** How a statement gets at a table's rows. */
interface Access {
  readonly table: string;
  /** Undefined for a look at every row, or at every entry of an index. */
  readonly index: string | undefined;
}

const EXPECTED: Readonly<
  Partial<
    Record<
      keyof Statements,
      { values: unknown[]; access: (string | typeof PRIMARY)[] }
    >
  >
> = {
  read: { values: ['access_token:7'], access: [PRIMARY] },
  variable: { values: ['site:7'], access: [PRIMARY] },
  readAll: { values: [list({})], access: [PRIMARY] },
  look: {
    values: [-1000, -11_000, -1000, -300_000],
    access: [
      'IDX_system_var_updated_at',
      'IDX_system_var_updated_at',
      'IDX_system_var_refresh_at',
      'IDX_system_var_source_updated_at',
    ],
  },
  due: {
    values: [FIRST, FIRST, '', 100],
    access: ['IDX_system_var_refresh_at'],
  },
  unconfirmed: {
    values: [-300_000, FIRST, FIRST, '', 100],
    access: ['IDX_system_var_source_updated_at'],
  },
  setAside: { values: [list({})], access: [PRIMARY] },
  lockDue: {
    values: ['access_token:7', 'access_token:8', -300_000],
    access: [PRIMARY],
  },
  claimAll: {
    values: [list({ new_owner: 'me', lease_ms: 30_000 })],
    access: [PRIMARY],
  },
  claim: { values: ['me', 30_000, 'access_token:7', 1], access: [PRIMARY] },
  storeRenewed: {
    values: [list({ of_version: 1, new_value: 'v' })],
    access: [PRIMARY],
  },
  lock: { values: ['access_token:7', 'access_token:8'], access: [PRIMARY] },
  storeFailure: {
    values: [1000, '{}', 'access_token:7', 1],
    access: [PRIMARY],
  },
  release: { values: ['access_token:7', 1], access: [PRIMARY] },
  storedValues: { values: ['access_token:7', 100], access: [PRIMARY] },
  resealValue: { values: ['w', 'access_token:7', 'v'], access: [PRIMARY] },
  updateVariable: { values: ['v', null, 'site:7'], access: [PRIMARY] },
  page: {
    values: ['access_token', 'access_token;', 50],
    access: [PRIMARY],
  },
  events: {
    values: ['access_token:7', 1000, 50],
    access: ['IDX_token_event_name_type_at'],
  },
  countEvents: {
    values: [list({}), 'forced', -86_400_000],
    access: ['IDX_token_event_name_type_at'],
  },
  recentEvents: {
    values: ['access_token:7', 'forced', -86_400_000],
    access: ['IDX_token_event_name_type_at'],
  },
};

describe.each(everyDatabase())(
  'R13, R14 the statements on $title',
  (database) => {
    let db: StoreUnderTest;
    let statements: Statements;
    beforeAll(async () => {
      db = await openStore(database);
      const dialect = dialectOf(db.dataSource.options.type);
      if (!dialect) throw new Error('no dialect');
      statements = statementsFor(dialect);
      await fill(db);
    });
    afterAll(() => db[Symbol.asyncDispose]());

    const accesses = async (
      sql: string,
      values: readonly unknown[],
    ): Promise<Access[]> =>
      isSqlite(db.dataSource)
        ? explainSqlite(await db.sql(`EXPLAIN QUERY PLAN ${sql}`, values))
        : explainMysql(
            await db.sql(`EXPLAIN FORMAT=TRADITIONAL ${sql}`, values),
          );

    it.each(Object.entries(EXPECTED))(
      '%s finds its rows by an index',
      async (name, { values, access }) => {
        const statement = statements[name as keyof Statements];
        const sql = typeof statement === 'string' ? statement : statement(2);
        const found = await accesses(sql, values);
        const family = isSqlite(db.dataSource) ? 'sqlite' : 'mysql';
        expect(found.map(({ index }) => String(index)).toSorted()).toEqual(
          access
            .map((key) => (typeof key === 'string' ? key : key[family]))
            .toSorted(),
        );
      },
    );

    it('purgeEvents looks at the oldest events, not at all of them', async () => {
      const found = await accesses(statements.purgeEvents, [-86_400_000, 10]);
      expect(found.length).toBeGreaterThan(0);
      expect(found.map(({ index }) => index)).not.toContain(undefined);
    });

    it('a full scan would be noticed', async () => {
      expect(
        await accesses('SELECT value FROM system_var WHERE remark = ?', ['x']),
      ).toEqual([{ table: 'system_var', index: undefined }]);
    });
  },
);

/** 2000 plain variables, 50 tokens of which a few are due, and 2000 events, all of them old. */
async function fill(db: StoreUnderTest): Promise<void> {
  const old = "'2020-01-01 00:00:00.000'";
  const later = "'2099-01-01 00:00:00.000'";
  const many = (count: number, row: (i: number) => string) =>
    Array.from({ length: count }, (_, i) => `(${row(i)})`).join(', ');
  await db.sql(
    `INSERT INTO system_var (name, value, updated_at)
      VALUES ${many(2000, (i) => `'site:${i}', 'v', ${old}`)}`,
  );
  await db.sql(
    `INSERT INTO system_var (name, value, source, version, updated_at, refresh_at, expires_at)
      VALUES ${many(50, (i) => `'access_token:${i}', 'v', '${i < 3 ? 'stable' : 'classic'}', 1, ${i < 3 ? old : later}, ${i < 3 ? old : later}, ${later}`)}`,
  );
  await db.sql(
    `INSERT INTO token_event (name, at, type)
      VALUES ${many(2000, (i) => `'access_token:${i % 50}', '2099-01-01 00:00:00.${String(i).padStart(4, '0').slice(0, 3)}', 'forced'`)}`,
  );
  if (isSqlite(db.dataSource)) await db.sql('ANALYZE');
  else await db.sql('ANALYZE TABLE system_var, token_event');
}

function explainSqlite(plan: readonly object[]): Access[] {
  return plan.flatMap((step) => {
    const detail = 'detail' in step ? String(step.detail) : '';
    const [, how, table, index] =
      /^(SEARCH|SCAN) (system_var|token_event)(?: USING (?:COVERING )?INDEX (\w+)| USING INTEGER PRIMARY KEY)?/.exec(
        detail,
      ) ?? [];
    if (!table) return [];
    const key = index ?? (/PRIMARY KEY/.test(detail) ? 'rowid' : undefined);
    return [{ table, index: how === 'SEARCH' ? key : undefined }];
  });
}

/** Tables only: a derived one is what the statement itself has found. */
function explainMysql(plan: readonly object[]): Access[] {
  return plan.flatMap((step) => {
    const row = new Map<string, unknown>(Object.entries(step));
    const table = String(row.get('table'));
    if (!/^(system_var|token_event)$/.test(table)) return [];
    const scan = ['ALL', 'index'].includes(String(row.get('type')));
    return [{ table, index: scan ? undefined : String(row.get('key')) }];
  });
}
