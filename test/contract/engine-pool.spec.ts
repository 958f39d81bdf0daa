import {
  setImmediate as turn,
  setTimeout as sleep,
} from 'node:timers/promises';
import { DataSource } from 'typeorm';
import {
  createDataSource,
  dataSourceOptions,
} from '../../src/config/database.js';
import { MonotonicClock } from '../../src/wechat-token/common/clock.js';
import type { StoreError } from '../../src/wechat-token/common/errors.js';
import { ChangeFeed } from '../../src/wechat-token/store/change-feed.js';
import { QueueFront } from '../../src/wechat-token/store/queue-front.js';
import { SqlRunner } from '../../src/wechat-token/store/sql-runner.js';
import { TcpProxy } from '../chaos/support/tcp-proxy.js';
import { lockRows } from '../support/batches.js';
import { startedReplica } from '../support/big-table.js';
import { createDatabase, databaseServers } from '../support/databases.js';
import { databasesOn } from '../support/every-database.js';
import { driverCodes } from '../support/driver-codes.js';
import type { DatabaseKind } from '../support/fresh-database.js';
import {
  type AccountNamed,
  nameOf,
  namesOf,
  open,
  renewedOf,
  shops,
  storeTokens,
} from '../support/many-accounts.js';
import {
  DUE_MS,
  openStore,
  parsed,
  type StoreUnderTest,
} from '../support/open-store.js';
import { World } from '../support/world.js';

const DUE_SECONDS = 7000;
const statement = (sql: string) => ({ sql, values: [] });
const MYSQL_SETTINGS = [
  'autocommit',
  'collation_connection',
  'completion_type',
  'sql_big_selects',
  'sql_mode',
  'sql_safe_updates',
  'sql_select_limit',
  'time_zone',
  'wait_timeout',
  'innodb_lock_wait_timeout',
  'lock_wait_timeout',
  'max_statement_time',
  'idle_transaction_timeout',
  'max_execution_time',
];
const POSTGRES_SETTINGS = [
  'lock_timeout',
  'statement_timeout',
  'idle_in_transaction_session_timeout',
  'default_transaction_isolation',
  'idle_session_timeout',
  'enable_nestloop',
  'enable_seqscan',
];
const MYSQL = {
  id: 'CONNECTION_ID()',
  sleep: (seconds: number) => `SLEEP(${seconds})`,
  connections:
    'SELECT id FROM information_schema.processlist WHERE db = DATABASE()',
  kill: (id: number) => `KILL ${id}`,
  readOnly: 'SET SESSION TRANSACTION READ ONLY',
  raise: (code: string | number) =>
    `SIGNAL SQLSTATE 'HY000' SET MYSQL_ERRNO = ${code}`,
  settings: `SHOW SESSION VARIABLES WHERE Variable_name IN ('${MYSQL_SETTINGS.join("', '")}')`,
};
/** Inserts into the table fail so as often as told, and then do not. */
const MYSQL_REFUSES = (code: string | number, times: number) => [
  'CREATE TABLE tries ENGINE = MyISAM AS SELECT 0 AS n',
  `CREATE TRIGGER refuse BEFORE INSERT ON system_var FOR EACH ROW BEGIN
    UPDATE tries SET n = n + 1;
    IF (SELECT n FROM tries) <= ${times} THEN ${MYSQL.raise(code)}; END IF; END`,
];
const POSTGRES_REFUSES: typeof MYSQL_REFUSES = (code, times) => [
  'CREATE SEQUENCE tries',
  `CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
    IF nextval('tries') <= ${times} THEN RAISE EXCEPTION USING ERRCODE = '${code}'; END IF;
    RETURN NEW; END $$`,
  'CREATE TRIGGER refuse BEFORE INSERT ON system_var FOR EACH ROW EXECUTE FUNCTION refuse()',
];
const POSTGRES: typeof MYSQL = {
  id: 'pg_backend_pid()',
  sleep: (seconds) => `pg_sleep(${seconds})`,
  connections:
    'SELECT pid AS id FROM pg_stat_activity WHERE datname = current_database()',
  kill: (id) => `SELECT pg_terminate_backend(${id})`,
  readOnly: 'SET default_transaction_read_only = on',
  raise: (code) =>
    `DO $$ BEGIN RAISE EXCEPTION USING ERRCODE = '${code}'; END $$`,
  settings: `SELECT name, setting FROM pg_settings WHERE name IN ('${POSTGRES_SETTINGS.join("', '")}')`,
};
/** What each kind of server answers on a connection that cannot write, or will not for long. */
const READ_ONLY = [1036, 1290, 1792, 1836, 1874];
const CANNOT_WRITE: Readonly<Record<DatabaseKind, (string | number)[]>> = {
  // Its numbers from 1900 on are its own; 1047 is Galera's.
  mariadb: [...READ_ONLY, 1047, 1053],
  // 3100, 3783 and 3797 are those of group replication.
  mysql: [...READ_ONLY, 1053, 3032, 3100, 3783, 3797, 3989],
  postgres: ['25006', '57P01', '57P02', '57P03', '57P05', '08006', '08P01'],
};
/** Of a transaction that the server has rolled back. */
const ROLLED_BACK: typeof CANNOT_WRITE = {
  mariadb: [1213],
  // 3101 is that of a conflict within a group.
  mysql: [1213, 3101],
  postgres: ['40P01', '40001'],
};
const CAN_WRITE: typeof CANNOT_WRITE = {
  mariadb: [1062, 1146, 1205, 3100, 3989, 4025],
  mysql: [1062, 1146, 1205, 3819],
  postgres: ['23505', '42P01', '55P03', '57014'],
};
/** What each kind of server says of the engine's session. */
const EXPECTED_SETTINGS = {
  mysql: { max_execution_time: '9000' },
  mariadb: { max_statement_time: '9.000000', idle_transaction_timeout: '10' },
  postgres: {
    lock_timeout: '1000',
    statement_timeout: '9000',
    idle_in_transaction_session_timeout: '10000',
    default_transaction_isolation: 'read committed',
    idle_session_timeout: '0',
    enable_nestloop: 'on',
    enable_seqscan: 'off',
  },
};
const OF_MYSQL = {
  autocommit: 'ON',
  collation_connection: 'utf8mb4_unicode_ci',
  completion_type: 'NO_CHAIN',
  sql_big_selects: 'ON',
  sql_mode: 'STRICT_ALL_TABLES',
  sql_safe_updates: 'OFF',
  sql_select_limit: '18446744073709551615',
  time_zone: '+00:00',
  wait_timeout: '28800',
  innodb_lock_wait_timeout: '1',
  lock_wait_timeout: '1',
};

