import type { SqlRunner } from '../../src/wechat-token/store/sql-runner.js';
import type { SqlStatement } from '../../src/wechat-token/store/connections/sql-statement.js';
import type { Statements } from '../../src/wechat-token/store/statements/statements.js';
import { byDepth } from '../support/depth.js';
import { everyDatabase } from '../support/every-database.js';
import { openStore, type StoreUnderTest } from '../support/open-store.js';
import { familyOf } from '../support/sql.js';

const PRIMARY = {
  sqlite: 'sqlite_autoindex_system_var_1',
  mysql: 'PRIMARY',
  postgres: 'PRIMARY',
};

const HOURS_PRIMARY = {
  sqlite: 'sqlite_autoindex_token_hour_1',
  mysql: 'PRIMARY',
  postgres: 'PRIMARY',
};
const HOURS = Array.from({ length: 168 }, (_, ago) => ({ ago }));

const START = '1000-01-01 00:00:00.000';

const name = 'access_token:7';
const names = ['access_token:7', 'access_token:8'];
const page = { since: START, name: '', limit: 100 };
const queuePage = { ...page, depthMs: 60_000 };
const wanted = {
  statuses: ['valid', 'due'],
  kind: 'access_token',
  ofKind: 'access!_token:%',
  search: '%',
};
const events = { type: 'forced', windowMs: 86_400_000 };
const lease = { owner: 'me', durationMs: 30_000 };
const renewal = {
  version: 1,
  value: 'v',
  source: 'stable',
  credentialId: 'c0ffee00',
  appId: 'wx0123456789abcdef',
  issuedMs: -30_000,
  refreshMs: 6_000_000,
  expiresMs: 7_000_000,
  nextMs: 270_000,
};
const TABLES = ['system_var', 'token_event', 'token_hour'];
const NEXT_AT = 'IDX_system_var_next_at';
const UPDATED_AT = 'IDX_system_var_updated_at_name';
const EVENTS = 'IDX_token_event_name_type_at';

/** How a statement reads a table. */
interface Access {
  readonly table: string;
  /** Undefined for a scan of the whole table or index. */
  readonly index: string | undefined;
}

interface Expected {
  readonly statement: (statements: Statements) => SqlStatement;
  readonly access: readonly (string | typeof PRIMARY)[];
}

