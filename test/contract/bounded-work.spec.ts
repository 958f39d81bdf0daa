import { SqlRunner } from '../../src/wechat-token/store/sql-runner.js';
import type { SqlStatement } from '../../src/wechat-token/store/connections/sql-statement.js';
import {
  cost,
  costSoFar,
  fill,
  fillVariables,
  isCounting,
  readsOfAll,
  startedReplica,
  stopTimers,
} from '../support/big-table.js';
import {
  createDatabase,
  databaseServers,
  type FreshDatabase,
} from '../support/databases.js';
import { byDepth } from '../support/depth.js';
import { statementNames } from '../support/statement-names.js';
import { type TestReplica, World } from '../support/world.js';

const BIG = byDepth({ short: 30_000, full: 300_000 });
/** Names and versions that one statement of a poll reads, and pages that one poll reads. */
const [PAGE, PAGES] = [1000, 20];
/** Tokens that one statement of a round finds. */
const BATCH = 100;
const HOUR = 3600;
/**
 * Reads of the server's own that come on top. MySQL keeps its catalog in tables and counts what a session reads there: several
 * hundred rows when the tables of other databases have pushed ours out of its cache. A scan of ours reads BIG.
 */
const CATALOG = { mysql: 2000, mariadb: 20, postgres: 20, sqlite: 20 };

describe.each(databaseServers())(
  'R13, R14 a replica of one account in a big table, on $kind $version',
  (server) => {
    let fresh: FreshDatabase;
    let world: World;
    beforeEach(async () => {
      fresh = await createDatabase(server);
      world = await World.create({ databaseUrl: fresh.url });
    });
    afterEach(async () => {
      vi.restoreAllMocks();
      await world[Symbol.asyncDispose]();
      await fresh.drop();
    });

    it('starts for the same statements, which read as little, as alone in the table', async () => {
      const first = await world.replica();
      await first.tokens.getAccessToken();
      await first.close();
      const start = async () => {
        const before = await readsOfAll(world);
        const statements = spyStatements();
        const replica = await startedReplica(world);
        // On each connection of the engine's pool: at the same time they answer once each.
        const costs = await Promise.all(
          Array.from({ length: 4 }, () => costSoFar(replica)),
        );
        const all = costs.map((each) => each.reads);
        // PostgreSQL counts for all connections, and since ever.
        const reads =
          server.kind === 'postgres'
            ? Math.max(...all) - before
            : all.reduce((sum, each) => sum + each);
        await replica.close();
        vi.restoreAllMocks();
        return { statements: statements().map(({ name }) => name), reads };
      };
      const alone = await start();
      await fill(world, BIG);
      await fillVariables(world, BIG);

      const untouched = await start();
      await world.sql((await world.words()).analyze);
      const counted = await start();

      expect(alone.statements).toEqual([
        'readAll',
        'unplaced',
        'due',
        'purgeEvents',
        'purgeHours',
      ]);
      for (const each of [untouched, counted]) {
        expect(each.statements).toEqual(alone.statements);
        // A few more at most, whatever the size of the table; most are of the database's catalog.
        expect(each.reads).toBeGreaterThan(0);
        expect(each.reads).toBeLessThanOrEqual(
          alone.reads + CATALOG[server.kind],
        );
      }
      expect(world.wechat.calls.total).toBe(1);
    });

    describe.each(['refresher', 'reader'] as const)('a %s', (role) => {
      /** It has polled, and runs no timers. */
      const replicaAmongOthers = async (others: number) => {
        await fill(world, others);
        const other = await startedReplica(world);
        await other.tokens.getAccessToken();
        const replica =
          role === 'reader'
            ? await world.replica({ role })
            : await startedReplica(world);
        await replica.tokens.getAccessToken();
        stopTimers(replica);
        await replica.poller.poll();
        return replica;
      };

      it('that was away for an hour, in which all others were written, reads its own row', async () => {
        const replica = await replicaAmongOthers(BIG);
        const { now, plus } = await world.words();
        const part = "CAST(CONCAT('0', SUBSTRING(name, 14)) AS DECIMAL)";
        const ms = `CASE WHEN name = 'access_token' THEN -1800000 ELSE -3600000 * ${part} / ${BIG} END`;
        await world.sql(
          `UPDATE system_var SET version = version + 1, updated_at = ${plus(now, ms)}`,
        );
        const recent = Math.ceil(BIG / 360);
        world.clock.advance(HOUR * 1000);

        const { statements, reads, values } = await watched(replica, () =>
          replica.poller.poll(),
        );

        const pages = statements.filter((name) => name === 'changedAfter');
        expect(pages.length).toBeLessThanOrEqual(Math.ceil(recent / PAGE) + 1);
        expect(statements.filter((name) => name !== 'changedAfter')).toEqual([
          'versions',
          'readAll',
          'poll',
        ]);
        expect(values).toEqual(['["access_token"]']);
        expect(reads).toBeLessThanOrEqual(4 * recent + 100);
      });

      it('that was away for half a minute, in which many others were written at once, reads pages of names and its own row', async () => {
        const others = byDepth({ short: 30_000, full: 300_000 });
        const replica = await replicaAmongOthers(others);
        const { now } = await world.words();
        await world.sql(
          `UPDATE system_var SET version = version + 1, updated_at = ${now}`,
        );
        world.clock.advance(30_000);

        const { statements, reads, values, turns } = await watched(
          replica,
          () => replica.poller.poll(),
        );

        expect(statements.filter((name) => name === 'poll')).toHaveLength(1);
        expect(
          statements.filter((name) => name === 'changedAfter'),
        ).toHaveLength(PAGES - 1);
        expect(values).toEqual(['["access_token"]']);
        expect(statements).toHaveLength(PAGES + 2);
        // The event loop is free in between.
        expect(turns).toBeGreaterThanOrEqual(PAGES);
        expect(reads).toBeLessThanOrEqual(4 * PAGES * PAGE);
      });
    });

    it('costs two statements a tick among stopped tokens and those of unknown accounts, once these have got a later place', async () => {
      const stopped = byDepth({ short: 10_000, full: 100_000 });
      const replica = await startedReplica(world);
      await replica.tokens.getAccessToken();
      stopTimers(replica);
      await replica.rounds.tick();
      const alone = await watched(replica, () => replica.rounds.tick());
      await fill(world, 2 * stopped);
      const { now, plus } = await world.words();
      const long = plus(now, String(50 * 365 * 24 * HOUR * 1000));
      const ago = plus(now, String(-240 * HOUR * 1000));
      await world.sql(
        `UPDATE system_var SET refresh_at = ${ago}, expires_at = ${ago},
          next_attempt_at = CASE WHEN name < ? THEN ${long} END,
          next_at = CASE WHEN name < ? THEN ${long} ELSE ${plus(now, '-60000')} END
        WHERE name <> 'access_token'`,
        Array(2).fill(`access_token:${String(stopped).padStart(6, '0')}`),
      );
      const pages = stopped / BATCH;

      const first = await watched(replica, () => replica.rounds.tick());
      // Places that were given up are entries of the index until then.
      if (server.kind === 'postgres') await world.sql('VACUUM system_var');
      const next = await watched(replica, () => replica.rounds.tick());

      expect(alone.statements).toEqual(['due', 'unconfirmed']);
      expect(first.statements.filter((name) => name === 'due')).toHaveLength(
        pages + 1,
      );
      // One transaction a page gives its rows another place.
      expect(first.statements).toHaveLength(2 * pages + 2);
      expect(first.reads).toBeLessThanOrEqual(10 * stopped);
      expect(next.statements).toEqual(alone.statements);
      expect(next.reads).toBeLessThanOrEqual(alone.reads + 10);
      expect(world.wechat.calls.total).toBe(1);
    });
  },
);