/** Of the session that reads them; a server has some of them only. */
function settings(rows: readonly object[]): Record<string, string> {
  const pairs = rows.map((row) => Object.values(row).map(String));
  return Object.fromEntries(
    pairs.map(([name = '', value = '']) => [name.toLowerCase(), value]),
  );
}

describe.each(databaseServers())(
  "R14 the engine's own pool on $kind $version",
  (server) => {
    const isPostgres = server.kind === 'postgres';
    const sql = isPostgres ? POSTGRES : MYSQL;
    const SELECT_ID = `SELECT ${sql.id} AS id`;
    let db: StoreUnderTest;
    let runner: SqlRunner;
    beforeEach(async () => {
      db = await openStore(databasesOn(server));
      runner = db.runner();
    });
    afterEach(() => db[Symbol.asyncDispose]());

    const connection = async (from = runner) => {
      const [row] = await from.rows<{ id: unknown }>(statement(SELECT_ID));
      return Number(row?.id);
    };
    /** The app's connections and the engine's, the one that asks included. */
    const connections = async () => {
      const rows = await db.sql<{ id: unknown }>(sql.connections);
      return rows.map(({ id }) => Number(id));
    };

    it('has four connections at most, which the app does not use, nor the other way round', async () => {
      const asked = Array.from({ length: 20 }, () =>
        runner.rows<{ id: unknown }>(
          statement(`${SELECT_ID}, ${sql.sleep(0.05)}`),
        ),
      );
      const ids = (await Promise.all(asked)).flat().map(({ id }) => Number(id));
      expect(new Set(ids).size).toBe(4);

      const apps = await Promise.all(
        Array.from({ length: 20 }, () =>
          db.sql(`${SELECT_ID}, ${sql.sleep(0.05)}`),
        ),
      );
      for (const [row] of apps) expect(ids).not.toContain(Number(row?.['id']));
    });

    it('sets its sessions, and none of the app', async () => {
      const before = settings(await db.sql(sql.settings));
      const ours = settings(await runner.rows(statement(sql.settings)));

      expect(ours).toMatchObject({
        ...(isPostgres ? {} : OF_MYSQL),
        ...EXPECTED_SETTINGS[server.kind],
      });
      const after = settings(await db.sql(sql.settings));
      expect(after).toEqual(before);
      expect(after).not.toEqual(ours);
    });

    /** A statement that fails so on the server; a code of PostgreSQL, or a number. */
    const failing = (code: string | number) =>
      runner
        .rows(statement(sql.raise(code)))
        .catch((error: StoreError) => error.driverCode);

    it("names an error by the server's own list", async () => {
      if (isPostgres) return;
      const isMariaDb = server.kind === 'mariadb';
      // MariaDB's when it has ended a statement; MySQL has none of that number.
      expect(await failing(1969)).toBe(
        isMariaDb ? 'MARIADB_1969' : 'ERRNO_1969',
      );
      // Of a check constraint on MariaDB, of a tablespace on MySQL.
      expect(await failing(4025)).toBe(
        isMariaDb ? 'MARIADB_4025' : 'ER_INNODB_AUTOEXTEND_SIZE_OUT_OF_RANGE',
      );
      expect(await failing(1146)).toBe('ER_NO_SUCH_TABLE');
    });

    it('drops its connections when the server cannot write, and only then', async () => {
      for (const code of CANNOT_WRITE[server.kind]) {
        const before = await connection();
        expect(await connection()).toBe(before);
        await failing(code);
        expect(await connection(), `after ${code}`).not.toBe(before);
      }
      const kept = await connection();
      for (const code of CAN_WRITE[server.kind]) {
        await failing(code);
        expect(await connection(), `after ${code}`).toBe(kept);
      }
    });

    it.each(
      ROLLED_BACK[server.kind].flatMap((code) => [
        { code, times: 4 },
        { code, times: 5 },
      ]),
    )(
      'repeats what the server has rolled back, five times at most ($code, $times times)',
      async ({ code, times }) => {
        const refuses = isPostgres ? POSTGRES_REFUSES : MYSQL_REFUSES;
        for (const each of refuses(code, times)) await db.sql(each);

        const saving = db.variables.save('site', 'v');

        if (times < 5) await saving;
        else await expect(saving).rejects.toMatchObject({ code: 'STORE' });
        expect(await db.variables.get('site')).toBe(
          times < 5 ? 'v' : undefined,
        );
      },
    );

    it('whatever the app has set for its own pool', async () => {
      const app = new DataSource({
        ...dataSourceOptions(parsed(db.url)),
        charset: 'latin1',
        extra: isPostgres
          ? {
              max: 1,
              maxUses: 1,
              statement_timeout: 8000,
              lock_timeout: 7000,
              options:
                '-c default_transaction_isolation=serializable -c enable_nestloop=off',
            }
          : {
              connectionLimit: 1,
              queueLimit: 1,
              resetOnRelease: true,
              typeCast: () => 'not a row',
            },
      } as ConstructorParameters<typeof DataSource>[0]);
      await using _end = { [Symbol.asyncDispose]: () => app.destroy() };
      await app.initialize();
      const { store, variables } = db.with(app);

      await variables.save('greeting', '系统繁忙 ☕');
      const values = await Promise.all(
        Array.from({ length: 10 }, () => variables.get('greeting')),
      );

      expect(new Set(values)).toEqual(new Set(['系统繁忙 ☕']));
      expect(await store.read('greeting')).toMatchObject({ failureCount: 0 });
      const its = db.runner(app);
      await its.rows(statement('SELECT 1'));
      expect(settings(await its.rows(statement(sql.settings)))).toMatchObject(
        isPostgres ? EXPECTED_SETTINGS.postgres : { lock_wait_timeout: '1' },
      );
    });

    it('is that of the writer, where there is replication', async () => {
      const options = dataSourceOptions(parsed(db.url));
      const reader = await createDatabase(server);
      const app = new DataSource({
        ...options,
        replication: { master: { url: db.url }, slaves: [{ url: reader.url }] },
      } as ConstructorParameters<typeof DataSource>[0]);
      await app.initialize();
      await using _end = { [Symbol.asyncDispose]: () => app.destroy() };

      const { variables } = db.with(app);
      await variables.save('written', 'there');

      expect(await variables.get('written')).toBe('there');
      expect(await db.variables.get('written')).toBe('there');
      await reader.drop();
    });

    it('a connection that cannot write is dropped, and all others of that time', async () => {
      const before = await Promise.all(
        [0, 1].map(() =>
          runner.rows<{ id: unknown }>(
            statement(`${SELECT_ID}, ${sql.sleep(0.1)}`),
          ),
        ),
      );
      const old = before.flat().map(({ id }) => Number(id));
      expect(new Set(old).size).toBe(2);
      // As after a failover, when the session is on a server that only reads from now on.
      await runner.rows(statement(sql.readOnly));
      const insert = () =>
        runner.change(
          runner.statements.insertVariable({
            name: 'written',
            value: 'v',
            remark: null,
          }),
        );

      await expect(insert()).rejects.toMatchObject({
        code: 'STORE',
        driverCode: driverCodes(server).cannotWrite,
      });

      expect(await insert()).toBe(1);
      const now = await Promise.all([connection(), connection()]);
      for (const id of now) expect(old).not.toContain(id);
      await vi.waitFor(async () => {
        const left = await connections();
        for (const id of old) expect(left).not.toContain(id);
      });
    });

    it('R10: is led by the address again, once a minute, while a token is due and nobody renews it', async () => {
      const feed = new ChangeFeed(runner, new QueueFront(new MonotonicClock()));
      await db.putToken('access_token', 'tok');
      const pollFrom = async (own: SqlRunner, polling: ChangeFeed) => {
        const before = await connection(own);
        await polling.poll(1000, 10);
        return (await connection(own)) === before ? 'kept' : 'new';
      };
      expect(await pollFrom(runner, feed)).toBe('kept');

      await db.elapse(DUE_MS + 31_000);

      const own = db.runner();
      const overdue = new ChangeFeed(own, new QueueFront(new MonotonicClock()));
      expect(await pollFrom(own, overdue)).toBe('new');
      expect(await pollFrom(own, overdue)).toBe('kept');
    });

    it('connects at the first statement, again after a failure, and closes what it has opened', async () => {
      const before = await connections();
      const own = db.runner();
      await sleep(50);
      expect(await connections()).toEqual(before);
      const id = await connection(own);
      expect(await connections()).toContain(id);

      await db.sql(sql.kill(id));
      const again = await vi.waitFor(() => connection(own));
      expect(again).not.toBe(id);

      await own.close();
      await vi.waitFor(async () =>
        expect(await connections()).not.toContain(again),
      );
      await expect(connection(own)).rejects.toMatchObject({
        driverCode: 'POOL_CLOSED',
      });
      // The app's own.
      expect(await db.sql('SELECT 1 AS one')).toHaveLength(1);
    });

    it('R12: closes in about a second when the server does not answer', async () => {
      await using line = await TcpProxy.start(db.url);
      const app = createDataSource(parsed(line.through(db.url)));
      const own = new SqlRunner(app, new MonotonicClock());
      await expect(connection(own)).rejects.toMatchObject({
        driverCode: 'NOT_CONNECTED',
      });
      await app.initialize();
      await connection(own);
      await line.blackHole();
      const unanswered = connection(own).catch(({ code }) => code as unknown);
      await turn();
      const startedAt = performance.now();

      await own.close();

      expect(performance.now() - startedAt).toBeLessThan(5000);
      expect(performance.now() - startedAt).toBeGreaterThan(500);
      expect(await unanswered).toBe('STORE');
      await line.refuse();
      await app.destroy();
    });
  },
);

