import {
  setImmediate as turn,
  setTimeout as sleep,
} from 'node:timers/promises';
import { DataSource } from 'typeorm';
import { dataSourceOptions } from '../../src/config/database.js';
import { MonotonicClock } from '../../src/wechat-token/common/clock.js';
import { SqlRunner } from '../../src/wechat-token/store/sql-runner.js';
import { TcpProxy } from '../chaos/support/tcp-proxy.js';
import { lockRows } from '../support/batches.js';
import { startedReplica } from '../support/big-table.js';
import { createDatabase, databaseServers } from '../support/databases.js';
import { databasesOn } from '../support/every-database.js';
import { driverCodes } from '../support/driver-codes.js';
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
  openStore,
  parsed,
  type StoreUnderTest,
} from '../support/open-store.js';
import { World } from '../support/world.js';

const DUE_SECONDS = 7000;
const statement = (sql: string) => ({ sql, values: [] });
const MYSQL_SETTINGS = [
  'autocommit',
  'sql_mode',
  'sql_safe_updates',
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
  'enable_seqscan',
];
const MYSQL = {
  id: 'CONNECTION_ID()',
  sleep: (seconds: number) => `SLEEP(${seconds})`,
  connections:
    'SELECT id FROM information_schema.processlist WHERE db = DATABASE()',
  kill: (id: number) => `KILL ${id}`,
  readOnly: 'SET SESSION TRANSACTION READ ONLY',
  settings: `SHOW SESSION VARIABLES WHERE Variable_name IN ('${MYSQL_SETTINGS.join("', '")}')`,
};
const POSTGRES: typeof MYSQL = {
  id: 'pg_backend_pid()',
  sleep: (seconds) => `pg_sleep(${seconds})`,
  connections:
    'SELECT pid AS id FROM pg_stat_activity WHERE datname = current_database()',
  kill: (id) => `SELECT pg_terminate_backend(${id})`,
  readOnly: 'SET default_transaction_read_only = on',
  settings: `SELECT name, setting FROM pg_settings WHERE name IN ('${POSTGRES_SETTINGS.join("', '")}')`,
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
    enable_seqscan: 'off',
  },
};
const OF_MYSQL = {
  autocommit: 'ON',
  sql_mode: 'STRICT_ALL_TABLES',
  sql_safe_updates: 'OFF',
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

    it('names an error that has a number only', async () => {
      if (isPostgres) return;
      // As MariaDB's when it has ended a statement.
      const signal = "SIGNAL SQLSTATE '70100' SET MYSQL_ERRNO = 1969";
      await expect(runner.rows(statement(signal))).rejects.toMatchObject({
        driverCode: 'ERRNO_1969',
      });
    });

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
              options: '-c default_transaction_isolation=serializable',
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
      const app = new DataSource(
        dataSourceOptions(parsed(line.through(db.url))),
      );
      const own = new SqlRunner(app, new MonotonicClock());
      await connection(own);
      await line.blackHole();
      const unanswered = connection(own).catch(({ code }) => code as unknown);
      await turn();
      const startedAt = performance.now();

      await own.close();

      expect(performance.now() - startedAt).toBeLessThan(5000);
      expect(performance.now() - startedAt).toBeGreaterThan(500);
      expect(await unanswered).toBe('STORE');
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

    /** The statement fails so as often as told, and then does not. */
    const failing = async (code: string, times: number) => {
      await db.sql('CREATE SEQUENCE tries');
      await db.sql(
        `CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN
          IF nextval('tries') <= ${times} THEN RAISE EXCEPTION USING ERRCODE = '${code}'; END IF;
          RETURN NEW; END $$`,
      );
      await db.sql(
        'CREATE TRIGGER refuse BEFORE INSERT ON system_var FOR EACH ROW EXECUTE FUNCTION refuse()',
      );
    };

    it.each(['40P01', '40001'])(
      'repeats what the server has rolled back (%s), five times at most',
      async (code) => {
        await failing(code, 4);
        await db.variables.save('site', 'v');
        expect(await db.variables.get('site')).toBe('v');

        await db.sql('DROP FUNCTION refuse CASCADE');
        await db.sql('DROP SEQUENCE tries');
        await failing(code, 5);
        await expect(db.variables.save('other', 'v')).rejects.toMatchObject({
          driverCode: code,
        });
      },
    );

    it.each(['25006', '57P01', '08006'])(
      'drops its connections after %s',
      async (driverCode) => {
        const runner = db.runner();
        const id = async () =>
          (await runner.rows(statement('SELECT pg_backend_pid() AS id')))[0];
        const before = await id();
        expect(await id()).toEqual(before);
        await failing(driverCode, 1);
        const { insertVariable } = runner.statements;
        const variable = { name: 'site', value: 'v', remark: null };

        await expect(
          runner.change(insertVariable(variable)),
        ).rejects.toMatchObject({ driverCode });

        expect(await runner.change(insertVariable(variable))).toBe(1);
        expect(await id()).not.toEqual(before);
      },
    );

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