const EXPECTED: { readonly [Name in keyof Statements]?: Expected } = {
  read: { statement: (s) => s.read({ name }), access: [PRIMARY] },
  readValue: {
    statement: (s) => s.readValue({ name: 'site:7' }),
    access: [PRIMARY],
  },
  readAll: { statement: (s) => s.readAll({ names }), access: [PRIMARY] },
  poll: {
    statement: (s) =>
      s.poll({
        sinceMs: 1000,
        limit: 100,
        depthMs: 60_000,
        held: [{ name, version: 1 }],
      }),
    access: [UPDATED_AT, NEXT_AT, PRIMARY],
  },
  changedAfter: {
    statement: (s) => s.changedAfter(page),
    access: [UPDATED_AT],
  },
  versions: { statement: (s) => s.versions({ names }), access: [PRIMARY] },
  due: { statement: (s) => s.due(queuePage), access: [NEXT_AT] },
  unconfirmed: {
    statement: (s) => s.unconfirmed(queuePage),
    access: [NEXT_AT],
  },
  unplaced: {
    statement: (s) =>
      s.unplaced({
        after: 'access_token',
        before: 'access_token;',
        limit: 100,
      }),
    access: [NEXT_AT],
  },
  place: {
    statement: (s) => {
      const places = names.map((each) => {
        return { name: each, version: 1, nextMs: 0 };
      });
      return s.place({ places });
    },
    access: [PRIMARY],
  },
  lockDue: { statement: (s) => s.lockDue({ names }), access: [PRIMARY] },
  claimAll: {
    statement: (s) => {
      const claims = names.map((each) => ({ name: each, version: 2 }));
      return s.claimAll({ claims, ...lease });
    },
    access: [PRIMARY],
  },
  claim: {
    statement: (s) =>
      s.claim({ name, version: 1, claimedVersion: 2, ...lease }),
    access: [PRIMARY],
  },
  storeRenewed: {
    statement: (s) => {
      const renewals = names.map((each) => ({ name: each, ...renewal }));
      return s.storeRenewed({ renewals });
    },
    access: [PRIMARY],
  },
  lock: { statement: (s) => s.lock({ names }), access: [PRIMARY] },
  storeFailure: {
    statement: (s) =>
      s.storeFailure({
        name,
        version: 1,
        waitMs: 1000,
        nextMs: 1000,
        error: {},
      }),
    access: [PRIMARY],
  },
  release: {
    statement: (s) => s.release({ name, version: 1, nextMs: 0 }),
    access: [PRIMARY],
  },
  storedValues: {
    statement: (s) => s.storedValues({ after: name, limit: 100 }),
    access: [PRIMARY],
  },
  replaceValue: {
    statement: (s) => s.replaceValue({ name, value: 'w', oldValue: 'v' }),
    access: [PRIMARY],
  },
  updateVariable: {
    statement: (s) =>
      s.updateVariable({ name: 'site:7', value: 'v', remark: null }),
    access: [PRIMARY],
  },
  page: {
    statement: (s) =>
      s.page({ after: 'access_token', before: 'access_token;', limit: 50 }),
    access: [PRIMARY],
  },
  events: {
    statement: (s) => s.events({ name, beforeId: 1000, limit: 50 }),
    access: [EVENTS],
  },
  countHours: {
    statement: (s) =>
      s.countHours({
        counts: [
          { name, outcome: 'refreshed', class: '', count: 1, latency: 1 },
        ],
      }),
    access: [],
  },
  hoursOfNames: {
    statement: (s) => s.hoursOfNames({ names, hours: HOURS }),
    access: [HOURS_PRIMARY],
  },
  hoursOfReplicas: {
    statement: (s) => s.hoursOfReplicas({ hours: HOURS }),
    access: [HOURS_PRIMARY],
  },
  countOwnStatuses: {
    statement: (s) => s.countOwnStatuses({ owned: names }),
    access: [PRIMARY],
  },
  listOwnByName: {
    statement: (s) =>
      s.listOwnByName({ ...wanted, owned: names, after: '', limit: 50 }),
    access: [PRIMARY, PRIMARY],
  },
  listOwnByUrgency: {
    statement: (s) =>
      s.listOwnByUrgency({
        ...wanted,
        owned: names,
        after: '',
        place: 0,
        limit: 50,
      }),
    access: [PRIMARY, PRIMARY],
  },
  postponeEvent: {
    statement: (s) => s.postponeEvent({ name, ...events }),
    access: [EVENTS],
  },
  countEvents: {
    statement: (s) => s.countEvents({ names, ...events }),
    access: [EVENTS],
  },
  recentEvents: {
    statement: (s) => s.recentEvents({ names, ...events, limit: 1000 }),
    access: [EVENTS],
  },
};

/** The planner goes by what ANALYZE has counted, or by what it thinks of a table that was filled just now. */
const PLANS = everyDatabase().flatMap((database) =>
  ['counted', 'new', ...(database.kind === 'postgres' ? ['due'] : [])].map(
    (rows) => ({ ...database, rows }),
  ),
);
/** PostgreSQL has no hints: its planner is to choose right by itself. */
const BIG = byDepth({ short: 20_000, full: 1_000_000 });

