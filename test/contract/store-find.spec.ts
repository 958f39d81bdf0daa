import { createConnection } from 'mysql2/promise';
import { createDatabase, databaseServers } from '../support/databases.js';
import { everyDatabase } from '../support/every-database.js';
import type { DueToken } from '../../src/wechat-token/store/due-tokens.js';
import { openStore, type StoreUnderTest } from '../support/open-store.js';

const CONFIRM_MS = 300_000;
const MINUTE_MS = 60_000;
const START = { name: '', since: '1000-01-01 00:00:00.000' };
const FAILURE = { class: 'transient', message: 'no', credentialId: 'c0ffee00' };

describe.each(everyDatabase())('what is found on $title', (database) => {
  let db: StoreUnderTest;
  beforeEach(async () => {
    db = await openStore(database);
  });
  afterEach(() => db[Symbol.asyncDispose]());

  /** Names, in the order in which they are found. */
  const due = async () => {
    const { dueTokens } = db;
    const found = [
      ...(await dueTokens.due(START, 100)),
      ...(await dueTokens.unconfirmed(CONFIRM_MS, START, 100)),
    ];
    return found.map(({ name }) => name);
  };

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

    it('is no leased token, until the lease expires', async () => {
      await db.newRow('access_token');
      await db.lease('access_token', 30_000);
      expect(await due()).toEqual([]);
      await db.elapse(30_001);
      expect(await due()).toEqual(['access_token']);
    });

    it('is no token that is cooling down, until the back-off ends', async () => {
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

    it.each(['due', 'unconfirmed'] as const)(
      'R14: what is %s comes a page at a time, the oldest first, each once',
      async (kind) => {
        const names = Array.from({ length: 25 }, (_, i) => `access_token:${i}`);
        const remark = '';
        // Five of each age; those of one age in order of name.
        for (let at = 0; at < names.length; at += 5) {
          const five = names.slice(at, at + 5);
          await db.store.insertMissing(five.map((name) => ({ name, remark })));
          await db.sql("UPDATE system_var SET source = 'stable'");
          await db.elapse(MINUTE_MS);
        }
        await db.elapse(CONFIRM_MS);
        const pages: DueToken[][] = [];
        let page: DueToken[] = [];
        do {
          const after = page.at(-1) ?? START;
          page = await (kind === 'due'
            ? db.dueTokens.due(after, 10)
            : db.dueTokens.unconfirmed(CONFIRM_MS, after, 10));
          pages.push(page);
        } while (page.length === 10);
        expect(pages.map(({ length }) => length)).toEqual([10, 10, 5]);
        const ages = [0, 5, 10, 15, 20].map((at) => names.slice(at, at + 5));
        expect(pages.flat().map(({ name }) => name)).toEqual(
          ages.flatMap((five) => five.toSorted()),
        );
      },
    );
  });

  describe('R13 what has changed', () => {
    const changed = (ms: number) => db.changedWithin(ms);

    it('is what was written within the window, with its value', async () => {
      await db.putToken('access_token:old', 'tok-old');
      await db.elapse(MINUTE_MS);
      await db.putToken('access_token:new', 'tok-new');
      expect(await changed(1000)).toEqual(['access_token:new']);
      const range = {
        sinceMs: 1000,
        lateMs: 11_000,
        unconfirmedMs: CONFIRM_MS,
      };
      const polled = await db.store.poll(range, () => true);
      expect(polled.changed).toMatchObject([
        { value: 'tok-new', leaseOwner: null },
      ]);
      expect(await changed(MINUTE_MS)).toEqual([
        'access_token:new',
        'access_token:old',
      ]);
    });

    it('is read whole within the window, a little further back by its version only, and not at all when it is known', async () => {
      await db.putToken('access_token:late', 'tok');
      await db.elapse(5000);
      await db.putToken('access_token:fresh', 'tok');
      const range = {
        sinceMs: 1000,
        lateMs: 11_000,
        unconfirmedMs: CONFIRM_MS,
      };
      const versions = new Map<string, number>();

      const all = await db.store.poll(range, (name, version) =>
        Boolean(versions.set(name, version)),
      );
      const none = await db.store.poll(
        range,
        (name, version) => versions.get(name) !== version,
      );

      expect(all.changed).toMatchObject([{ name: 'access_token:fresh' }]);
      expect(all.changedLate).toEqual(['access_token:late']);
      expect(none).toEqual({ changed: [], changedLate: [], idleMs: 1500 });
    });

    it('R14: the same poll returns whether a token will be due, or need a confirmation, before the next', async () => {
      const anythingDue = async () => {
        const range = {
          sinceMs: 1000,
          lateMs: 11_000,
          unconfirmedMs: CONFIRM_MS,
        };
        return (await db.store.poll(range, () => false)).idleMs === 0;
      };
      await db.variables.save('site_name', 'shop');
      await db.elapse(10 * CONFIRM_MS);
      expect(await anythingDue()).toBe(false);
      await db.putToken('access_token', 'tok');
      expect(await anythingDue()).toBe(false);
      await db.elapse(CONFIRM_MS - 10_000);
      expect(await anythingDue()).toBe(false);
      await db.elapse(9000);
      expect(await anythingDue()).toBe(true);
      await db.lease('access_token');
      expect(await anythingDue()).toBe(false);
      await db.newRow('access_token:new');
      expect(await anythingDue()).toBe(true);
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
    it('is found by the next poll, although an earlier poll has passed its instant', async () => {
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
      expect(await db.changedWithin(1000)).toEqual([]);
      await late.commit();
      await late.end();

      expect(await db.changedWithin(1000)).toEqual(['access_token']);
    });
  },
);
