import { DataSource, type QueryRunner } from 'typeorm';
import { dataSourceOptions } from '../../src/config/database.js';
import {
  runMigrationsExclusively,
  wechatTokenMigrations,
} from '../../src/wechat-token/index.js';
import {
  createDatabase,
  databaseServers,
  type FreshDatabase,
} from '../support/databases.js';
import { byDepth } from '../support/depth.js';
import { databasesOf01 } from '../support/every-database.js';
import { parsed } from '../support/open-store.js';
import { schemaDrift } from '../support/schema-drift.js';
import { isSqlite } from '../support/sql.js';
import { Version01 } from '../support/version-0-1.js';
import { World } from '../support/world.js';

const [, Queue, Hours] = wechatTokenMigrations;
const up = async (runner: QueryRunner) => {
  await new Queue().up(runner);
  await new Hours().up(runner);
};
const down = async (runner: QueryRunner) => {
  await new Hours().down(runner);
  await new Queue().down(runner);
};
/** Rows that one statement fills. */
const BATCH = 2000;
const MINUTE = 60;
const HOUR = 3600;
const DAY = 24 * HOUR;

/** Instants in seconds from now. */
interface OldRow {
  readonly source?: 'stable' | 'classic';
  readonly issued?: number;
  readonly refresh?: number;
  readonly expires?: number;
  readonly updated?: number;
  readonly leased?: number;
  readonly attempt?: number;
}

/** What version 0.1 leaves, and where the row comes in the queue. */
const STATES: Readonly<Record<string, readonly [OldRow, string | null]>> = {
  'access_token:stable-fresh': [
    token('stable', { updated: -10 }),
    'confirmation',
  ],
  'access_token:stable-unconfirmed': [
    token('stable', { updated: -10 * MINUTE }),
    'confirmation',
  ],
  'access_token:stable-soon': [
    token('stable', { updated: -10, refresh: MINUTE }),
    'refresh_at',
  ],
  'access_token:classic-fresh': [token('classic'), 'refresh_at'],
  'access_token:classic-due': [
    token('classic', { refresh: -5, expires: 10 * MINUTE }),
    'refresh_at',
  ],
  'access_token:leased': [
    token('classic', { refresh: -5, expires: 10 * MINUTE, leased: 20 }),
    'refresh_at',
  ],
  'access_token:failed': [
    token('classic', { refresh: -5, expires: MINUTE, attempt: 20 }),
    'next_attempt_at',
  ],
  'access_token:stopped': [
    token('stable', { refresh: -HOUR, expires: -60, attempt: 50 * 365 * DAY }),
    'next_attempt_at',
  ],
  'access_token:new': [{ refresh: 0, expires: 0, updated: 0 }, 'refresh_at'],
  'access_token:unscheduled': [
    { issued: -4 * DAY, expires: -3 * DAY, updated: -4 * DAY },
    'within a day',
  ],
  'access_token:unscheduled-failed': [
    { expires: -3 * DAY, updated: -4 * DAY, attempt: -2 * DAY },
    'within a day',
  ],
  site_name: [{ updated: -10 }, null],
  site_title: [{}, null],
};

function token(
  source: 'stable' | 'classic',
  others: Partial<OldRow> = {},
): OldRow {
  const life = { issued: -MINUTE, refresh: HOUR, expires: 2 * HOUR };
  return { source, ...life, updated: -MINUTE, ...others };
}

let version01: Version01;
beforeAll(async () => {
  version01 = await Version01.install();
});
afterAll(() => version01[Symbol.dispose]());

// TypeORM prints each failure.
beforeEach(() => {
  vi.spyOn(console, 'log').mockReturnValue(undefined);
});
afterEach(() => vi.restoreAllMocks());

