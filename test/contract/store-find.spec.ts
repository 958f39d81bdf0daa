import { createConnection } from 'mysql2/promise';
import { createDatabase, databaseServers } from '../support/databases.js';
import { everyDatabase } from '../support/every-database.js';
import { openStore, type StoreUnderTest } from '../support/open-store.js';

const CONFIRM_MS = 300_000;
const MINUTE_MS = 60_000;
const FAILURE = { class: 'transient', message: 'no', credentialId: 'c0ffee00' };

describe.each(everyDatabase())('what is found on $title', (database) => {
  let db: StoreUnderTest;
  beforeEach(async () => {
    db = await openStore(database);
  });
  afterEach(() => db[Symbol.asyncDispose]());

  const due = (page: { after?: string; limit?: number } = {}) =>
    db.store.due({ unconfirmedMs: CONFIRM_MS, after: '', limit: 100, ...page });

  describe('R7 what is due', () => {
    it('is every new row, and none that is fresh', async () => {
      await db.newRow('access_token:new');
      await db.putToken('access_token:fresh', 'tok');
      expect(await due()).toEqual(['access_token:new']);
    });

    it('is a token past its refresh_at, to the millisecond', async () => {
      await db.putToken('access_token', 'tok', { refreshAfterMs: MINUTE_MS });
      await db.sql("UPDATE system_var SET source = 'classic'");
      await db.elapse(MINUTE_MS / 2);
      expect(await due()).toEqual([]);
      await db.elapse(MINUTE_MS / 2);
      expect(await due()).toEqual(['access_token']);
    });

    it('is a stable token that was not confirmed for a while; a classic one needs no confirming', async () => {
      await db.putToken('access_token:stable', 'tok');
      await db.putToken('access_token:classic', 'tok');
      await db.sql(
        "UPDATE system_var SET source = 'classic' WHERE name = 'access_token:classic'",
      );
      await db.elapse(CONFIRM_MS - MINUTE_MS);
      expect(await due()).toEqual([]);
      await db.elapse(MINUTE_MS);
      expect(await due()).toEqual(['access_token:stable']);
    });

    it('is named once, also when it is both', async () => {
      await db.putToken('access_token', 'tok', { refreshAfterMs: MINUTE_MS });
      await db.elapse(CONFIRM_MS);
      expect(await due()).toEqual(['access_token']);
    });

    it('is nothing that somebody is at, until the lease lapses', async () => {
      await db.newRow('access_token');
      await db.lease('access_token', 30_000);
      expect(await due()).toEqual([]);
      await db.elapse(30_001);
      expect(await due()).toEqual(['access_token']);
    });

    it('is nothing that is cooling down, until the back-off is over', async () => {
      await db.newRow('access_token:due');
      await db.putToken('access_token:unconfirmed', 'tok');
      await db.elapse(CONFIRM_MS);
      for (const name of ['access_token:due', 'access_token:unconfirmed'])
        await db.store.storeFailure(await db.lease(name), FAILURE, MINUTE_MS);
      expect(await due()).toEqual([]);
      await db.elapse(MINUTE_MS);
      expect(await due()).toEqual([
        'access_token:due',
        'access_token:unconfirmed',
      ]);
    });

    it('is never a plain variable', async () => {
      await db.variables.save('site_name', 'shop');
      await db.elapse(10 * CONFIRM_MS);
      expect(await due()).toEqual([]);
    });

    it('comes a page at a time, in order of name, each name once', async () => {
      const names = Array.from({ length: 25 }, (_, i) => `access_token:${i}`);
      await Promise.all(names.map((name) => db.newRow(name)));
      const pages: string[][] = [];
      let page: string[] = [];
      do {
        page = await due({ after: page.at(-1) ?? '', limit: 10 });
        pages.push(page);
      } while (page.length === 10);
      expect(pages.map(({ length }) => length)).toEqual([10, 10, 5]);
      expect(pages.flat()).toEqual(names.toSorted());
    });
  });

  describe('R13 what has changed', () => {
    const changed = async (ms: number) => {
      const rows = await db.store.changedWithin(ms);
      return rows.map(({ name }) => name).toSorted();
    };

    it('is what was written within the window, with its value', async () => {
      await db.putToken('access_token:old', 'tok-old');
      await db.elapse(MINUTE_MS);
      await db.putToken('access_token:new', 'tok-new');
      expect(await changed(1000)).toEqual(['access_token:new']);
      expect(await db.store.changedWithin(1000)).toMatchObject([
        { value: 'tok-new', leaseOwner: null },
      ]);
      expect(await changed(MINUTE_MS)).toEqual([
        'access_token:new',
        'access_token:old',
      ]);
    });

    it('is what was confirmed, and not what was only claimed', async () => {
      await db.putToken('access_token:confirmed', 'tok');
      await db.putToken('access_token:claimed', 'tok');
      await db.elapse(MINUTE_MS);
      await db.putToken('access_token:confirmed', 'tok');
      await db.lease('access_token:claimed');
      expect(await changed(1000)).toEqual(['access_token:confirmed']);
    });

    it('is never a plain variable', async () => {
      await db.variables.save('site_name', 'shop');
      expect(await changed(MINUTE_MS)).toEqual([]);
    });

    it('reaches ten seconds further back than it was asked to', async () => {
      await db.putToken('access_token', 'tok');
      await db.elapse(5000);
      expect(await changed(0)).toEqual(['access_token']);
      await db.elapse(5000);
      expect(await changed(0)).toEqual([]);
    });
  });
});

describe.each(databaseServers())(
  'R13 a change that is committed late, on $kind $version',
  (server) => {
    it('is seen by the next look, although an earlier one has passed its instant', async () => {
      const sameServer = {
        kind: server.kind,
        title: server.kind,
        create: () => createDatabase(server),
      };
      await using db = await openStore(sameServer);
      await db.putToken('access_token', 'old');
      await db.elapse(MINUTE_MS);

      const late = await createConnection({ uri: db.url });
      await late.beginTransaction();
      await late.query(
        "UPDATE system_var SET value = 'late', updated_at = UTC_TIMESTAMP(3) - INTERVAL 5 SECOND",
      );
      expect(await db.store.changedWithin(1000)).toEqual([]);
      await late.commit();
      await late.end();

      expect(await db.store.changedWithin(1000)).toMatchObject([
        { name: 'access_token', value: 'late' },
      ]);
    });
  },
);