/** A replica of accounts whose tokens are valid, which has done all that it does by itself at its start. */
async function settled(world: World, accounts: readonly AccountNamed[]) {
  open(world, accounts);
  await storeTokens(world, accounts);
  return startedReplica(world, { accounts: [...accounts] });
}

describe.each(databaseServers())(
  'R6 rows that somebody has locked for seconds, on $kind $version',
  (server) => {
    it('get their place in the queue when the lock has ended, if version 0.1 has inserted them', async () => {
      const fresh = await createDatabase(server);
      await using world = await World.create({ databaseUrl: fresh.url });
      const [account] = shops(1);
      if (!account) throw new Error('no account');
      const name = nameOf(account);
      const { poller } = await settled(world, [account]);
      await world.sql(
        `UPDATE system_var SET next_at = NULL, updated_at = ${(await world.words()).now} WHERE name = ?`,
        [name],
      );
      await world.advance(100);
      const blocker = await lockRows(fresh.url, [name]);
      await poller.poll();
      expect((await world.row(name)).nextInMs).toBe(-Infinity);
      await blocker.end();
      await blocker[Symbol.asyncDispose]();
      // No poll looks back that far.
      await world.advance(30);

      await poller.poll();

      expect((await world.row(name)).nextInMs).toBeGreaterThan(0);
      await fresh.drop();
    });

    it('delay nothing else: tokens are served, the app has its pool, and all is stored when the lock has ended', async () => {
      const fresh = await createDatabase(server);
      await using world = await World.create({ databaseUrl: fresh.url });
      const accounts = shops(30);
      const replica = await settled(world, accounts);
      const { dataSource, rounds, tokens } = replica;
      await world.advance(DUE_SECONDS);
      world.wechat.inject('stable', { delayMs: 1500 }, { times: 30 });
      const renewing = rounds.tick();
      await vi.waitFor(() =>
        expect(world.wechat.calls.stable).toBeGreaterThan(0),
      );
      const names = accounts.map(nameOf);
      const blocker = await lockRows(fresh.url, names);
      let slowest = 0;
      let isLocked = true;
      const asking = (async () => {
        while (isLocked) {
          const askedAt = performance.now();
          await dataSource.query('SELECT 1');
          slowest = Math.max(slowest, performance.now() - askedAt);
          await sleep(20);
        }
      })();

      // Those that were claimed before the rows were locked.
      await renewing;
      const asked = accounts.filter(
        ({ appId }) => world.wechat.callsFor(appId).total > 0,
      );
      expect(asked.length).toBeGreaterThan(0);
      for (let second = 0; second < 3; second++) {
        await rounds.tick();
        await sleep(1000);
      }
      for (const { name, appId } of asked)
        expect(await tokens.getAccessToken(name)).toBe(
          world.wechat.currentToken(appId),
        );
      expect(await renewedOf(world, asked)).toEqual([]);
      const { now: nowInSql, text } = await world.words();
      const [now] = await world.sql<{ now: string }>(
        `SELECT ${text(nowInSql)} AS now`,
      );
      isLocked = false;
      await asking;
      await blocker.end();
      await blocker[Symbol.asyncDispose]();
      await rounds.tick();
      await rounds.tick();

      expect(await renewedOf(world, accounts)).toEqual(namesOf(accounts));
      for (const { appId } of accounts)
        expect(world.wechat.callsFor(appId).total).toBe(1);
      const late = await world.sql(
        'SELECT name FROM system_var WHERE expires_at IS NOT NULL AND value IS NOT NULL AND updated_at < ?',
        [now?.now],
      );
      expect(late).toEqual([]);
      expect(slowest).toBeLessThan(1000);
      await fresh.drop();
    });
  },
);

describe.each(databaseServers().filter(({ kind }) => kind === 'postgres'))(
  "R14 the engine's own pool on $kind $version",
  (server) => {
    let db: StoreUnderTest;
    beforeEach(async () => {
      db = await openStore(databasesOn(server));
    });
    afterEach(() => db[Symbol.asyncDispose]());

    it('finds nothing by the settings of the role, nor by its language', async () => {
      await db.sql(
        `ALTER DATABASE "${new URL(db.url).pathname.slice(1)}" SET DateStyle = 'SQL, DMY'`,
      );
      await db.putToken('access_token', 'tok');
      const { changes } = await db.feed.poll(60_000, 10);
      const [change] = changes;
      if (!change) throw new Error('no change');
      expect(change.since).toMatch(/^\d{4}-\d\d-\d\d \d\d:\d\d:\d\d\.\d{3}$/);
      expect(await db.feed.after(change, 10)).toEqual([]);
    });
  },
);