describe.each(databasesOf01())(
  'the migration of tables of version 0.1, on $title',
  (database) => {
    let fresh: FreshDatabase;
    let dataSource: DataSource;
    let runner: QueryRunner;
    beforeEach(async () => {
      fresh = await database.create();
      await (await version01.open(fresh.url)).destroy();
      dataSource = new DataSource(dataSourceOptions(parsed(fresh.url)));
      await dataSource.initialize();
      await insertStates(dataSource);
      runner = dataSource.createQueryRunner();
    });
    afterEach(async () => {
      await runner.release();
      await dataSource.destroy();
      await fresh.drop();
    });

    const places = () => placesOf(dataSource);
    const expectMigrated = async () => {
      expect(await places()).toEqual(
        Object.fromEntries(
          Object.entries(STATES).map(([name, [, place]]) => [name, place]),
        ),
      );
      const without = await dataSource.query(
        'SELECT name FROM system_var WHERE (next_at IS NULL) <> (expires_at IS NULL)',
      );
      expect(without).toEqual([]);
      expect(await schemaDrift(dataSource)).toEqual([]);
    };

    it.each(['all', 'each', 'none'] as const)(
      'gives every token a place in the queue, and no plain variable (transactions: %s)',
      async (transaction) => {
        await dataSource.runMigrations({ transaction });
        await expectMigrated();
      },
    );

    it('does not bring the tokens of removed accounts back at one instant', async () => {
      const removed = Array.from({ length: 3 * BATCH }, (_, i) => [
        `access_token:removed-${i}`,
        { expires: -3 * DAY, updated: -4 * DAY },
      ]);
      await insert(dataSource, Object.fromEntries(removed));
      await up(runner);
      const [row] = await dataSource.query<{ n: unknown; soon: unknown }[]>(
        `SELECT COUNT(DISTINCT next_at) AS n, SUM(next_at <= ${fromNow(dataSource, MINUTE / 2)}) AS soon
        FROM system_var WHERE name LIKE 'access_token:removed%'`,
      );
      expect(Number(row?.soon)).toBe(0);
      expect(Number(row?.n)).toBeGreaterThan(2);
    });

    it('that was interrupted goes on where it was, whichever statement was the last', async () => {
      await insertMany(dataSource, 2 * BATCH);
      const before = await schemaOf(dataSource);
      for (let done = 0; ; done++) {
        const wasInterrupted = await interrupted(runner, done, up);
        await up(runner);
        await expectMigrated();
        if (!wasInterrupted) break;
        expect(done).toBeLessThan(20);

        await interrupted(runner, done, down);
        await down(runner);
        expect(await schemaOf(dataSource)).toEqual(before);
      }
    });

    it('goes down to the tables of version 0.1, and loses nothing of them', async () => {
      const read = () => dataSource.query('SELECT * FROM system_var');
      const [schema, rows] = [await schemaOf(dataSource), await read()];
      await dataSource.runMigrations();
      await dataSource.undoLastMigration();
      await dataSource.undoLastMigration();
      expect(await schemaOf(dataSource)).toEqual(schema);
      expect(await read()).toEqual(rows);

      await dataSource.undoLastMigration();
      expect(
        await dataSource.query('SELECT * FROM system_var ORDER BY name'),
      ).toEqual(
        Object.keys(STATES)
          .toSorted()
          .map((name) => ({ name, value: 'v', remark: '' })),
      );
    });
  },
);