describe.each(PLANS)(
  'R13, R14 the statements on $title, with $rows rows',
  ({ rows, ...database }) => {
    let db: StoreUnderTest;
    let runner: SqlRunner;
    let statements: Statements;
    beforeAll(async () => {
      db = await openStore(database);
      runner = db.runner();
      ({ statements } = runner);
      if (database.kind === 'postgres') await fillPostgres(db, rows === 'due');
      else await fill(db);
      if (rows === 'new') await countAsSmall(db);
      if (rows !== 'new') await db.sql(db.words.analyze);
    });
    afterAll(() => db[Symbol.asyncDispose]());

    const accesses = async ({
      sql,
      values,
    }: SqlStatement): Promise<Access[]> => {
      switch (familyOf(db.dataSource)) {
        case 'sqlite':
          return explainSqlite(
            await db.sql(`EXPLAIN QUERY PLAN ${sql}`, values),
          );
        case 'mysql':
          return explainMysql(
            await db.sql(`EXPLAIN FORMAT=TRADITIONAL ${sql}`, values),
          );
        case 'postgres': {
          // As the engine's session has it.
          const explain = `EXPLAIN (FORMAT JSON) ${sql}`;
          const [row] = await runner.rows<PostgresPlan>({
            sql: explain,
            values,
          });
          return row ? explainPostgres(row['QUERY PLAN'][0].Plan) : [];
        }
      }
    };

    it.each(Object.entries(EXPECTED))(
      '%s finds its rows by an index',
      async (_, { statement, access }) => {
        const found = await accesses(statement(statements));
        const family = familyOf(db.dataSource);
        expect(found.map(({ index }) => String(index)).toSorted()).toEqual(
          access
            .map((key) => (typeof key === 'string' ? key : key[family]))
            .toSorted(),
        );
      },
    );

    it.each(['purgeEvents', 'purgeHours'] as const)(
      '%s reads the oldest, not all of them',
      async (name) => {
        const purge = { keptMs: 86_400_000, limit: 10 };
        const found = await accesses(statements[name](purge));
        expect(found.length).toBeGreaterThan(0);
        expect(found.map(({ index }) => index)).not.toContain(undefined);
      },
    );

    it('a full scan would be noticed', async () => {
      const sql = 'SELECT value FROM system_var WHERE remark = ?';
      expect(await accesses({ sql, values: ['x'] })).toEqual([
        { table: 'system_var', index: undefined },
      ]);
    });
  },
);

/** InnoDB counts in the background, at any time: here it did when each table had one row. */
async function countAsSmall(db: StoreUnderTest): Promise<void> {
  if (familyOf(db.dataSource) !== 'mysql') return;
  for (const table of TABLES) {
    await db.sql(
      `ALTER TABLE ${table} STATS_PERSISTENT = 1, STATS_AUTO_RECALC = 0`,
    );
    await db.sql(
      `UPDATE mysql.innodb_table_stats SET n_rows = 1
        WHERE database_name = DATABASE() AND table_name = '${table}'`,
    );
    await db.sql(
      `UPDATE mysql.innodb_index_stats SET stat_value = 1
        WHERE database_name = DATABASE() AND table_name = '${table}' AND stat_name LIKE 'n_diff%'`,
    );
    await db.sql(`FLUSH TABLE ${table}`);
  }
}

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
    `INSERT INTO system_var (name, value, source, version, updated_at, refresh_at, expires_at, next_at)
      VALUES ${many(50, (i) => `'access_token:${i}', 'v', 'stable', 1, ${i < 3 ? old : later}, ${i < 3 ? old : later}, ${later}, ${i < 3 ? old : later}`)}`,
  );
  await db.sql(
    `INSERT INTO token_event (name, at, type)
      VALUES ${many(2000, (i) => `'access_token:${i % 50}', '2099-01-01 00:00:00.${String(i).padStart(4, '0').slice(0, 3)}', 'forced'`)}`,
  );
  await db.sql(
    `INSERT INTO token_hour (hour, name, outcome, class, count, latency_sum)
      VALUES ${many(2000, (i) => `'2020-01-${String(1 + (i % 28)).padStart(2, '0')} 00:00:00.000', 'access_token:${i}', 'refreshed', '', 1, 1`)}`,
  );
}