/** A statement that was run, and its first value. */
interface Ran {
  readonly name: string;
  readonly value: unknown;
}

/** The statements of all replicas from now on. */
function spyStatements(): () => Ran[] {
  const ran: Ran[] = [];
  for (const method of ['rows', 'change', 'changeLocked'] as const) {
    const run = SqlRunner.prototype[method] as (
      this: SqlRunner,
      ...call: [SqlStatement, ...never[]]
    ) => Promise<never>;
    vi.spyOn(SqlRunner.prototype, method).mockImplementation(function (
      this: SqlRunner,
      ...call: unknown[]
    ) {
      const [{ sql, values }, ...others] = call as [SqlStatement, ...never[]];
      const name = statementNames(this.statements).get(sql) ?? method;
      // Not those of the test itself.
      if (!isCounting(sql)) ran.push({ name, value: values[0] });
      return run.call(this, { sql, values }, ...others);
    });
  }
  return () => ran;
}

/** What work costs: its statements, the names whose values it reads, what the server reads, and turns of the event loop. */
async function watched(replica: TestReplica, work: () => Promise<void>) {
  const ran = spyStatements();
  let isOver = false;
  let turns = 0;
  const turn = () => {
    turns++;
    if (!isOver) setImmediate(turn);
  };
  const { reads } = await cost(replica, async () => {
    turn();
    await work();
    isOver = true;
  });
  vi.restoreAllMocks();
  return {
    statements: ran().map(({ name }) => name),
    values: ran().flatMap(({ name, value }) =>
      name === 'readAll' ? [value] : [],
    ),
    reads,
    turns,
  };
}