describe.each(databaseServers().filter(({ kind }) => kind !== 'postgres'))(
  'the migration of a big table of version 0.1, on $kind $version',
  (server) => {
    const size = byDepth({ short: 30_000, full: 1_000_000 });
    const accounts = [
      { name: 'shop', appId: 'wx_shop', appSecret: 'secret-of-shop' },
    ];

    it('fills a small part of the rows at a time, while version 0.1 goes on', async () => {
      const fresh = await createDatabase(server);
      const dataSource = new DataSource(dataSourceOptions(parsed(fresh.url)));
      await dataSource.initialize();
      await (await version01.open(fresh.url)).destroy();
      await insertMany(dataSource, size);
      await using world = await World.create({ databaseUrl: fresh.url });
      for (const account of accounts) world.wechat.addAccount(account);
      const old = await version01.replica(world, { accounts });
      await old.token('shop');
      const filled = watchUpdates(dataSource);

      let isOver = false;
      const migrating = runMigrationsExclusively(dataSource).finally(
        () => (isOver = true),
      );
      let rounds = 0;
      for (; !isOver; rounds++) {
        await old.refresh('access_token:shop');
        await old.poll();
        await old.tick();
        expect(world.wechat.accepts(await old.token('shop'))).toBe(true);
      }
      await migrating;

      expect(rounds).toBeGreaterThan(1);
      expect(old.complaints).toEqual([]);
      await old.close();
      const counts = await filled();
      expect(Math.max(...counts)).toBeLessThanOrEqual(BATCH);
      const [row] = await dataSource.query<Record<string, unknown>[]>(
        `SELECT SUM(expires_at IS NOT NULL) AS tokens, SUM(next_at IS NOT NULL) AS placed,
          SUM(next_at IS NULL AND expires_at IS NULL) AS variables FROM system_var`,
      );
      const filledRows = counts.reduce((sum, count) => sum + count, 0);
      expect(row).toEqual({
        tokens: String(filledRows),
        placed: String(filledRows),
        variables: String(size / 10),
      });
      await dataSource.destroy();
      await fresh.drop();
    });

    it('keeps no row locked for longer than its statement, also where it goes on after an interruption', async () => {
      const fresh = await createDatabase(server);
      await (await version01.open(fresh.url)).destroy();
      const dataSource = new DataSource(dataSourceOptions(parsed(fresh.url)));
      await dataSource.initialize();
      await insertMany(dataSource, 3 * BATCH);
      const runner = dataSource.createQueryRunner();
      expect(await interrupted(runner, 2, up)).toBe(true);
      await runner.release();
      const other = new DataSource(dataSourceOptions(parsed(fresh.url)));
      await other.initialize();
      await other.query('SET SESSION innodb_lock_wait_timeout = 1');
      let writes = 0;
      const create = dataSource.createQueryRunner.bind(dataSource);
      vi.spyOn(dataSource, 'createQueryRunner').mockImplementation((mode) => {
        const migrating = create(mode);
        const query = migrating.query.bind(migrating);
        vi.spyOn(migrating, 'query').mockImplementation(async (...call) => {
          const result = await query(...call);
          if (!isFilling(call[0])) return result;
          await other.query(
            "UPDATE system_var SET remark = 'x' WHERE name < 'b'",
          );
          writes++;
          return result;
        });
        return migrating;
      });

      await dataSource.runMigrations({ transaction: 'all' });

      expect(writes).toBeGreaterThanOrEqual(3);
      await other.destroy();
      await dataSource.destroy();
      await fresh.drop();
    });
  },
);

/** Runs `work` until it has made so many changes; false when it made no more than those. */
async function interrupted(
  runner: QueryRunner,
  changes: number,
  work: (runner: QueryRunner) => Promise<void>,
): Promise<boolean> {
  const query = runner.query.bind(runner);
  let left = changes;
  const spy = vi.spyOn(runner, 'query').mockImplementation((...call) => {
    const isChange = /^\s*(?:ALTER|CREATE|DROP|INSERT|UPDATE)/i.test(call[0]);
    if (isChange && left-- === 0)
      return Promise.reject(new Error('interrupted'));
    return query(...call);
  });
  try {
    await work(runner);
    return false;
  } catch (error) {
    expect(String(error)).toContain('interrupted');
    // An SQLite process that dies takes its own transaction with it.
    if (runner.isTransactionActive) await runner.rollbackTransaction();
    return true;
  } finally {
    spy.mockRestore();
  }
}

const isFilling = (sql: string) => /^UPDATE .* SET next_at/.test(sql);

/** How many rows each UPDATE of a migration fills from now on. */
function watchUpdates(dataSource: DataSource): () => Promise<number[]> {
  const results: Promise<unknown>[] = [];
  const create = dataSource.createQueryRunner.bind(dataSource);
  vi.spyOn(dataSource, 'createQueryRunner').mockImplementation((mode) => {
    const runner = create(mode);
    const query = runner.query.bind(runner);
    vi.spyOn(runner, 'query').mockImplementation((...call) => {
      const result = query(...call);
      if (isFilling(call[0])) results.push(result);
      return result;
    });
    return runner;
  });
  return async () =>
    (await Promise.all(results)).map((result) =>
      Number((result as { affectedRows?: number }).affectedRows),
    );
}

function fromNow(dataSource: DataSource, seconds: number): string {
  return isSqlite(dataSource)
    ? `strftime('%Y-%m-%d %H:%M:%f', 'now', '${seconds} seconds')`
    : `UTC_TIMESTAMP(3) + INTERVAL ${seconds} SECOND`;
}

