import { randomBytes } from 'node:crypto';
import { setImmediate as turn } from 'node:timers/promises';
import { openDatabase } from '../../src/config/database.js';
import { MonotonicClock } from '../../src/wechat-token/common/clock.js';
import type {
  LeasedRow,
  TokenRow,
} from '../../src/wechat-token/store/token-row.js';
import {
  anotherStore,
  claim,
  CONFIRM_MS,
  LEASE_MS,
  lockRows,
  makeRows,
  named,
} from '../support/batches.js';
import { databaseServers } from '../support/databases.js';
import { driverCodes } from '../support/driver-codes.js';
import { databasesOn, everyDatabase } from '../support/every-database.js';
import {
  openStore,
  parsed,
  renewed,
  type StoreUnderTest,
} from '../support/open-store.js';

const MINUTE_MS = 60_000;
const FAILURE = { class: 'transient', message: 'no', credentialId: 'c0ffee00' };

const without = (names: readonly string[], others: readonly string[]) =>
  names.filter((name) => !others.includes(name));

/** What of a row does not change from one statement to the next. */
const lasting = ({ name, value, version, leaseOwner }: TokenRow) => {
  return { name, value, version, leaseOwner };
};

describe.each(everyDatabase())('R14 claims of many on $title', (database) => {
  let db: StoreUnderTest;
  beforeEach(async () => {
    db = await openStore(database);
  });
  afterEach(() => db[Symbol.asyncDispose]());

  it('are of what is due or unconfirmed: each row as it was before, with a lease', async () => {
    await db.newRow('access_token:new');
    await db.putToken('access_token:unconfirmed', 'tok-1');
    await db.elapse(CONFIRM_MS);
    await db.putToken('access_token:due', 'tok-2', {
      refreshAfterMs: 1000,
      nextAfterMs: 1000,
    });
    await db.elapse(1000);
    const names = ['new', 'unconfirmed', 'due'].map((n) => `access_token:${n}`);
    const before = await Promise.all(names.map((name) => db.row(name)));
    const clock = new MonotonicClock();
    const since = clock.now();

    const { claimed, unreadable } = await claim(db.queue, names);

    expect(unreadable).toEqual([]);
    expect(claimed).toHaveLength(3);
    for (const old of before) {
      const mine = claimed.find(({ row }) => row.name === old.name);
      expect(mine?.row && lasting(mine.row)).toEqual(lasting(old));
      expect(mine?.row).toMatchObject({
        source: old.source,
        credentialId: old.credentialId,
        failureCount: 0,
      });
      expect(mine?.lease).toMatchObject({
        name: old.name,
        version: expect.any(Number),
        durationMs: LEASE_MS,
      });
      const version = mine?.lease.version ?? 0;
      expect(version).toBeGreaterThan(old.version);
      expect(version).toBeGreaterThanOrEqual(old.databaseNow);
      expect(mine?.lease.until).toBeGreaterThanOrEqual(since + LEASE_MS);
      expect(mine?.lease.until).toBeLessThanOrEqual(clock.now() + LEASE_MS);
      const now = await db.row(old.name);
      expect(now).toMatchObject({
        value: old.value,
        version,
        leaseOwner: 'me',
      });
      expect(now.leaseInMs).toBeLessThanOrEqual(LEASE_MS);
      expect(now.leaseInMs).toBeGreaterThan(LEASE_MS - 5000);
    }
  });

  it('R4: a write is accepted under each of the leases, once', async () => {
    const names = named(5);
    await makeRows(db, names);
    const { claimed } = await claim(db.queue, names);

    for (const { lease } of claimed) {
      const token = renewed(`token of ${lease.name}`);
      expect(await db.store.storeRenewed(lease, token)).toBe(true);
      expect(await db.store.storeRenewed(lease, token)).toBe(false);
    }

    for (const name of names)
      expect(await db.row(name)).toMatchObject({
        value: `token of ${name}`,
        leaseOwner: null,
      });
  });

  it('leave alone what is leased, cooling down, fresh, a plain variable, or missing', async () => {
    await db.putToken('access_token:cooling', 'tok', { refreshAfterMs: 0 });
    await db.newRow('access_token:leased');
    await db.putToken('access_token:classic', 'tok', {
      nextAfterMs: 2 * CONFIRM_MS,
    });
    await db.variables.save('site_name', 'shop');
    await db.elapse(CONFIRM_MS);
    await db.putToken('access_token:fresh', 'tok');
    const cooling = await db.lease('access_token:cooling');
    await db.store.storeFailure(cooling, FAILURE, MINUTE_MS);
    await db.lease('access_token:leased');
    const left = ['cooling', 'leased', 'classic', 'fresh'];
    const names = [...left.map((n) => `access_token:${n}`), 'site_name'];
    const rows = () => db.sql('SELECT * FROM system_var ORDER BY name');
    const before = await rows();

    const nothing = await claim(db.queue, [...names, 'access_token:missing']);
    expect(nothing).toEqual({ claimed: [], unreadable: [] });
    expect(await rows()).toEqual(before);

    // Each becomes due by itself.
    await db.elapse(MINUTE_MS);
    const { claimed } = await claim(db.queue, names);
    expect(claimed.map(({ row }) => row.name).toSorted()).toEqual([
      'access_token:cooling',
      'access_token:leased',
    ]);
  });

  it('report which rows are unreadable, and do not touch them', async () => {
    const key = { id: '2026-01', key: randomBytes(32) };
    const names = named(3);
    await makeRows(db, names);
    const sealed = db.withKeys([key]);
    const [name = ''] = names;
    await sealed.store.storeRenewed(await db.lease(name), renewed('secret'));
    await db.elapse(CONFIRM_MS);
    const before = await db.plainRow(name);

    const { claimed, unreadable } = await claim(db.queue, names);

    expect(claimed.map(({ row }) => row.name).toSorted()).toEqual(
      names.slice(1),
    );
    expect(unreadable).toMatchObject([
      { name, error: { code: 'SEALED_VALUE' } },
    ]);
    expect(String(unreadable[0]?.error)).toContain(`"${name}"`);
    expect(await db.plainRow(name)).toEqual(before);
    const { claimed: readable } = await claim(sealed.queue, names);
    expect(readable).toMatchObject([{ row: { name, value: 'secret' } }]);
  });

  it('are case-sensitive', async () => {
    await makeRows(db, ['access_token:Shop', 'access_token:shop']);
    const { claimed } = await claim(db.queue, ['access_token:Shop']);
    expect(claimed).toMatchObject([{ row: { name: 'access_token:Shop' } }]);
    expect(await db.row('access_token:shop')).toMatchObject({
      leaseOwner: null,
    });
  });

  it.each([2, 4])(
    'R4: %d replicas that claim the same 100 at once get each of them once',
    async (size) => {
      const names = named(100);
      await makeRows(db, names);
      const sources = await Promise.all(
        Array.from({ length: size }, () => openDatabase(parsed(db.url), false)),
      );
      const stores = sources.map((source) => anotherStore(db, source));
      // A pool connects at its first statement.
      await Promise.all(stores.map(({ store }) => store.readAll(names)));

      const results = await Promise.all(
        stores.map(({ queue }, i) =>
          // Not all in the same order, which would be the lucky case.
          claim(queue, i % 2 ? names.toReversed() : names, `replica-${i}`),
        ),
      );

      const won = results.map(({ claimed }) => claimed.map((c) => c.row.name));
      expect(won.flat().toSorted()).toEqual(names.toSorted());
      for (const [i, its] of won.entries())
        for (const name of its)
          expect(await db.row(name)).toMatchObject({
            leaseOwner: `replica-${i}`,
          });
      await Promise.all(sources.map((source) => source.destroy()));
    },
  );

  it('of nothing that is due cost one statement, of 100 two in one transaction', async () => {
    const names = named(100);
    await makeRows(db, names);
    const { sql, queue } = anotherStore(db);
    const locked = vi.spyOn(sql, 'changeLocked');

    expect((await claim(queue, names)).claimed).toHaveLength(100);
    expect((await claim(queue, names)).claimed).toHaveLength(0);

    expect(locked).toHaveBeenCalledTimes(2);
  });
});

