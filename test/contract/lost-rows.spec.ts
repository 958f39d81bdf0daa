import { createSecretKey } from 'node:crypto';
import { DEFAULT_FAKE_ACCOUNT } from '../../src/testing/index.js';
import { TokenCache } from '../../src/wechat-token/cache/token-cache.js';
import { StoreError } from '../../src/wechat-token/common/errors.js';
import { Sealing } from '../../src/wechat-token/store/sealing.js';
import { startedReplica, stopTimers } from '../support/big-table.js';
import { everyDatabase } from '../support/every-database.js';
import {
  type AccountNamed,
  nameOf,
  open,
  shops,
  started,
  storeTokens,
  watchStatements,
} from '../support/many-accounts.js';
import { type TestReplica, World } from '../support/world.js';

const NAME = 'access_token';
const DELETE = 'DELETE FROM system_var';

/** A row with all its columns, to be put back later, as from a backup. */
type Backup = Readonly<Record<string, unknown>>;

async function polls(replica: TestReplica, count: number): Promise<void> {
  for (let i = 0; i < count; i++) await replica.poller.poll();
  await replica.journal.settled();
}

describe.each(everyDatabase())(
  'R13 a token in memory whose row is lost, on $title',
  (database) => {
    let world: World;
    beforeEach(async () => {
      world = await World.on(database);
    });
    afterEach(async () => {
      vi.restoreAllMocks();
      await world[Symbol.asyncDispose]();
    });

    const rowsOf = () => world.sql<Backup>('SELECT * FROM system_var');
    const putBack = async (backup: Backup) => {
      const columns = Object.keys(backup);
      await world.sql(
        `INSERT INTO system_var (${columns.join()}) VALUES (${columns.map(() => '?').join()})`,
        Object.values(backup),
      );
    };
    const restored = () =>
      world.sql("SELECT name FROM token_event WHERE type = 'restored'");
    const storedNames = async () => {
      const rows = await world.sql<{ name: string }>(
        'SELECT name FROM system_var WHERE value IS NOT NULL ORDER BY name',
      );
      return rows.map(({ name }) => name);
    };

    it.each(['stable', 'classic'] as const)(
      'is written again after a poll, as it was, with an event and without a call (%s)',
      async (mode) => {
        const accounts = [{ ...DEFAULT_FAKE_ACCOUNT, mode }];
        const replica = await world.replica({ accounts });
        const token = await replica.tokens.getAccessToken();
        await world.advance(200);
        const before = await world.row();
        const [plain] = await rowsOf();
        await world.sql(DELETE);

        await polls(replica, 1);

        const row = await world.row();
        expect(row).toMatchObject({
          value: token,
          source: mode,
          leaseOwner: null,
          failureCount: 0,
        });
        for (const instant of ['issuedInMs', 'expiresInMs'] as const)
          expect(Math.abs(row[instant] - before[instant])).toBeLessThan(5000);
        expect(row.refreshInMs).toBeGreaterThan(6_000_000);
        expect(row.nextInMs).toBeGreaterThan(-Infinity);
        expect(row.nextInMs).toBeLessThanOrEqual(row.refreshInMs);
        const [again] = await rowsOf();
        for (const column of ['remark', 'app_id', 'credential_id'])
          expect(again?.[column]).toEqual(plain?.[column]);
        expect(await restored()).toEqual([{ name: NAME }]);
        expect(world.wechat.calls.total).toBe(1);
        await polls(replica, 3);
        expect(await restored()).toHaveLength(1);
      },
    );

    it.each([
      ['it has no value', 'UPDATE system_var SET value = NULL'],
      ['its value is empty', "UPDATE system_var SET value = ''"],
      [
        'it is another program’s',
        "UPDATE system_var SET value = 'old', version = 0, expires_at = NULL, updated_at = NULL",
      ],
    ])('is written again when %s', async (_, change) => {
      const replica = await world.replica();
      const token = await replica.tokens.getAccessToken();
      await world.sql(change);

      await polls(replica, 1);

      expect(await world.row()).toMatchObject({ value: token });
      expect((await world.row()).expiresInMs).toBeGreaterThan(7_000_000);
      expect(await replica.tokens.getAccessToken()).toBe(token);
      expect(await restored()).toHaveLength(1);
      expect(world.wechat.calls.total).toBe(1);
    });

    it.each([0, 3600])(
      'is written again when an older row has come back from a backup, %d s older',
      async (age) => {
        const [replica, other] = await world.pair();
        await replica.tokens.getAccessToken();
        const [backup] = await rowsOf();
        await world.advance(age);
        await replica.refresher.refresh(NAME, { force: true });
        const token = await replica.tokens.getAccessToken();
        await polls(other, 1);
        await world.sql(DELETE);
        await putBack(backup ?? {});

        await polls(replica, 1);

        expect(await world.row()).toMatchObject({ value: token });
        for (const each of [replica, other]) {
          await polls(each, 2);
          expect(await each.tokens.getAccessToken()).toBe(token);
        }
        expect(await restored()).toHaveLength(1);
        expect(world.wechat.calls.total).toBe(2);
      },
    );

    it('is not written over what another replica has renewed since', async () => {
      const [replica, other] = await world.pair();
      const token = await replica.tokens.getAccessToken();
      await other.tokens.getAccessToken();
      await world.sql(DELETE);
      await other.refresher.refresh(NAME, { force: true });
      const newer = await other.tokens.getAccessToken();
      expect(newer).not.toBe(token);

      await polls(replica, 2);

      expect(await world.row()).toMatchObject({ value: newer });
      expect(await replica.tokens.getAccessToken()).toBe(newer);
      expect(await restored()).toEqual([]);
    });

    it('is written by one of several replicas that poll at once', async () => {
      const fleet = await world.fleet(4);
      for (const { tokens } of fleet) await tokens.getAccessToken();
      await world.sql(DELETE);

      await Promise.all(fleet.map((replica) => polls(replica, 1)));
      for (const { rounds } of fleet) await rounds.tick();
      await Promise.all(fleet.map((replica) => polls(replica, 1)));

      expect(await restored()).toHaveLength(1);
      expect(world.wechat.calls.total).toBe(1);
      const token = await fleet[0]?.tokens.getAccessToken();
      expect(await world.row()).toMatchObject({
        value: token,
        leaseOwner: null,
      });
    });

    it('is written at the next poll when the first write has failed', async () => {
      const replica = await world.replica();
      const token = await replica.tokens.getAccessToken();
      await world.sql(DELETE);
      const locked = new StoreError('locked', 'ROW_LOCKED');
      vi.spyOn(replica.store, 'storeRenewed').mockRejectedValueOnce(locked);

      await polls(replica, 2);

      expect(await world.row()).toMatchObject({ value: token });
      expect(await restored()).toHaveLength(1);
      expect(world.wechat.calls.total).toBe(1);
    });

    it('is not written by a reader, which serves it', async () => {
      const refresher = await world.replica();
      const token = await refresher.tokens.getAccessToken();
      const reader = await world.replica({ role: 'reader' });
      expect(await reader.tokens.getAccessToken()).toBe(token);
      await refresher.close();
      await world.sql(DELETE);

      await polls(reader, 3);

      expect(await rowsOf()).toEqual([]);
      expect(await reader.tokens.getAccessToken()).toBe(token);
    });

    it('is encrypted with the key in force', async () => {
      const key = Buffer.alloc(32, 7).toString('base64');
      const replica = await world.replica({
        encryptionKeys: [{ id: 'k', key }],
      });
      const token = await replica.tokens.getAccessToken();
      await world.sql(DELETE);

      await polls(replica, 1);

      const [row] = await rowsOf();
      const secret = createSecretKey(Buffer.alloc(32, 7));
      const sealing = new Sealing([{ id: 'k', key: secret }]);
      expect(row?.['value']).toMatch(/^sealed:v1:k:/);
      expect(sealing.open(NAME, String(row?.['value']))).toBe(token);
    });

    it('is not written for an account that is gone, or has other credentials', async () => {
      const accounts = shops(3);
      const byName = new Map(accounts.map((each) => [each.name, each]));
      const replica = await started(world, accounts, {
        accounts: {
          find: (name) => byName.get(name),
          list: () => [...byName.values()],
        },
      });
      const [first, second, third] = accounts as [
        AccountNamed,
        AccountNamed,
        AccountNamed,
      ];
      byName.delete(first.name);
      byName.set(second.name, { ...second, appSecret: 'another' });
      await world.sql(DELETE);

      await polls(replica, 2);

      expect(await storedNames()).toEqual([nameOf(third)]);
    });

    it('a thousand of them are back after five polls, and those that were not lost are as they were', async () => {
      const accounts = shops(1000);
      const replica = await started(world, accounts);
      await replica.poller.poll();
      const kept = accounts.filter((_, i) => i % 3 === 0).map(nameOf);
      const before = await rowsOf();
      await world.sql(
        `DELETE FROM system_var WHERE name NOT IN (${kept.map(() => '?').join()})`,
        kept,
      );

      await polls(replica, 5);

      expect(await storedNames()).toHaveLength(1000);
      const names = new Set(kept);
      const untouched = (rows: Backup[]) =>
        rows.filter(({ name }) => names.has(String(name)));
      expect(untouched(await rowsOf())).toEqual(untouched(before));
      expect(await restored()).toHaveLength(1000 - kept.length);
      expect(world.wechat.calls.total).toBe(0);
    });

    it('costs no statement more while nothing is lost', async () => {
      const accounts = shops(300);
      open(world, accounts);
      await storeTokens(world, accounts);
      const replica = await startedReplica(world, { accounts });
      stopTimers(replica);
      await polls(replica, 1);
      const statements = watchStatements(replica);

      await polls(replica, 10);

      expect(statements.count('poll')).toBe(10);
      expect(statements.total()).toBe(10);
    });

    it('classic: an answer that comes when the row was deleted meanwhile is stored, and not asked for again', async () => {
      const accounts = [{ ...DEFAULT_FAKE_ACCOUNT, mode: 'classic' }] as const;
      const replica = await world.replica({ accounts: [...accounts] });
      await replica.tokens.getAccessToken();
      // The round of the start has ended.
      await replica.rounds.tick();
      world.wechat.inject('classic', { delayMs: 2000 });
      await world.advance(7000);
      const round = replica.rounds.tick();
      await vi.waitFor(() => expect(world.wechat.calls.classic).toBe(2));
      await world.sql(DELETE);
      await round;
      await replica.rounds.tick();

      const [, token] = world.wechat.issuedTokens;
      expect(await world.row()).toMatchObject({ value: token });
      expect(await replica.tokens.getAccessToken()).toBe(token);
      expect(world.wechat.calls.classic).toBe(2);
    });

    it('is looked at within a minute by a replica that holds more of them', async () => {
      const replica = await world.replica();
      await replica.tokens.getAccessToken();
      const cache = replica.module.get(TokenCache);
      const now = world.clock.now();
      for (let i = 0; i < 20_000; i++)
        cache.adopt(`access_token:other-${i}`, {
          value: 'v',
          version: 1,
          credentialId: 'c0ffee00',
          appId: 'wx_other',
          application: 'wx_other',
          issuedAt: now,
          writtenAt: now,
          askedAt: now,
          knownAt: now,
          refreshAt: now + 3_600_000,
          serveUntil: now + 7_000_000,
          expiresAt: now + 7_200_000,
        });
      await world.sql(DELETE);

      await polls(replica, 60);

      expect(await storedNames()).toEqual([NAME]);
    });
  },
);
