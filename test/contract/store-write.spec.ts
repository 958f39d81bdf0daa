import { everyDatabase } from '../support/every-database.js';
import {
  DUE_MS,
  LIFE_MS,
  openStore,
  renewed,
  type StoreUnderTest,
} from '../support/open-store.js';

const NAME = 'access_token';
const FAILURE = {
  class: 'transient',
  errcode: -1,
  message: 'system error „busy“ 系统繁忙',
  credentialId: 'c0ffee00',
};

describe.each(everyDatabase())('what is written on $title', (database) => {
  let db: StoreUnderTest;
  beforeEach(async () => {
    db = await openStore(database);
    await db.newRow(NAME);
  });
  afterEach(() => db[Symbol.asyncDispose]());

  const now = async () => {
    const text = db.words.text(db.words.now);
    const [row] = await db.sql<{ at: string }>(`SELECT ${text} AS at`);
    return Date.parse(`${row?.at.replace(' ', 'T')}Z`);
  };

  describe('a renewed token', () => {
    it('is in the row, with the lease given back and the version counted up', async () => {
      const lease = await db.lease(NAME);
      expect(await db.store.storeRenewed(lease, renewed('tok-1'))).toBe(true);
      expect(await db.row(NAME)).toMatchObject({
        value: 'tok-1',
        source: 'stable',
        credentialId: 'c0ffee00',
        version: lease.version + 1,
        leaseOwner: null,
        leaseInMs: -Infinity,
      });
    });

    it('R3: lives from the instant of the claim, to the millisecond', async () => {
      const before = await now();
      const lease = await db.lease(NAME, 30_000);
      const claimed = (await db.instant(NAME, 'lease_until')) - 30_000;
      expect(claimed).toBeGreaterThanOrEqual(before);
      expect(claimed).toBeLessThanOrEqual(await now());
      await db.store.storeRenewed(lease, renewed('tok-1'));

      expect(await db.instant(NAME, 'issued_at')).toBe(claimed);
      expect(await db.instant(NAME, 'refresh_at')).toBe(claimed + DUE_MS);
      expect(await db.instant(NAME, 'expires_at')).toBe(claimed + LIFE_MS);
      expect(await db.instant(NAME, 'updated_at')).toBeGreaterThanOrEqual(
        claimed,
      );
    });

    it('R3: has the life that the platform gave, also when it is odd or shorter than the lease', async () => {
      for (const [refreshAfterMs, expiresAfterMs] of [
        [1, 2],
        [4567, 6789],
        [29_999, 30_000],
        [86_399_001, 86_399_999],
      ] as const) {
        const lease = await db.lease(NAME, 30_000);
        const life = { refreshAfterMs, expiresAfterMs };
        await db.store.storeRenewed(lease, { ...renewed('t'), ...life });
        const issued = await db.instant(NAME, 'issued_at');
        expect({
          refreshAfterMs: (await db.instant(NAME, 'refresh_at')) - issued,
          expiresAfterMs: (await db.instant(NAME, 'expires_at')) - issued,
        }).toEqual(life);
      }
    });

    it('is read back as durations from the database’s now', async () => {
      await db.putToken(NAME, 'tok-1');
      const expiresAt = await db.instant(NAME, 'expires_at');
      const row = await db.row(NAME);
      expect(row.databaseNow + Number(row.expiresInMs)).toBe(expiresAt);
      expect(Number(row.expiresInMs) - Number(row.issuedInMs)).toBe(LIFE_MS);
      expect(Number(row.expiresInMs) - Number(row.refreshInMs)).toBe(
        LIFE_MS - DUE_MS,
      );
      expect(Math.abs(row.databaseNow - (await now()))).toBeLessThan(5000);
      await db.elapse(LIFE_MS + 5000);
      expect((await db.row(NAME)).expiresInMs).toBeLessThanOrEqual(-5000);
    });

    it('ends a failure', async () => {
      await db.store.storeFailure(await db.lease(NAME), FAILURE, 0);
      await db.putToken(NAME, 'tok-1');
      expect(await db.row(NAME)).toMatchObject({
        failureCount: 0,
        nextAttemptInMs: -Infinity,
        lastError: null,
      });
    });

    it('R4: a late answer loses to the newer token', async () => {
      const late = await db.lease(NAME);
      await db.elapse(30_001);
      await db.putToken(NAME, 'newer');
      const before = await db.plainRow(NAME);

      expect(await db.store.storeRenewed(late, renewed('late'))).toBe(false);
      const unchanged = { ...renewed('late'), unchanged: true };
      expect(await db.store.storeRenewed(late, unchanged)).toBe(false);
      expect(await db.store.storeFailure(late, FAILURE, 1000)).toBe(false);
      expect(await db.plainRow(NAME)).toEqual(before);
    });

    it('is written once, even if it is sent twice', async () => {
      const lease = await db.lease(NAME);
      expect(await db.store.storeRenewed(lease, renewed('tok-1'))).toBe(true);
      expect(await db.store.storeRenewed(lease, renewed('tok-1'))).toBe(false);
    });
  });

  describe('the same token again', () => {
    it('keeps the value and the instant of its issue; its life is counted from this claim', async () => {
      await db.putToken(NAME, 'tok-1');
      await db.elapse(60_000);
      const issued = await db.instant(NAME, 'issued_at');
      await db.store.storeFailure(await db.lease(NAME), FAILURE, 0);
      const lease = await db.lease(NAME, 30_000);
      const claimed = (await db.instant(NAME, 'lease_until')) - 30_000;

      const token = { ...renewed('ignored'), unchanged: true };
      const life = { refreshAfterMs: 1000, expiresAfterMs: 4000 };
      expect(await db.store.storeRenewed(lease, { ...token, ...life })).toBe(
        true,
      );
      expect(await db.row(NAME)).toMatchObject({
        value: 'tok-1',
        version: lease.version + 1,
        leaseOwner: null,
        failureCount: 0,
        nextAttemptInMs: -Infinity,
        lastError: null,
      });
      expect(await db.instant(NAME, 'issued_at')).toBe(issued);
      expect(await db.instant(NAME, 'refresh_at')).toBe(claimed + 1000);
      expect(await db.instant(NAME, 'expires_at')).toBe(claimed + 4000);
    });
  });

  describe('R6, R8 a failure', () => {
    it('leaves the token as it is, and gives the lease back', async () => {
      await db.putToken(NAME, 'tok-1');
      const before = await db.plainRow(NAME);
      const lease = await db.lease(NAME);
      expect(await db.store.storeFailure(lease, FAILURE, 60_000)).toBe(true);
      expect(await db.plainRow(NAME)).toEqual({
        ...before,
        version: expect.anything(),
        failure_count: 1,
        next_attempt_at: expect.anything(),
        next_at: expect.anything(),
        last_error: expect.any(String),
      });
      expect(await db.instant(NAME, 'next_at')).toBe(
        await db.instant(NAME, 'next_attempt_at'),
      );
    });

    it('that concerns one replica alone leaves the row to others, a little later', async () => {
      const lease = await db.lease(NAME);
      await db.store.storeFailure(lease, FAILURE, 0, 30_000);
      const row = await db.row(NAME);
      expect(row.nextAttemptInMs).toBeLessThanOrEqual(0);
      expect(row.nextInMs).toBeLessThanOrEqual(30_000);
      expect(row.nextInMs).toBeGreaterThan(25_000);
    });

    it('is counted, and says when any replica may try again', async () => {
      for (const count of [1, 2, 3]) {
        await db.store.storeFailure(await db.lease(NAME), FAILURE, 60_000);
        const row = await db.row(NAME);
        expect(row.failureCount).toBe(count);
        expect(row.nextAttemptInMs).toBeLessThanOrEqual(60_000);
        expect(row.nextAttemptInMs).toBeGreaterThan(55_000);
      }
    });

    it('is described as JSON, with the time by the database’s clock', async () => {
      await db.store.storeFailure(await db.lease(NAME), FAILURE, 1000);
      const { lastError } = await db.row(NAME);
      expect(lastError).toEqual({ ...FAILURE, at: expect.any(String) });
      const at = String(lastError?.at);
      expect(at).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
      expect(Math.abs(Date.parse(at) - (await now()))).toBeLessThan(5000);

      const stored = String((await db.plainRow(NAME))['last_error']);
      expect(JSON.parse(stored)).toEqual(lastError);
    });
  });
});