describe.each(databaseServers())(
  'R14 rows that another transaction has locked, on $kind $version',
  (server) => {
    let db: StoreUnderTest;
    beforeEach(async () => {
      db = await openStore(databasesOn(server));
    });
    afterEach(() => db[Symbol.asyncDispose]());

    const write = (claimed: LeasedRow | undefined) => {
      if (!claimed) throw new Error('nothing was claimed');
      const token = renewed(`new ${claimed.row.name}`);
      return db.store.storeRenewed(claimed.lease, token);
    };

    // The rows stay locked until the test ends that: a statement that waited for them would fail after its timeout.
    it('are left out at once, and the others claimed', async () => {
      const names = named(20);
      await makeRows(db, names);
      const locked = ['access_token:3', 'access_token:11'];
      await using blocker = await lockRows(db.url, locked);

      const { claimed } = await claim(db.queue, names);

      expect(claimed.map(({ row }) => row.name).toSorted()).toEqual(
        without(names, locked).toSorted(),
      );
      await blocker.end();
      const later = await claim(db.queue, names);
      expect(later.claimed.map(({ row }) => row.name)).toEqual(
        locked.toSorted(),
      );
    });

    it('do not block the rest, if all of them are locked', async () => {
      const names = named(5);
      await makeRows(db, names);
      await using blocker = await lockRows(db.url, names);
      expect((await claim(db.queue, names)).claimed).toEqual([]);
      await blocker.end();
    });

    it('do not hold up those that are written together with them', async () => {
      const names = named(20);
      await makeRows(db, names);
      const { claimed } = await claim(db.queue, names);
      const held = claimed.at(-1)?.row.name ?? '';
      await using blocker = await lockRows(db.url, [held]);

      const writes = claimed.map(write);

      const results = await Promise.allSettled(writes);
      expect(results.slice(0, -1)).toEqual(
        Array(19).fill({ status: 'fulfilled', value: true }),
      );
      expect(results.at(-1)).toMatchObject({
        reason: { code: 'STORE', driverCode: 'ROW_LOCKED' },
      });
      await blocker.end();
      expect(await write(claimed.at(-1))).toBe(true);
    });

    it('R4: are lost where the lease is, locked or not', async () => {
      const names = named(3);
      await makeRows(db, names);
      const { claimed } = await claim(db.queue, names);
      await db.sql(
        "UPDATE system_var SET version = version + 1 WHERE name = 'access_token:0'",
      );
      await using blocker = await lockRows(db.url, names.slice(0, 2));
      await db.sql("DELETE FROM system_var WHERE name = 'access_token:2'");

      const results = await Promise.allSettled(claimed.map(write));

      expect(results).toMatchObject([
        { value: false },
        { reason: { driverCode: 'ROW_LOCKED' } },
        { value: false },
      ]);
      await blocker.end();
    });

    it('R6: one that the database refuses is not stored, and those that are written together with it are', async () => {
      const names = named(20);
      await makeRows(db, names);
      const { claimed } = await claim(db.queue, names);
      const refused = claimed[7]?.row.name ?? '';

      const stored = await Promise.allSettled(
        claimed.map(({ row, lease }) =>
          db.store.storeRenewed(lease, {
            ...renewed(`new ${row.name}`),
            ...(row.name === refused && {
              source: 'longer than the column '.repeat(2),
            }),
          }),
        ),
      );

      const failed = stored.filter(({ status }) => status === 'rejected');
      expect(failed).toMatchObject([
        { reason: { driverCode: driverCodes(server).tooLong } },
      ]);
      for (const { row } of claimed)
        expect((await db.row(row.name)).value).toBe(
          row.name === refused ? row.value : `new ${row.name}`,
        );
    });

    it('hold up one write, for a second, and not the writes that come after it', async () => {
      const names = named(20);
      await makeRows(db, names);
      const { claimed } = await claim(db.queue, names);
      const [held, ...others] = claimed;
      if (!held) throw new Error('nothing was claimed');
      await using blocker = await lockRows(db.url, [held.row.name]);

      const slow = db.store
        .storeRenewed(held.lease, renewed('late'))
        .catch((error: unknown) => error);
      await turn();
      const stored = await Promise.all(
        others.map(({ lease }) => db.store.storeRenewed(lease, renewed('tok'))),
      );

      expect(new Set(stored)).toEqual(new Set([true]));
      expect(await slow).toMatchObject({
        driverCode: driverCodes(server).lockTimeout,
      });
      await blocker.end();
      const late = db.store.storeRenewed(held.lease, renewed('late'));
      expect(await late).toBe(true);
      expect(await db.row(held.row.name)).toMatchObject({ value: 'late' });
    });
  },
);
