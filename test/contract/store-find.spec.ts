import { connect } from '../support/connect.js';
import { databaseServers } from '../support/databases.js';
import { databasesOn, everyDatabase } from '../support/every-database.js';
import {
  QUEUE_START as START,
  type QueuedToken,
} from '../../src/wechat-token/store/renewal-queue.js';
import {
  openStore,
  renewed,
  type StoreUnderTest,
} from '../support/open-store.js';

const CONFIRM_MS = 300_000;
const MINUTE_MS = 60_000;
const FAILURE = { class: 'transient', message: 'no', credentialId: 'c0ffee00' };

describe.each(everyDatabase())('what is found on $title', (database) => {
  let db: StoreUnderTest;
  beforeEach(async () => {
    db = await openStore(database);
  });
  afterEach(() => db[Symbol.asyncDispose]());

  /** Names, in the order in which they are found. */
  const due = async () => {
    const { queue } = db;
    const found = [
      ...(await queue.due(START, 100)),
      ...(await queue.unconfirmed(START, 100)),
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
      const life = { refreshAfterMs: MINUTE_MS, nextAfterMs: MINUTE_MS };
      await db.putToken('access_token', 'tok', life);
      await db.elapse(MINUTE_MS / 2);
      expect(await due()).toEqual([]);
      await db.elapse(MINUTE_MS / 2);
      expect(await due()).toEqual(['access_token']);
    });

    it('is a token that is to be looked at before, to be confirmed', async () => {
      await db.putToken('access_token', 'tok');
      await db.elapse(CONFIRM_MS - MINUTE_MS);
      expect(await due()).toEqual([]);
      await db.elapse(MINUTE_MS);
      expect(await db.queue.due(START, 100)).toEqual([]);
      expect(await due()).toEqual(['access_token']);
    });

    it('is no token that was given a later place, unless it was claimed or written meanwhile', async () => {
      const names = ['access_token:a', 'access_token:b', 'access_token:c'];
      for (const name of names) await db.newRow(name);
      const page = await db.queue.due(START, 100);
      await db.putToken('access_token:b', 'tok', { nextAfterMs: 0 });
      await db.lease('access_token:c');

      const nextMs = MINUTE_MS;
      await db.queue.place(
        page.map(({ name, version }) => ({ name, version, nextMs })),
      );

      expect(await due()).toEqual(['access_token:b']);
      await db.elapse(MINUTE_MS);
      expect(await due()).toEqual([
        'access_token:c',
        'access_token:a',
        'access_token:b',
      ]);
    });

    it('is no token without a place, which the scan finds', async () => {
      await db.newRow('access_token');
      await db.variables.save('site_name', 'shop');
      await db.sql('UPDATE system_var SET next_at = NULL');
      expect(await due()).toEqual([]);
      const { version } = await db.row('access_token');
      const found = await db.queue.unplaced('access_token', 100);
      expect(found).toMatchObject([{ name: 'access_token', version }]);
      await db.queue.place(found.map((row) => ({ ...row, nextMs: 0 })));
      expect(await due()).toEqual(['access_token']);
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
          await db.elapse(MINUTE_MS);
        }
        if (kind === 'unconfirmed')
          await db.sql('UPDATE system_var SET refresh_at = ?', [
            '2099-01-01 00:00:00.000',
          ]);
        const pages: QueuedToken[][] = [];
        let page: QueuedToken[] = [];
        do {
          const after = page.at(-1) ?? START;
          page = await db.queue[kind](after, 10);
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

    it('is what was written within the window', async () => {
      await db.putToken('access_token:old', 'tok-old');
      await db.elapse(MINUTE_MS);
      await db.putToken('access_token:new', 'tok-new');
      expect(await changed(1000)).toEqual(['access_token:new']);
      expect(await changed(2 * MINUTE_MS)).toEqual([
        'access_token:new',
        'access_token:old',
      ]);
    });

    it('comes a page at a time, the oldest first, each once, and without its value', async () => {
      const names = Array.from({ length: 25 }, (_, i) => `access_token:${i}`);
      for (const name of names) await db.putToken(name, 'tok');
      await db.sql(
        `UPDATE system_var SET updated_at = (SELECT at FROM (SELECT MIN(updated_at) AS at FROM system_var) oldest)
          WHERE name LIKE 'access_token:1%'`,
      );

      const { changes } = await db.feed.poll(MINUTE_MS, 10);
      const pages = [changes];
      for (let page = changes; page.length === 10;) {
        const last = page.at(-1);
        if (!last) break;
        page = await db.feed.after(last, 10);
        pages.push(page);
      }

      expect(pages.map(({ length }) => length)).toEqual([10, 10, 5]);
      const all = pages.flat();
      expect(all.map(({ name }) => name).toSorted()).toEqual(names.toSorted());
      for (const change of all)
        expect(change).toEqual({
          name: change.name,
          version: (await db.row(change.name)).version,
          isMisplaced: false,
          since: expect.any(String),
        });
    });

    it('is told of chosen tokens whenever they were written; missing ones are omitted', async () => {
      await db.putToken('access_token:a', 'tok');
      await db.elapse(10 * MINUTE_MS);
      const found = await db.feed.of(['access_token:a', 'access_token:b']);
      const { version } = await db.row('access_token:a');
      expect(found).toMatchObject([{ name: 'access_token:a', version }]);
    });

    it('R14: the same poll returns whether the queue has work before the next', async () => {
      const hasWork = async () => (await db.feed.poll(1000, 100)).idleMs === 0;
      await db.variables.save('site_name', 'shop');
      await db.elapse(10 * CONFIRM_MS);
      expect(await hasWork()).toBe(false);
      await db.putToken('access_token', 'tok');
      expect(await hasWork()).toBe(false);
      await db.elapse(CONFIRM_MS - 10_000);
      expect(await hasWork()).toBe(false);
      await db.elapse(9000);
      expect(await hasWork()).toBe(true);
      await db.lease('access_token');
      expect(await hasWork()).toBe(false);
      await db.newRow('access_token:new');
      expect(await hasWork()).toBe(true);
    });

    it('is no row that was only made, claimed, given back or refused, and no confirmation', async () => {
      const names = ['made', 'claimed', 'released', 'failed', 'confirmed'];
      const [made, ...rest] = names.map((each) => `access_token:${each}`);
      for (const name of rest) await db.putToken(name, 'tok');
      await db.elapse(MINUTE_MS);
      await db.newRow(String(made));
      await db.lease('access_token:claimed');
      await db.store.release(await db.lease('access_token:released'));
      const failed = await db.lease('access_token:failed');
      await db.store.storeFailure(failed, FAILURE, 1000);
      await db.store.storeRenewed(await db.lease('access_token:confirmed'), {
        ...renewed('tok'),
        unchanged: true,
        sameEnd: true,
      });
      expect(await changed(1000)).toEqual([]);
    });

    it('is the same token with another end of its life', async () => {
      await db.putToken('access_token', 'tok');
      await db.elapse(MINUTE_MS);
      await db.store.storeRenewed(await db.lease('access_token'), {
        ...renewed('tok'),
        unchanged: true,
        expiresAfterMs: MINUTE_MS,
      });
      expect(await changed(1000)).toEqual(['access_token']);
    });

    it('is never a plain variable', async () => {
      await db.variables.save('site_name', 'shop');
      expect(await changed(MINUTE_MS)).toEqual([]);
    });
  });
});

describe.each(databaseServers())(
  'R13 a change that is committed late, on $kind $version',
  (server) => {
    it('is found by the next poll, although an earlier poll has passed its instant', async () => {
      const sameServer = databasesOn(server);
      await using db = await openStore(sameServer);
      await db.putToken('access_token', 'old');
      await db.elapse(MINUTE_MS);

      const late = await connect(db.url);
      const { now, plus } = db.words;
      await late.query('START TRANSACTION');
      await late.query(
        `UPDATE system_var SET value = 'late', updated_at = ${plus(now, '-5000')}`,
      );
      expect(await db.changedWithin(10_000)).toEqual([]);
      await late.query('COMMIT');
      await late.end();

      // As far back as the change poll asks every few seconds.
      expect(await db.changedWithin(10_000)).toEqual(['access_token']);
    });
  },
);