/** As many plain variables as tokens, one of which is due, or all; and events of a few of them. No vacuum counts them. */
async function fillPostgres(db: StoreUnderTest, areDue: boolean) {
  const { now, plus } = db.words;
  for (const table of TABLES)
    await db.sql(`ALTER TABLE ${table} SET (autovacuum_enabled = off)`);
  await db.sql(
    `INSERT INTO system_var (name, value, updated_at)
      SELECT 'site:' || i, 'v', ${now} FROM generate_series(1, ${BIG / 2}) i`,
  );
  const next = areDue ? plus(now, '-i') : plus(now, '1000 * (i - 7)');
  await db.sql(
    `INSERT INTO system_var (name, value, source, version, updated_at, refresh_at, expires_at, next_at)
      SELECT 'access_token:' || i, 'v', 'stable', 1, ${plus(now, '-i')}, ${next}, ${plus(now, '7200000')}, ${next}
      FROM generate_series(1, ${BIG / 2}) i`,
  );
  await db.sql(
    `INSERT INTO token_event (name, at, type)
      SELECT 'access_token:' || i % 50, ${plus(now, '-1000 * i')}, 'forced' FROM generate_series(1, ${BIG / 10}) i`,
  );
  await db.sql(
    `INSERT INTO token_hour (hour, name, outcome, class, count, latency_sum)
      SELECT ${plus("date_trunc('hour', " + now + ')', '-3600000 * (i % 168)')}, 'access_token:' || i, 'refreshed', '', 1, 1
      FROM generate_series(1, ${BIG / 2}) i`,
  );
}

interface PlanNode {
  readonly 'Node Type': string;
  readonly 'Relation Name'?: string;
  readonly 'Index Name'?: string;
  readonly 'Index Cond'?: string;
  readonly Plans?: readonly PlanNode[];
}
interface PostgresPlan {
  readonly 'QUERY PLAN': readonly [{ readonly Plan: PlanNode }];
}

function explainPostgres(node: PlanNode): Access[] {
  const inner = (node.Plans ?? []).flatMap(explainPostgres);
  const table = node['Relation Name'];
  const type = node['Node Type'];
  if (!table || type === 'ModifyTable') return inner;
  const name =
    type === 'Tid Scan'
      ? 'ctid'
      : node['Index Name']?.replace(/^PK_.*/, 'PRIMARY');
  const isBounded = type === 'Tid Scan' || node['Index Cond'] !== undefined;
  return [{ table, index: isBounded ? name : undefined }, ...inner];
}

function explainSqlite(plan: readonly object[]): Access[] {
  return plan.flatMap((step) => {
    const detail = 'detail' in step ? String(step.detail) : '';
    const [, how, table, index] =
      /^(SEARCH|SCAN) (system_var|token_event|token_hour)(?: EXISTS)?(?: USING (?:COVERING )?INDEX (\w+)| USING INTEGER PRIMARY KEY)?/.exec(
        detail,
      ) ?? [];
    if (!table) return [];
    const key = index ?? (/PRIMARY KEY/.test(detail) ? 'rowid' : undefined);
    return [{ table, index: how === 'SEARCH' ? key : undefined }];
  });
}

/** The tables only, without derived ones. */
function explainMysql(plan: readonly object[]): Access[] {
  return plan.flatMap((step) => {
    const row = new Map<string, unknown>(Object.entries(step));
    const table = String(row.get('table'));
    if (!/^(system_var|token_event|token_hour)$/.test(table)) return [];
    // MySQL 9 names the table of an INSERT as well, which reads none of its rows.
    if (row.get('select_type') === 'INSERT') return [];
    const scan = ['ALL', 'index'].includes(String(row.get('type')));
    return [{ table, index: scan ? undefined : String(row.get('key')) }];
  });
}
