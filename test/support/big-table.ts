import { SchedulerRegistry } from '@nestjs/schedule';
import { SqlRunner } from '../../src/wechat-token/store/sql-runner.js';
import type { ReplicaOptions, TestReplica, World } from './world.js';

/** Stops the timers of a replica; those of its callers run on. */
export function stopTimers({ module }: TestReplica): void {
  const scheduler = module.get(SchedulerRegistry, { strict: false });
  for (const name of scheduler.getIntervals())
    clearInterval(scheduler.getInterval(name) as NodeJS.Timeout);
}

/** A replica that has done all that it does by itself at its start; a purge of old events ends its first round. */
export async function startedReplica(
  world: World,
  options?: ReplicaOptions,
): Promise<TestReplica> {
  const change = vi.spyOn(SqlRunner.prototype, 'change');
  const replica = await world.replica(options);
  await vi.waitFor(() =>
    expect(change.mock.calls.map(([{ sql }]) => sql)).toContainEqual(
      expect.stringContaining('DELETE FROM token_event'),
    ),
  );
  // A test that spies on the same method sees no more of it.
  change.mockRestore();
  return replica;
}

/** One INSERT … SELECT; the rows come in order of name, so that a million of them take seconds. */
export async function fill(world: World, count: number): Promise<void> {
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

/** As many plain variables, which have no place in the queue. */
export async function fillVariables(
  world: World,
  count: number,
): Promise<void> {
  await world.sql(
    `INSERT INTO system_var (name, value, version, updated_at, failure_count)
    WITH RECURSIVE up AS (SELECT 0 AS n UNION ALL SELECT n + 1 FROM up WHERE n < 999)
    SELECT CONCAT('site:', LPAD(i, 6, '0')), 'a variable', 0, UTC_TIMESTAMP(3) - INTERVAL 1 MINUTE, 0
    FROM (SELECT 1000 * a.n + b.n AS i FROM up a JOIN up b) numbers
    WHERE i < ? ORDER BY i`,
    [count],
  );
}

/** What a connection has cost so far. */
export interface Cost {
  readonly selects: number;
  /** Rows and index entries that the server read. */
  readonly reads: number;
}

/**
 * What this replica's connection alone has cost since it was opened. The engine's pool hands out the connection that came back
 * last: where nothing runs at the same time, always the same.
 */
export async function costSoFar({ module }: TestReplica): Promise<Cost> {
  // Past the spy that counts the engine's own statements.
  const rows = await SqlRunner.prototype.rows.call(module.get(SqlRunner), {
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
}

export async function cost(
  replica: TestReplica,
  work: () => Promise<void>,
): Promise<Cost> {
  const spent = async (what: () => Promise<void>) => {
    const before = await costSoFar(replica);
    await what();
    const after = await costSoFar(replica);
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
