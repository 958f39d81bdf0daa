import { Clock } from '../../src/wechat-token/common/clock.js';
import { SqlRunner } from '../../src/wechat-token/store/sql-runner.js';
import {
  cost,
  fill,
  startedReplica,
  stopTimers,
} from '../support/big-table.js';
import { connect } from '../support/connect.js';
import { createDatabase, databaseServers } from '../support/databases.js';
import { byDepth } from '../support/depth.js';
import {
  shops,
  storeTokens,
  watchStatements,
} from '../support/many-accounts.js';
import { type TestReplica, World } from '../support/world.js';

/** All tokens in the table, the one of the replica's own account among them. */
const SIZES = [1, 1000, byDepth({ short: 30_000, full: 1_000_000 })];

/** One replica of one account, whose token is valid and was written a minute ago, as all others were. */
async function idleReplica(world: World): Promise<TestReplica> {
  const replica = await startedReplica(world);
  await replica.tokens.getAccessToken();
  const { now, plus } = await world.words();
  await world.sql(
    `UPDATE system_var SET updated_at = ${plus(now, '-60000')} WHERE name = 'access_token'`,
  );
  await replica.poller.poll();
  await replica.rounds.tick();
  holdTime(replica);
  return replica;
}

/** Stops the replica's own timers and its clock: what is counted does not depend on how busy the machine is. */
function holdTime(replica: TestReplica): void {
  stopTimers(replica);
  const clock = replica.module.get(Clock);
  vi.spyOn(clock, 'now').mockReturnValue(clock.now());
}

/** Ten seconds: a poll each second, a cron tick each five. */
async function tenSeconds({ poller, rounds }: TestReplica): Promise<void> {
  for (let second = 1; second <= 10; second++) {
    await poller.poll();
    if (second % 5 === 0) await rounds.tick();
  }
}

describe.each(databaseServers())(
  'R13, R14 an idle replica, on $kind $version',
  (server) => {
    it('costs ten statements in ten seconds, which read as little in a million rows as in one', async () => {
      const costs = [];
      for (const size of SIZES) {
        const fresh = await createDatabase(server);
        await using world = await World.create({ databaseUrl: fresh.url });
        await fill(world, size - 1);
        const replica = await idleReplica(world);
        const statements = watchStatements(replica);
        const untouched = await cost(replica, () => tenSeconds(replica));
        // The planner may think otherwise once it has counted.
        await world.sql((await world.words()).analyze);
        const counted = await cost(replica, () => tenSeconds(replica));

        expect(statements.total()).toBe(20);
        expect(statements.count('poll')).toBe(20);
        costs.push(untouched, counted);
        await fresh.drop();
      }

      if (server.kind === 'postgres') {
        // Index entries alone; those of the row's own updates are read until they are gone.
        for (const { reads } of costs) expect(reads).toBeLessThanOrEqual(100);
        return;
      }
      const [first] = costs;
      // All of them on the connection whose counters were read.
      expect(first?.selects).toBe(10);
      for (const each of costs) expect(each).toEqual(first);
      expect(first?.reads).toBeGreaterThan(0);
      // Seven a statement: the ends of two indexes, the first of the queue, and the row of the one token that it holds.
      expect(first?.reads).toBeLessThanOrEqual(70);
    });

    it('that holds a thousand tokens costs as many statements, each of which looks at the rows of 200', async () => {
      const fresh = await createDatabase(server);
      await using world = await World.create({ databaseUrl: fresh.url });
      const accounts = shops(1000);
      await storeTokens(world, accounts);
      await world.advance(60);
      const replica = await startedReplica(world, { accounts });
      holdTime(replica);
      await replica.poller.poll();
      const isPostgres = server.kind === 'postgres';
      // What the rows were before is gone from the indexes.
      if (isPostgres) await world.sql('VACUUM system_var');

      const { selects, reads } = await cost(replica, () => tenSeconds(replica));

      // Each as an item of the list that is asked about, which PostgreSQL does not count, and by the primary key.
      if (!isPostgres) expect(selects).toBe(10);
      expect(reads).toBeGreaterThanOrEqual(10 * 200 * (isPostgres ? 1 : 2));
      expect(reads).toBeLessThanOrEqual(10 * (200 * 2 + (isPostgres ? 20 : 7)));
      await fresh.drop();
    });

    it('a scan of every row would be noticed', async () => {
      const fresh = await createDatabase(server);
      await using world = await World.create({ databaseUrl: fresh.url });
      await fill(world, 999);
      const replica = await idleReplica(world);

      const sql = "SELECT name FROM system_var WHERE remark = 'x'";
      const { reads } = await cost(replica, async () => {
        await replica.module.get(SqlRunner).rows({ sql, values: [] });
      });

      expect(reads).toBeGreaterThanOrEqual(1000);
      await fresh.drop();
    });
  },
);

describe.each(databaseServers().filter(({ kind }) => kind === 'postgres'))(
  'R14 an idle replica beside an old snapshot, on $kind $version',
  (server) => {
    it('does not read what rows were before, however often they have been written since', async () => {
      const fresh = await createDatabase(server);
      await using world = await World.create({ databaseUrl: fresh.url });
      await fill(world, 999);
      const replica = await idleReplica(world);
      const alone = await cost(replica, () => tenSeconds(replica));
      const backup = await connect(fresh.url);
      await backup.query('BEGIN ISOLATION LEVEL REPEATABLE READ');
      await backup.query('SELECT 1 FROM system_var LIMIT 1');

      // Each was due, has been renewed and has its next place: as in a few hours.
      const { now, plus } = await world.words();
      for (let round = 0; round < 20; round++)
        for (const ms of ['-60000', '3600000'])
          await world.sql(
            `UPDATE system_var SET next_at = ${plus(now, ms)}, version = version + 1 WHERE name <> 'access_token'`,
          );
      await world.sql('VACUUM ANALYZE system_var');
      const beside = await cost(replica, () => tenSeconds(replica));
      await backup.end();

      expect(beside.reads).toBeLessThanOrEqual(alone.reads + 100);
      await fresh.drop();
    });
  },
);

describe('R13, R14 an idle replica, on sqlite', () => {
  it.each([1, 1000])(
    'costs ten statements in ten seconds, with %d tokens in the table',
    async (size) => {
      await using world = await World.create();
      const others = shops(size - 1, 'other').map((shop, i) => {
        return { ...shop, mode: i % 2 ? 'classic' : 'stable' } as const;
      });
      await storeTokens(world, others);
      await world.advance(60);
      const replica = await idleReplica(world);
      const statements = watchStatements(replica);

      await tenSeconds(replica);

      expect(statements.total()).toBe(10);
      expect(statements.count('poll')).toBe(10);
    },
  );
});
