import { setImmediate as turn } from 'node:timers/promises';
import {
  anotherStore,
  claim,
  CONFIRM_MS,
  LEASE_MS,
  makeRows,
  named,
} from '../support/batches.js';
import { driverCodes } from '../support/driver-codes.js';
import { everyDatabase } from '../support/every-database.js';
import {
  openStore,
  renewed,
  type StoreUnderTest,
} from '../support/open-store.js';

const MINUTE_MS = 60_000;

describe.each(everyDatabase())('R14 writes of many on $title', (database) => {
  let db: StoreUnderTest;
  beforeEach(async () => {
    db = await openStore(database);
  });
  afterEach(() => db[Symbol.asyncDispose]());

  it('of 50 of which some have lost their lease: exactly those are refused, their rows untouched', async () => {
    const names = named(50);
    await makeRows(db, names);
    const { claimed } = await claim(db.queue, names);
    const lost = names.filter((_, i) => i % 7 === 3);
    const gone = names.filter((_, i) => i % 7 === 5);
    await db.elapse(LEASE_MS + 1);
    // Some are another's by now, and some of those have a newer token.
    for (const [i, name] of lost.entries())
      if (i % 2) await db.putToken(name, 'newer');
      else await db.lease(name, MINUTE_MS);
    const list = gone.map((name) => `'${name}'`).join(', ');
    await db.sql(`DELETE FROM system_var WHERE name IN (${list})`);
    const untouched = () => Promise.all(lost.map((name) => db.plainRow(name)));
    const before = await untouched();

    const stored = await Promise.all(
      claimed.map(({ lease }) =>
        db.store.storeRenewed(lease, {
          ...renewed(`new ${lease.name}`),
          expiresAfterMs: 3_600_000,
        }),
      ),
    );

    const refused = claimed.flatMap(({ lease }, i) =>
      stored[i] ? [] : [lease.name],
    );
    expect(refused.toSorted()).toEqual([...lost, ...gone].toSorted());
    expect(await untouched()).toEqual(before);
    for (const { lease } of claimed) {
      const { name, version } = lease;
      if (refused.includes(name)) continue;
      const row = await db.row(name);
      expect(row).toMatchObject({
        value: `new ${name}`,
        version: version + 1,
        leaseOwner: null,
        leaseInMs: -Infinity,
        source: 'stable',
        credentialId: 'c0ffee00',
      });
      expect(row.expiresInMs - row.issuedInMs).toBe(3_600_000);
    }
    for (const name of gone) expect(await db.store.read(name)).toBeUndefined();
  });

  it('each has its own life, counted from its own claim', async () => {
    const names = named(10);
    await makeRows(db, names);
    const { claimed } = await claim(db.queue, names);
    const claimedAt = await Promise.all(
      names.map(async (n) => (await db.instant(n, 'lease_until')) - LEASE_MS),
    );

    await Promise.all(
      claimed.map(({ lease }) => {
        const life = 1000 * (1 + names.indexOf(lease.name));
        return db.store.storeRenewed(lease, {
          ...renewed('tok'),
          refreshAfterMs: life - 500,
          expiresAfterMs: life,
        });
      }),
    );

    for (const [i, name] of names.entries()) {
      const from = claimedAt[i] ?? 0;
      const life = 1000 * (1 + i);
      expect(await db.instant(name, 'issued_at')).toBe(from);
      expect(await db.instant(name, 'refresh_at')).toBe(from + life - 500);
      expect(await db.instant(name, 'expires_at')).toBe(from + life);
    }
  });

  it('the same tokens again, among new ones, keep their value and the instant of their issue', async () => {
    const names = named(20);
    await makeRows(db, names);
    const first = await claim(db.queue, names);
    for (const { lease } of first.claimed)
      await db.store.storeRenewed(lease, renewed(`old ${lease.name}`));
    await db.elapse(CONFIRM_MS);
    const issued = await Promise.all(
      names.map((name) => db.instant(name, 'issued_at')),
    );
    const isSame = (name: string) => names.indexOf(name) % 2 === 0;
    const { claimed } = await claim(db.queue, names);

    await Promise.all(
      claimed.map(({ lease }) =>
        db.store.storeRenewed(lease, {
          ...renewed(`new ${lease.name}`),
          unchanged: isSame(lease.name),
        }),
      ),
    );

    for (const [i, name] of names.entries()) {
      const which = isSame(name) ? 'old' : 'new';
      expect(await db.row(name)).toMatchObject({ value: `${which} ${name}` });
      const at = await db.instant(name, 'issued_at');
      if (isSame(name)) expect(at).toBe(issued[i]);
      else expect(at).toBeGreaterThan(issued[i] ?? Infinity);
      expect((await db.row(name)).updatedInMs).toBeGreaterThan(-5000);
    }
  });

  it('100 of the longest tokens, with whatever is in them, come as they were', async () => {
    const names = named(101);
    await makeRows(db, names);
    const { claimed } = await claim(db.queue, names);
    const all = `"'\\\n\t\0{}[]$?:%;--/*汉字 😀`;
    // These two have no NUL.
    const hasNul = !['postgres', 'sqlite'].includes(database.kind);
    const odd = hasNul ? all : all.replace('\0', '');
    const valueOf = (name: string) =>
      (name + odd).padEnd(8192, 'x').slice(0, 8192);

    const stored = await Promise.all(
      claimed.map(({ lease }) =>
        db.store.storeRenewed(lease, renewed(valueOf(lease.name))),
      ),
    );

    expect(new Set(stored)).toEqual(new Set([true]));
    const { rows } = await db.store.readAll(names);
    for (const { name, value } of rows) expect(value).toBe(valueOf(name));
  });

  it('of which the table refuses one: that one alone is refused', async () => {
    if (database.kind === 'sqlite') return; // it adds no constraint to a table
    await db.sql(
      `ALTER TABLE system_var ADD CONSTRAINT refused CHECK (value <> 'refused')`,
    );
    const names = named(10);
    await makeRows(db, names);
    const { claimed } = await claim(db.queue, names);

    const written = await Promise.allSettled(
      claimed.map(({ lease }, i) =>
        db.store.storeRenewed(lease, renewed(i === 5 ? 'refused' : 'tok')),
      ),
    );

    const driverCode = driverCodes({ kind: database.kind }).constraint;
    for (const [i, one] of written.entries())
      expect(one).toMatchObject(
        i === 5 ? { reason: { driverCode } } : { value: true },
      );
  });

  it('cost one statement for one alone, and one transaction for the 99 others', async () => {
    const names = named(100);
    await makeRows(db, names);
    const { sql, store, queue } = anotherStore(db);
    const { claimed } = await claim(queue, names);
    const change = vi.spyOn(sql, 'change');
    const changeLocked = vi.spyOn(sql, 'changeLocked');
    const rows = vi.spyOn(sql, 'rows');

    const [alone, ...others] = claimed.map(
      ({ lease }) =>
        () =>
          store.storeRenewed(lease, renewed('tok')),
    );
    const first = alone?.();
    await turn();
    await Promise.all([first, ...others.map((write) => write())]);

    expect(change).toHaveBeenCalledTimes(1);
    expect(changeLocked).toHaveBeenCalledTimes(1);
    expect(rows).not.toHaveBeenCalled();
  });

  it('R12: rows that are missing are made, 500 at once, and existing ones left alone', async () => {
    const names = named(500);
    const there = names.filter((_, i) => i % 50 === 0);
    for (const name of there) await db.putToken(name, `tok ${name}`);
    await db.variables.save('access_token:77', 'not a token');
    const existing = [...there, 'access_token:77'];
    const kept = () => Promise.all(existing.map((name) => db.plainRow(name)));
    const before = await kept();

    await db.store.insertMissing(
      names.map((name) => ({ name, remark: `备注 of ${name}` })),
    );

    expect(await kept()).toEqual(before);
    const { rows } = await db.store.readAll(names);
    expect(rows).toHaveLength(500);
    for (const row of rows) {
      if (existing.includes(row.name)) continue;
      expect(row).toMatchObject({ value: null, failureCount: 0 });
      expect(row.version).toBeGreaterThan(1e12);
      expect(row.refreshInMs).toBeLessThanOrEqual(0);
      expect(row.expiresInMs).toBeLessThanOrEqual(0);
    }
    expect(await db.plainRow('access_token:499')).toMatchObject({
      remark: '备注 of access_token:499',
    });
  });

  it('twenty replicas make the same 50 rows at once, each of them once', async () => {
    const names = named(50);
    await Promise.all(
      Array.from({ length: 20 }, (_, i) =>
        db.store.insertMissing(
          (i % 2 ? names.toReversed() : names).map((name) => {
            return { name, remark: '' };
          }),
        ),
      ),
    );
    const [count] = await db.sql('SELECT COUNT(*) AS n FROM system_var');
    expect(Number(count?.['n'])).toBe(50);
  });
});
