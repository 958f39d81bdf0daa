import { SchedulerRegistry } from '@nestjs/schedule';
import { Clock } from '../../src/wechat-token/common/clock.js';
import { SqlRunner } from '../../src/wechat-token/store/sql-runner.js';
import { createDatabase, databaseServers } from '../support/databases.js';
import { byDepth } from '../support/depth.js';
import {
  shops,
  storeTokens,
  watchStatements,
} from '../support/many-accounts.js';
import { isSqlite } from '../support/sql.js';
import { type TestReplica, World } from '../support/world.js';

/** All tokens in the table, the one of the replica's own account among them. */
const SIZES = [1, 1000, byDepth({ short: 100_000, full: 1_000_000 })];

/** One replica of one account, whose token is valid and was written a minute ago, as all others were. */
async function idleReplica(world: World): Promise<TestReplica> {
  const replica = await world.replica();
  await replica.tokens.getAccessToken();
  const minuteAgo = isSqlite(replica.dataSource)
    ? "strftime('%Y-%m-%d %H:%M:%f', 'now', '-60 seconds')"
    : 'UTC_TIMESTAMP(3) - INTERVAL 1 MINUTE';
  await world.sql(
    `UPDATE system_var SET updated_at = ${minuteAgo} WHERE name = 'access_token'`,
  );
  // What runs once at the start, the first poll, and the hourly purge of old events.
  await replica.accountCheck.check();
  await replica.poller.poll();
  await replica.rounds.tick();
  holdTime(replica);
  return replica;
}

/** Stops the replica's own timers and its clock: what is counted does not depend on how busy the machine is. */
function holdTime({ module }: TestReplica): void {
  const scheduler = module.get(SchedulerRegistry, { strict: false });
  for (const name of scheduler.getIntervals())
    clearInterval(scheduler.getInterval(name) as NodeJS.Timeout);
  const clock = module.get(Clock);
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
        await world.sql('ANALYZE TABLE system_var');
        const counted = await cost(replica, () => tenSeconds(replica));

        expect(statements.total()).toBe(20);
        expect(statements.count('poll')).toBe(20);
        costs.push(untouched, counted);
        await fresh.drop();
      }

      const [first] = costs;
      // All of them on the connection whose counters were read.
      expect(first?.selects).toBe(10);
      for (const each of costs) expect(each).toEqual(first);
      expect(first?.reads).toBeGreaterThan(0);
      expect(first?.reads).toBeLessThanOrEqual(100);
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

/** One INSERT … SELECT; the rows come in order of name, so that a million of them take seconds. */
async function fill(world: World, count: number): Promise<void> {
  const columns = `name, value, version, source, credential_id,
    issued_at, refresh_at, next_at, expires_at, updated_at, failure_count`;
  const now = 'UTC_TIMESTAMP(3)';
  const minuteAgo = `${now} - INTERVAL 1 MINUTE`;
  // Both servers let a WITH RECURSIVE go a thousand deep.
  await world.sql(
    `INSERT INTO system_var (${columns})
    WITH RECURSIVE up AS (SELECT 0 AS n UNION ALL SELECT n + 1 FROM up WHERE n < 999)
    SELECT CONCAT('access_token:', LPAD(i, 6, '0')), 'a token', 1,
      IF(i % 2, 'classic', 'stable'), 'c0ffee00', ${minuteAgo},
      ${now} + INTERVAL (3600000 + i) * 1000 MICROSECOND, ${now} + INTERVAL (3600000 + i) * 1000 MICROSECOND,
      ${now} + INTERVAL 2 HOUR, ${minuteAgo}, 0
    FROM (SELECT 1000 * a.n + b.n AS i FROM up a JOIN up b) numbers
    WHERE i < ? ORDER BY i`,
    [count],
  );
}

/**
 * Rows and index entries that the server read, and SELECTs that it ran, on this replica's connection alone. The engine's pool
 * hands out the connection that came back last: here, where nothing runs at the same time, always the same.
 */
async function cost(replica: TestReplica, work: () => Promise<void>) {
  const runner = replica.module.get(SqlRunner);
  const counters = async () => {
    // Past the spy that counts the engine's own statements.
    const rows = await SqlRunner.prototype.rows.call(runner, {
      sql: "SHOW SESSION STATUS WHERE Variable_name LIKE 'Handler_read%' OR Variable_name = 'Com_select'",
      values: [],
    });
    let selects = 0;
    let reads = 0;
    for (const row of rows) {
      const [name, value] = Object.values(row as object);
      if (name === 'Com_select') selects = Number(value);
      else reads += Number(value);
    }
    return { selects, reads };
  };
  const spent = async (what: () => Promise<void>) => {
    const before = await counters();
    await what();
    const after = await counters();
    return {
      selects: after.selects - before.selects,
      reads: after.reads - before.reads,
    };
  };
  // Reading the counters is counted too.
  const asking = await spent(() => Promise.resolve());
  const { selects, reads } = await spent(work);
  return { selects: selects - asking.selects, reads: reads - asking.reads };
}
