import { everyDatabase } from '../support/every-database.js';
import {
  openStore,
  renewed,
  type StoreUnderTest,
} from '../support/open-store.js';

const NAME = 'access_token';

describe.each(everyDatabase())('the lease of a row on $title', (database) => {
  let db: StoreUnderTest;
  beforeEach(async () => {
    db = await openStore(database);
  });
  afterEach(() => db[Symbol.asyncDispose]());

  describe('a new row', () => {
    it('is missing until it is inserted', async () => {
      expect(await db.store.read(NAME)).toBeUndefined();
      await db.store.insertMissing([{ name: NAME, remark: 'stable of wx1' }]);
      expect(await db.row(NAME)).toMatchObject({
        name: NAME,
        value: null,
        version: expect.any(Number),
        source: null,
        credentialId: null,
        issuedInMs: -Infinity,
        leaseOwner: null,
        leaseInMs: -Infinity,
        failureCount: 0,
        nextAttemptInMs: -Infinity,
        lastError: null,
      });
      expect(await db.plainRow(NAME)).toMatchObject({
        remark: 'stable of wx1',
      });
    });

    it('is due and expired from the start', async () => {
      const row = await db.newRow(NAME);
      expect(row.refreshInMs).toBeLessThanOrEqual(0);
      expect(row.expiresInMs).toBeLessThanOrEqual(0);
      expect(row.refreshInMs).toBeGreaterThan(-5000);
    });

    it('begins its version at the clock, so that a row inserted again is newer than the deleted one', async () => {
      const row = await db.newRow(NAME);
      expect(row.version).toBe(await db.instant(NAME, 'next_at'));
      expect(Math.abs(row.version - row.databaseNow)).toBeLessThan(5000);
    });

    it('leaves an existing row alone, whatever is in it', async () => {
      await db.putToken(NAME, 'tok-1');
      const before = await db.plainRow(NAME);
      await db.store.insertMissing([{ name: NAME, remark: 'another remark' }]);
      expect(await db.plainRow(NAME)).toEqual(before);
    });

    it('is made once by twenty who insert it at the same time', async () => {
      await Promise.all(
        Array.from({ length: 20 }, () =>
          db.store.insertMissing([{ name: NAME, remark: 'r' }]),
        ),
      );
      const [count] = await db.sql('SELECT COUNT(*) AS n FROM system_var');
      expect(Number(count?.['n'])).toBe(1);
    });
  });

  describe('R4 one renewal', () => {
    it('gives the lease to exactly one of twenty concurrent claims', async () => {
      const row = await db.newRow(NAME);
      const leases = await Promise.all(
        Array.from({ length: 20 }, (_, i) =>
          db.store.claim(row, `replica-${i}`, 30_000),
        ),
      );
      const won = leases.flatMap((lease, i) => (lease ? [i] : []));
      expect(won).toHaveLength(1);
      expect(await db.row(NAME)).toMatchObject({
        version: leases[won[0] ?? 0]?.version,
        leaseOwner: `replica-${won[0]}`,
      });
    });

    it('writes the lease on the row: owner, end by the database’s clock, version, place in the queue', async () => {
      const row = await db.newRow(NAME);
      const lease = await db.store.claim(row, 'replica-1', 30_000);
      expect(lease).toMatchObject({ name: NAME, durationMs: 30_000 });
      const claimed = await db.row(NAME);
      expect(claimed.version).toBe(lease?.version);
      expect(claimed.leaseOwner).toBe('replica-1');
      expect(claimed.nextInMs).toBe(claimed.leaseInMs);
      expect(claimed.leaseInMs).toBeLessThanOrEqual(30_000);
      expect(claimed.leaseInMs).toBeGreaterThan(25_000);
    });

    it('gives the row a version that it never had, though a failover has put an older row in its place', async () => {
      const before = await db.newRow(NAME);
      const lost = await db.lease(NAME);
      await db.sql(
        'UPDATE system_var SET version = ?, lease_owner = NULL, lease_until = NULL',
        [before.version],
      );

      // A failover takes longer than a millisecond.
      const restored = await vi.waitFor(async () => {
        const row = await db.row(NAME);
        expect(row.databaseNow).toBeGreaterThan(lost.version + 1);
        return row;
      });
      const next = await db.store.claim(restored, 'second', 30_000);

      expect(next?.version).toBeGreaterThan(lost.version);
      expect(next?.version).toBeGreaterThanOrEqual(restored.databaseNow);
      expect(await db.store.storeRenewed(lost, renewed('late'))).toBe(false);
    });

    it('goes on counting where a version is ahead of the clock', async () => {
      const { databaseNow } = await db.newRow(NAME);
      const ahead = databaseNow + 10_000_000;
      await db.sql('UPDATE system_var SET version = ?', [ahead]);
      expect((await db.lease(NAME)).version).toBe(ahead + 1);
    });

    it('refuses a claim on a row that has changed since it was read', async () => {
      const read = await db.newRow(NAME);
      await db.putToken(NAME, 'tok-1');
      const before = await db.plainRow(NAME);
      expect(await db.store.claim(read, 'late', 30_000)).toBeUndefined();
      expect(await db.plainRow(NAME)).toEqual(before);
    });

    it('refuses a claim while the lease lasts, although the version is right', async () => {
      await db.newRow(NAME);
      await db.lease(NAME, 30_000);
      const leased = await db.row(NAME);
      expect(await db.store.claim(leased, 'second', 30_000)).toBeUndefined();
      await db.elapse(29_000);
      const still = await db.row(NAME);
      expect(await db.store.claim(still, 'second', 30_000)).toBeUndefined();
    });

    it('lets any replica claim once the lease has expired, and refuses the old holder’s answer', async () => {
      await db.newRow(NAME);
      const dead = await db.lease(NAME, 30_000);
      await db.elapse(30_001);
      const lapsed = await db.row(NAME);
      const next = await db.store.claim(lapsed, 'second', 30_000);
      expect(next?.version).toBeGreaterThan(dead.version);

      expect(await db.store.storeRenewed(dead, renewed('late'))).toBe(false);
      expect(await db.row(NAME)).toMatchObject({
        value: null,
        leaseOwner: 'second',
      });
    });

    it('gives nothing for a row that is gone', async () => {
      const row = await db.newRow(NAME);
      await db.sql('DELETE FROM system_var');
      expect(await db.store.claim(row, 'replica-1', 30_000)).toBeUndefined();
    });
  });

  describe('release', () => {
    it('ends the lease with the token as it was, and the next claim succeeds', async () => {
      await db.putToken(NAME, 'tok-1');
      const before = await db.plainRow(NAME);
      const lease = await db.lease(NAME);
      expect(await db.store.release(lease)).toBe(true);
      expect(await db.plainRow(NAME)).toEqual({
        ...before,
        version: expect.anything(),
        next_at: expect.anything(),
      });
      const { version, nextInMs } = await db.row(NAME);
      expect(version).toBe(lease.version + 1);
      expect(nextInMs).toBeLessThanOrEqual(0);
      expect((await db.lease(NAME)).version).toBeGreaterThan(version);
    });

    it('says when a refresher looks at the row again', async () => {
      await db.newRow(NAME);
      await db.store.release(await db.lease(NAME), 60_000);
      const { nextInMs } = await db.row(NAME);
      expect(nextInMs).toBeLessThanOrEqual(60_000);
      expect(nextInMs).toBeGreaterThan(55_000);
    });

    it('does nothing when another replica holds the lease', async () => {
      await db.newRow(NAME);
      const dead = await db.lease(NAME);
      await db.elapse(30_001);
      await db.lease(NAME);
      expect(await db.store.release(dead)).toBe(false);
      expect((await db.row(NAME)).leaseOwner).toBe('replica-1');
    });
  });
});
