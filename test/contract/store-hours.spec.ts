import { dialectOf } from '../../src/wechat-token/store/dialects/dialects.js';
import { SqlRunner } from '../../src/wechat-token/store/sql-runner.js';
import type {
  StoredCount,
  StoredHours,
} from '../../src/wechat-token/store/token-hours.js';
import { everyDatabase } from '../support/every-database.js';
import { openStore, type StoreUnderTest } from '../support/open-store.js';

const NAME = 'access_token';
const SHOP = 'access_token:shop';
const DAY_MS = 86_400_000;
const HOUR_MS = 3_600_000;

const refreshed = (name = NAME, replica = 'one', latencyMs = 100.4) =>
  ({ name, replica, outcome: 'refreshed', latencyMs }) as const;
const failed = (type: string, name = NAME, replica = 'one') =>
  ({ name, replica, outcome: 'failed', class: type, latencyMs: 7 }) as const;

describe.each(everyDatabase())('the hour counts on $title', (database) => {
  let db: StoreUnderTest;
  beforeEach(async () => {
    db = await openStore(database);
  });
  afterEach(() => db[Symbol.asyncDispose]());

  /** Inserts rows of so many whole hours ago, in one statement: of one clock. */
  const insert = (rows: readonly (readonly [number, string, number])[]) => {
    const { now, plus } = db.words;
    const values = rows.map(([hoursAgo, name, count]) => {
      const hour = hourOf(db, plus(now, String(-hoursAgo * HOUR_MS)));
      return `(${hour}, '${name}', 'refreshed', '', ${count}, ${10 * count})`;
    });
    return db.sql(
      `INSERT INTO token_hour (hour, name, outcome, class, count, latency_sum) VALUES ${values.join(', ')}`,
    );
  };

  it('add up in one statement, under the name and under the replica', async () => {
    const change = vi.spyOn(SqlRunner.prototype, 'change');
    for (const count of [
      refreshed(),
      refreshed(NAME, 'one', 50),
      refreshed(SHOP),
      failed('transient'),
      failed('ip'),
    ])
      db.hours.add(count);
    expect(db.hours.pending).toBe('some');
    await db.hours.save();
    expect(db.hours.pending).toBe('nothing');
    expect(change).toHaveBeenCalledTimes(1);
    change.mockRestore();
    db.hours.add(refreshed(NAME, 'two', 1));
    await db.hours.save();

    const [own, both, replicas] = await Promise.all([
      db.hours.ofTokens([NAME], 168),
      db.hours.ofTokens([NAME, SHOP], 168),
      db.hours.ofReplicas(24),
    ]);
    const count = (
      outcome: string,
      type: string,
      n: number,
      latencySum: number,
    ) => ({
      outcome,
      class: type,
      count: n,
      latencySum,
    });
    expect(sorted(own.counts)).toEqual([
      count('failed', 'ip', 1, 7),
      count('failed', 'transient', 1, 7),
      count('refreshed', '', 3, 151),
    ]);
    expect(sorted(both.counts)).toContainEqual(count('refreshed', '', 4, 251));
    expect(sorted(replicas.counts)).toEqual([
      { ...count('failed', 'ip', 1, 7), replica: 'one' },
      { ...count('failed', 'transient', 1, 7), replica: 'one' },
      { ...count('refreshed', '', 3, 250), replica: 'one' },
      { ...count('refreshed', '', 1, 1), replica: 'two' },
    ]);
  });

  it('that cannot be written are lost, and many of them are written in statements of 200', async () => {
    const change = vi.spyOn(SqlRunner.prototype, 'change');
    for (let i = 0; i < 999; i++) db.hours.add(refreshed(`access_token:${i}`));
    expect(db.hours.pending).toBe('many');
    await db.hours.save();
    expect(change).toHaveBeenCalledTimes(5);

    change.mockRejectedValueOnce(new Error('away'));
    db.hours.add(refreshed());
    await expect(db.hours.save()).rejects.toThrow('away');
    expect(db.hours.pending).toBe('nothing');
    change.mockRestore();
  });

  it('are of whole hours of the database, the last so many', async () => {
    const rows = [
      [0, NAME, 1],
      [3, NAME, 2],
      [3, SHOP, 4],
      [23, '@one', 8],
      [24, '@one', 16],
    ] as const;
    await insert(rows);
    const [row] = await db.sql<{ hour: unknown }>(
      `SELECT ${db.words.epochMs('MAX(hour)')} AS hour FROM token_hour`,
    );
    const inserted = Math.round(Number(row?.hour)) / HOUR_MS;
    expect(inserted).toBe(Math.round(inserted));

    /** Whatever hour it is by now. */
    const expectLast = (
      { databaseNow, counts }: StoredHours,
      hours: number,
      names: readonly string[],
    ) => {
      const hour = Math.floor(databaseNow / HOUR_MS);
      const expected = new Map<number, number>();
      for (const [hoursAgo, name, count] of rows) {
        const ago = hour - inserted + hoursAgo;
        if (ago < hours && names.includes(name))
          expected.set(ago, (expected.get(ago) ?? 0) + count);
      }
      // Of one outcome, an hour has one count.
      expect(counts).toHaveLength(expected.size);
      expect(new Map(counts.map(({ ago, count }) => [ago, count]))).toEqual(
        expected,
      );
    };
    expectLast(await db.hours.ofTokens([NAME], 168), 168, [NAME]);
    for (const hours of [1, 3, 4, 5])
      expectLast(await db.hours.ofTokens([NAME, SHOP], hours), hours, [
        NAME,
        SHOP,
      ]);
    for (const hours of [23, 24, 25])
      expectLast(await db.hours.ofReplicas(hours), hours, ['@one']);
    expectLast(await db.hours.ofTokens(['access_token:none'], 168), 168, []);
  });

  it('are purged in batches, the oldest first', async () => {
    const old = Array.from({ length: 1500 }, (_, i) => `access_token:${i}`);
    await insert([
      [9 * 24, NAME, 1],
      [7 * 24, NAME, 1],
      ...old.map((name) => [10 * 24, name, 1] as const),
    ]);
    expect(await db.hours.purge(8 * DAY_MS)).toBe(true);
    expect(await db.hours.purge(8 * DAY_MS)).toBe(false);
    expect(await db.sql('SELECT name FROM token_hour')).toEqual([
      { name: NAME },
    ]);
  });
});

/** All hours together: one may end while a test runs. */
function sorted(counts: readonly StoredCount[]) {
  const sums = new Map<string, Omit<StoredCount, 'ago'>>();
  for (const { ago: _, ...one } of counts) {
    const replica = 'replica' in one ? String(one.replica) : '';
    const key = `${replica} ${one.outcome} ${one.class}`;
    const { count = 0, latencySum = 0 } = sums.get(key) ?? {};
    sums.set(key, {
      ...one,
      count: count + one.count,
      latencySum: latencySum + one.latencySum,
    });
  }
  return [...sums.keys()].toSorted().map((key) => sums.get(key));
}

function hourOf({ dataSource }: StoreUnderTest, instant: string): string {
  return dialectOf(dataSource.options.type)?.hourOf(instant) ?? instant;
}