async function insertStates(dataSource: DataSource): Promise<void> {
  const rows = Object.entries(STATES).map(([name, [row]]) => [name, row]);
  await insert(dataSource, Object.fromEntries(rows));
}

async function insert(
  dataSource: DataSource,
  rows: Readonly<Record<string, OldRow>>,
): Promise<void> {
  const at = (seconds?: number) =>
    seconds === undefined ? 'NULL' : fromNow(dataSource, seconds);
  const values = Object.entries(rows).map(([name, row]) =>
    [
      `'${name}'`,
      row.source ? `'${row.source}'` : 'NULL',
      at(row.issued),
      at(row.refresh),
      at(row.expires),
      at(row.updated),
      row.leased === undefined ? 'NULL' : "'other:1'",
      at(row.leased),
      at(row.attempt),
    ].join(', '),
  );
  await dataSource.query(
    `INSERT INTO system_var (value, remark, version, failure_count,
      name, source, issued_at, refresh_at, expires_at, updated_at, lease_owner, lease_until, next_attempt_at)
    VALUES ${values.map((row) => `('v', '', 1, 0, ${row})`).join(', ')}`,
  );
}

/** Tokens as version 0.1 has them, `a token` before and after those of {@link STATES}; each tenth row is a plain variable. */
async function insertMany(
  dataSource: DataSource,
  count: number,
): Promise<void> {
  const expires = fromNow(dataSource, HOUR);
  const name = isSqlite(dataSource)
    ? "printf('aaa:%07d', i)"
    : "CONCAT('aaa:', LPAD(i, 7, '0'))";
  const up = (n: number) =>
    `WITH RECURSIVE up AS (SELECT 0 AS n UNION ALL SELECT n + 1 FROM up WHERE n < ${n - 1})`;
  const numbers = 'SELECT 1000 * a.n + b.n AS i FROM up a JOIN up b';
  const select = `SELECT ${name}, 'v', '', 1, 0, CASE WHEN i % 10 = 0 THEN NULL ELSE 'classic' END,
      CASE WHEN i % 10 = 0 THEN NULL ELSE ${expires} END, CASE WHEN i % 10 = 0 THEN NULL ELSE ${expires} END
    FROM (${numbers}) numbers WHERE i < ${count} ORDER BY i`;
  const columns =
    'name, value, remark, version, failure_count, source, refresh_at, expires_at';
  await dataSource.query(
    isSqlite(dataSource)
      ? `${up(1000)} INSERT INTO system_var (${columns}) ${select}`
      : `INSERT INTO system_var (${columns}) ${up(1000)} ${select}`,
  );
}

/** By what each row of {@link STATES} has its place in the queue. */
async function placesOf(
  dataSource: DataSource,
): Promise<Record<string, string | null>> {
  const confirmation = isSqlite(dataSource)
    ? "strftime('%Y-%m-%d %H:%M:%f', updated_at, '300 seconds')"
    : 'updated_at + INTERVAL 300 SECOND';
  const rows = await dataSource.query<{ name: string; place: string | null }[]>(
    `SELECT name, CASE WHEN next_at IS NULL THEN NULL
      WHEN next_at = next_attempt_at THEN 'next_attempt_at'
      WHEN next_at = refresh_at THEN 'refresh_at'
      WHEN next_at = ${confirmation} THEN 'confirmation'
      WHEN next_at > ${fromNow(dataSource, -MINUTE)} AND next_at < ${fromNow(dataSource, DAY + MINUTE)} THEN 'within a day'
      ELSE 'elsewhere' END AS place FROM system_var WHERE name NOT LIKE 'aaa:%'`,
  );
  return Object.fromEntries(rows.map(({ name, place }) => [name, place]));
}

/** Columns and indexes, in no order. */
async function schemaOf(dataSource: DataSource): Promise<unknown[]> {
  const runner = dataSource.createQueryRunner();
  const table = await runner.getTable('system_var');
  await runner.release();
  return [
    ...(table?.columns ?? []).map(({ name, type, length, isNullable }) =>
      [name, type, length, isNullable].join(' '),
    ),
    ...(table?.indices ?? []).map(({ name, columnNames }) =>
      [name, ...columnNames].join(' '),
    ),
  ].toSorted();
}
