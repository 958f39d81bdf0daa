import { everyDatabase } from '../support/every-database.js';
import { openStore, type StoreUnderTest } from '../support/open-store.js';

const NAME = 'access_token';
const DAY_MS = 86_400_000;
const forced = (name = NAME) =>
  ({ name, type: 'forced', actor: 'replica-1' }) as const;

describe.each(everyDatabase())('the events on $title', (database) => {
  let db: StoreUnderTest;
  beforeEach(async () => {
    db = await openStore(database);
  });
  afterEach(() => db[Symbol.asyncDispose]());

  it('keep everything that is known, at the database’s instant', async () => {
    await db.events.record({
      ...forced(),
      fingerprint: '0a1b2c3d',
      latencyMs: 123.6,
      detail: '系统繁忙 ☕',
    });
    await db.events.record({ name: NAME, type: 'failed', actor: 'x' });
    const columns = 'name, type, actor, fingerprint, latency, detail';
    expect(
      await db.sql(`SELECT ${columns} FROM token_event ORDER BY id`),
    ).toEqual([
      {
        name: NAME,
        type: 'forced',
        actor: 'replica-1',
        fingerprint: '0a1b2c3d',
        latency: 124,
        detail: '系统繁忙 ☕',
      },
      {
        name: NAME,
        type: 'failed',
        actor: 'x',
        fingerprint: null,
        latency: null,
        detail: null,
      },
    ]);
    const [counted] = await db.events.recent([NAME], 'forced', DAY_MS);
    expect(counted).toMatchObject({
      name: NAME,
      actor: 'replica-1',
      fingerprint: '0a1b2c3d',
      latencyMs: 124,
    });
    expect(counted?.ageMs).toBeGreaterThanOrEqual(0);
    expect(counted?.ageMs).toBeLessThan(60_000);
  });

  it('are cut to what the columns hold', async () => {
    const actor = 'a'.repeat(100);
    const detail = 'ü'.repeat(1000);
    await db.events.record({ ...forced(), actor, detail });
    expect(await db.sql('SELECT actor, detail FROM token_event')).toEqual([
      { actor: 'a'.repeat(64), detail: `${'ü'.repeat(254)}…` },
    ]);
  });

  it('say at the end of a word that they are cut', async () => {
    const words = `${'word '.repeat(50)}asked again`;
    const fits = 'ü'.repeat(255);
    for (const detail of [words, fits])
      await db.events.record({ ...forced(), detail });
    expect(await db.sql('SELECT detail FROM token_event ORDER BY id')).toEqual([
      { detail: `${'word '.repeat(49)}word…` },
      { detail: fits },
    ]);
  });

  it('R9: are counted within the window, newest first', async () => {
    for (const wait of [3_600_000, 60_000, 1000]) {
      await db.events.record(forced());
      await db.elapse(wait);
    }
    const minutes = async (windowMs: number) => {
      const counted = await db.events.recent([NAME], 'forced', windowMs);
      return counted.map(({ ageMs }) => Math.floor(ageMs / 60_000));
    };
    expect(await minutes(DAY_MS)).toEqual([0, 1, 61]);
    expect(await minutes(3_600_000)).toEqual([0, 1]);
    expect(await minutes(60_000)).toEqual([0]);
    expect(await minutes(500)).toEqual([]);
  });

  it('R9: belong to one token and one type; upper and lower case differ', async () => {
    await db.events.record(forced('access_token:shop'));
    await db.events.record({ ...forced(), type: 'rejected' });
    for (const other of [NAME, 'access_token:Shop', 'ACCESS_TOKEN:SHOP'])
      expect(await db.events.recent([other], 'forced', DAY_MS)).toEqual([]);
    expect(
      await db.events.recent(['access_token:shop'], 'forced', DAY_MS),
    ).toHaveLength(1);
    const both = ['access_token:shop', 'access_token@wx1'];
    await db.events.record(forced('access_token@wx1'));
    const counted = await db.events.recent(both, 'forced', DAY_MS);
    expect(counted.map(({ name }) => name).sort()).toEqual(both);
  });

  it('are purged when they are old enough, a thousand at a time', async () => {
    const insertMany = async (count: number) => {
      const values = Array.from(
        { length: count },
        () => "('access_token', '2020-01-01 00:00:00.000', 'refreshed')",
      );
      await db.sql(
        `INSERT INTO token_event (name, at, type) VALUES ${values.join(', ')}`,
      );
    };
    const left = async () => {
      const [row] = await db.sql('SELECT COUNT(*) AS n FROM token_event');
      return Number(row?.['n']);
    };
    await insertMany(2500);
    await db.events.record(forced());

    expect(await db.events.purge(DAY_MS)).toBe(true);
    expect(await left()).toBe(1501);
    expect(await db.events.purge(DAY_MS)).toBe(true);
    expect(await db.events.purge(DAY_MS)).toBe(false);
    expect(await left()).toBe(1);
    expect(await db.events.recent([NAME], 'forced', DAY_MS)).toHaveLength(1);
  });
});
