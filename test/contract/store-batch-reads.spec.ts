import { randomBytes } from 'node:crypto';
import type { TokenRow } from '../../src/wechat-token/store/token-row.js';
import { makeRows, named } from '../support/batches.js';
import { everyDatabase } from '../support/every-database.js';
import { openStore, type StoreUnderTest } from '../support/open-store.js';

const MINUTE_MS = 60_000;

/** What of a row does not change from one statement to the next. */
const lasting = ({ name, value, version, leaseOwner }: TokenRow) => {
  return { name, value, version, leaseOwner };
};

describe.each(everyDatabase())('R14 reads of many on $title', (database) => {
  let db: StoreUnderTest;
  const key = { id: '2026-01', key: randomBytes(32) };
  beforeEach(async () => {
    db = await openStore(database, [key]);
  });
  afterEach(() => db[Symbol.asyncDispose]());

  it('readAll gives those that there are, as read gives them', async () => {
    const names = named(10);
    for (const name of names.slice(0, 5)) await db.putToken(name, name);
    await makeRows(db, names.slice(5, 8));

    const { rows, unreadable } = await db.store.readAll(names);

    expect(unreadable).toEqual([]);
    expect(rows.map(({ name }) => name).toSorted()).toEqual(names.slice(0, 8));
    for (const row of rows) {
      const alone = await db.row(row.name);
      expect(lasting(row)).toEqual(lasting(alone));
      expect(row).toMatchObject({
        source: alone.source,
        credentialId: alone.credentialId,
        lastError: null,
      });
      for (const [of, among] of [
        [alone.expiresInMs, row.expiresInMs],
        [alone.refreshInMs, row.refreshInMs],
      ])
        expect(Math.abs((of ?? 0) - (among ?? 0))).toBeLessThan(5000);
    }
  });

  it('readAll of nothing is nothing', async () => {
    await db.putToken('access_token', 'tok');
    expect(await db.store.readAll([])).toEqual({ rows: [], unreadable: [] });
  });

  it('readAll lists rows apart that cannot be decrypted; inspectAll shows them without their value', async () => {
    const [open = '', closed = ''] = named(2);
    await db.putToken(open, 'tok');
    await db.sql("UPDATE system_var SET value = 'plain, of before'");
    await db.putToken(closed, 'secret');
    const { store } = db.withKeys([]);

    const { rows, unreadable } = await store.readAll([open, closed]);
    expect(rows).toMatchObject([{ name: open, value: 'plain, of before' }]);
    expect(unreadable).toMatchObject([{ name: closed }]);

    const shown = await store.inspectAll([open, closed, 'access_token:none']);
    expect(
      shown.toSorted((a, b) => a.name.localeCompare(b.name)),
    ).toMatchObject([
      { name: open, value: 'plain, of before', lastError: null },
      { name: closed, value: null, lastError: { class: 'sealed' } },
    ]);
  });
});

describe.each(everyDatabase())('R14 events of many on $title', (database) => {
  let db: StoreUnderTest;
  beforeEach(async () => {
    db = await openStore(database);
  });
  afterEach(() => db[Symbol.asyncDispose]());

  it('that come at once are all there, with all their columns', async () => {
    const events = named(250).map((name, i) => ({
      name,
      type: 'failed' as const,
      actor: `操作员 ${i}`,
      ...(i % 2 && { fingerprint: `0000${i}`.slice(-8), latencyMs: i }),
      ...(i % 3 && { detail: `系统繁忙 😀 “${i}” \\ ' "` }),
    }));

    await Promise.all(events.map((event) => db.events.record(event)));

    const columns = 'name, type, actor, fingerprint, latency, detail';
    const stored = await db.sql(
      `SELECT ${columns} FROM token_event ORDER BY id`,
    );
    expect(stored).toEqual(
      events.map(({ name, type, actor, ...event }) => ({
        name,
        type,
        actor,
        fingerprint: event.fingerprint ?? null,
        latency: event.latencyMs ?? null,
        detail: event.detail ?? null,
      })),
    );
    expect((await db.events.page('access_token:249', { limit: 2 }))[0]?.at)
      // At the database's instant, which is about ours.
      .toBeGreaterThan(Date.now() - MINUTE_MS);
  });

  it.each([
    ['detail', { actor: 'me', detail: `${'a'.repeat(254)}😀` }],
    ['actor', { actor: `${'a'.repeat(63)}😀` }],
    ['words', { actor: 'me', detail: 'half a sign: \ud83d' }],
  ])(
    'are not lost by one whose %s has a sign that is cut in half',
    async (_, event) => {
      const all = named(3).map((name) => ({
        name,
        type: 'asked' as const,
        ...(name.endsWith('1') ? event : { actor: 'me' }),
      }));

      await Promise.allSettled(all.map((each) => db.events.record(each)));

      const stored = await db.sql('SELECT name FROM token_event ORDER BY id');
      expect(stored.map((row) => row['name'])).toEqual(named(3));
    },
  );

  it.each([
    ['words of the platform', 'half a sign: \ud83d'],
    ['a whole sign', 'a whole sign: 😀'],
  ])('R8: a failure is noted, whatever its words: %s', async (_, message) => {
    await db.newRow('access_token');
    const lease = await db.lease('access_token');
    const error = { class: 'transient', message, credentialId: 'c0ffee00' };

    expect(await db.store.storeFailure(lease, error, MINUTE_MS)).toBe(true);

    expect(await db.row('access_token')).toMatchObject({
      failureCount: 1,
      leaseOwner: null,
      lastError: { class: 'transient' },
    });
  });

  it('R9: are counted for each name: one type, within the window', async () => {
    const [none = '', one = '', three = '', old = '', other = ''] = named(5);
    const forced = (name: string) =>
      ({ name, type: 'forced', actor: 'me' }) as const;
    await db.events.record(forced(old));
    await db.elapse(MINUTE_MS);
    await db.events.record({ ...forced(none), type: 'rejected' });
    await db.events.record(forced(one));
    await db.events.record(forced(other));
    for (const each of [three, three, three])
      await db.events.record(forced(each));

    const count = (ms: number) =>
      db.events.count([none, one, three, old], 'forced', ms);

    expect(await count(MINUTE_MS / 2)).toEqual(
      new Map([
        [one, 1],
        [three, 3],
      ]),
    );
    expect(await count(2 * MINUTE_MS)).toEqual(
      new Map([
        [one, 1],
        [three, 3],
        [old, 1],
      ]),
    );
    expect(await db.events.count([], 'forced', MINUTE_MS)).toEqual(new Map());
  });
});
