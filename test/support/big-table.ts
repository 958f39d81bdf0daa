import { SchedulerRegistry } from '@nestjs/schedule';
import { SqlRunner } from '../../src/wechat-token/store/sql-runner.js';
import { familyOf } from './sql.js';
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
      expect.stringContaining('DELETE FROM token_hour'),
    ),
  );
  // A test that spies on the same method sees no more of it.
  change.mockRestore();
  return replica;
}

/** From 0 to 999,999; both servers of the MySQL family let a WITH RECURSIVE go a thousand deep. */
const NUMBERS = `WITH RECURSIVE up AS (SELECT 0 AS n UNION ALL SELECT n + 1 FROM up WHERE n < 999),
  numbers AS (SELECT 1000 * a.n + b.n AS i FROM up a CROSS JOIN up b)`;
const padded = "LPAD(CONCAT(i, ''), 6, '0')";

/** One INSERT … SELECT; the rows come in order of name, so that a million of them take seconds. */
export async function fill(world: World, count: number): Promise<void> {
  const { now, plus } = await world.words();
  const minuteAgo = plus(now, '-60000');
  const later = plus(now, '3600000 + i');
  await world.sql(
    `INSERT INTO system_var (name, value, version, source, credential_id,
      issued_at, refresh_at, next_at, expires_at, updated_at, failure_count)
    ${NUMBERS}
    SELECT CONCAT('access_token:', ${padded}), 'a token', 1,
      CASE WHEN i % 2 = 1 THEN 'classic' ELSE 'stable' END, 'c0ffee00', ${minuteAgo},
      ${later}, ${later}, ${plus(now, '7200000')}, ${minuteAgo}, 0
    FROM numbers WHERE i < ${count} ORDER BY i`,
  );
}

/** As many plain variables, which have no place in the queue. */
export async function fillVariables(
  world: World,
  count: number,
): Promise<void> {
  const { now, plus } = await world.words();
  await world.sql(
    `INSERT INTO system_var (name, value, version, updated_at, failure_count)
    ${NUMBERS}
    SELECT CONCAT('site:', ${padded}), 'a variable', 0, ${plus(now, '-60000')}, 0
    FROM numbers WHERE i < ${count} ORDER BY i`,
  );
}

/** What a connection has cost so far. */
export interface Cost {
  /** Not counted by PostgreSQL. */
  readonly selects: number;
  /** Rows and index entries that the server read. */
  readonly reads: number;
}

const MYSQL_COUNTERS =
  "SHOW SESSION STATUS WHERE Variable_name LIKE 'Handler_read%' OR Variable_name = 'Com_select'";
/** Of the whole database; entries of rows that are gone are counted as well. */
const POSTGRES_COUNTERS = `SELECT 'reads' AS name,
  (SELECT SUM(idx_tup_read) FROM pg_stat_user_indexes) + (SELECT SUM(seq_tup_read) FROM pg_stat_user_tables) AS value`;

/**
 * What this replica's connection alone has cost since it was opened. The engine's pool hands out the connection that came back
 * last: where nothing runs at the same time, always the same.
 */
export async function costSoFar(replica: TestReplica): Promise<Cost> {
  // Past the spy that counts the engine's own statements.
  const ask = (sql: string) =>
    SqlRunner.prototype.rows.call(replica.module.get(SqlRunner), {
      sql,
      values: [],
    });
  const isPostgres = familyOf(replica.dataSource) === 'postgres';
  // A session adds to the counters once a second, unless it is told to.
  if (isPostgres) await ask('SELECT pg_stat_force_next_flush()');
  const rows = await ask(isPostgres ? POSTGRES_COUNTERS : MYSQL_COUNTERS);
  let selects = 0;
  let reads = 0;
  for (const row of rows) {
    const [name, value] = Object.values(row as object);
    if (name === 'Com_select') selects = Number(value);
    else reads += Number(value);
  }
  return { selects, reads };
}

/** The same for all connections to PostgreSQL, that of other servers is not known: 0. */
export async function readsOfAll(world: World): Promise<number> {
  const { isPostgres } = await world.words();
  if (!isPostgres) return 0;
  await world.sql('SELECT pg_stat_force_next_flush()');
  const [row] = await world.sql<{ value: string }>(POSTGRES_COUNTERS);
  return Number(row?.value);
}

/** Statements of {@link costSoFar}, which are none of the engine's. */
export function isCounting(sql: string): boolean {
  return sql.startsWith('SHOW') || sql.includes('pg_stat');
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
