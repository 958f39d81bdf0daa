import { StoreError } from '../../src/wechat-token/index.js';
import { databaseServers } from '../support/databases.js';
import { everyDatabase } from '../support/every-database.js';
import {
  openStore,
  renewed,
  type StoreUnderTest,
} from '../support/open-store.js';

describe.each(everyDatabase())('what a row can hold on $title', (database) => {
  let db: StoreUnderTest;
  beforeEach(async () => {
    db = await openStore(database);
  });
  afterEach(() => db[Symbol.asyncDispose]());

  it('a value of 60,000 characters', async () => {
    const value = 'v'.repeat(60_000);
    await db.putToken('access_token', value);
    expect((await db.row('access_token')).value).toBe(value);
  });

  it('every character, in value and remark; PostgreSQL and SQLite have none for NUL', async () => {
    const text = 'naïve 微信 ☕ 𝄞 \\ \' " ; -- \u0000 \\u0000 \n end';
    await db.store.insertMissing([{ name: 'access_token', remark: text }]);
    await db.store.storeRenewed(await db.lease('access_token'), renewed(text));
    const keepsNul = !['postgres', 'sqlite'].includes(database.kind);
    const stored = keepsNul ? text : text.replace('\0', '\uFFFD');
    expect((await db.row('access_token')).value).toBe(stored);
    expect((await db.plainRow('access_token'))['remark']).toBe(stored);
  });

  it('a NUL in an event or an error is in nobody’s way', async () => {
    await db.newRow('access_token');
    const event = {
      name: 'access_token',
      type: 'failed',
      actor: 'me',
    } as const;
    await Promise.all([
      db.events.record({ ...event, detail: 'a\0b' }),
      db.events.record({ ...event, detail: 'c' }),
    ]);
    await db.store.storeFailure(
      await db.lease('access_token'),
      { class: 'transient', message: 'no\0', credentialId: 'c0ffee00' },
      1000,
    );

    expect(await db.events.page('access_token', { limit: 9 })).toHaveLength(2);
    expect((await db.row('access_token')).lastError?.message).toMatch(/^no.$/s);
  });

  it('names that differ only by case, each a row of its own', async () => {
    await db.putToken('access_token:shop', 'lower');
    await db.putToken('access_token:Shop', 'upper');
    expect((await db.row('access_token:shop')).value).toBe('lower');
    expect((await db.row('access_token:Shop')).value).toBe('upper');
    expect(await db.store.read('ACCESS_TOKEN:shop')).toBeUndefined();
  });

  it('a version beyond 2^31, which goes on counting', async () => {
    await db.putToken('access_token', 'tok-1');
    const version = 2 ** 50;
    await db.sql('UPDATE system_var SET version = ?', [version]);
    const lease = await db.lease('access_token');
    expect(lease.version).toBe(version + 1);
    await db.store.storeRenewed(lease, renewed('tok-2'));
    expect(await db.row('access_token')).toMatchObject({
      value: 'tok-2',
      version: version + 2,
    });
  });

  it('numbers, which are read as numbers', async () => {
    await db.putToken('access_token', 'tok');
    await db.store.storeFailure(
      await db.lease('access_token'),
      { class: 'transient', message: 'no', credentialId: 'c0ffee00' },
      1000,
    );
    await db.lease('access_token');
    const row = await db.row('access_token');
    const {
      name,
      value,
      source,
      credentialId,
      appId,
      leaseOwner,
      lastError,
      ...rest
    } = row;
    expect([name, value, source, credentialId, appId, leaseOwner]).toEqual([
      'access_token',
      'tok',
      'stable',
      'c0ffee00',
      'wx0123456789abcdef',
      'replica-1',
    ]);
    expect(lastError?.message).toBe('no');
    expect(Object.values(rest).map((each) => typeof each)).toEqual(
      Object.keys(rest).map(() => 'number'),
    );
  });
});

it.each(everyDatabase().filter(({ kind }) => kind === 'postgres'))(
  'a variable with a NUL is refused on $title, and not changed',
  async (database) => {
    await using db = await openStore(database);
    await expect(db.variables.save('site', 'a\0b')).rejects.toMatchObject({
      code: 'STORE',
      driverCode: '22021',
    });
    expect(await db.variables.get('site')).toBeUndefined();
  },
);

describe.each(everyDatabase().filter(({ kind }) => kind !== 'sqlite'))(
  'what does not fit, on $title',
  (database) => {
    let db: StoreUnderTest;
    beforeEach(async () => {
      db = await openStore(database);
    });
    afterEach(() => db[Symbol.asyncDispose]());

    const tooLong = 'v'.repeat(70_000);
    const isPostgres = database.kind === 'postgres';

    it('is an error, and is not cut', async () => {
      const driverCode = isPostgres ? '22001' : 'ER_DATA_TOO_LONG';
      const error = expect.objectContaining({ driverCode });
      const { store, variables } = db;
      // The values of PostgreSQL have no limit that matters.
      if (!isPostgres)
        await expect(variables.save('fresh', tooLong)).rejects.toEqual(error);
      await expect(variables.save('n'.repeat(192), 'v')).rejects.toEqual(error);
      await expect(
        store.insertMissing([{ name: 'n'.repeat(192), remark: '' }]),
      ).rejects.toEqual(error);
      expect(await db.sql('SELECT name FROM system_var')).toEqual([]);
    });

    it('leaves the token as it was, with the lease still held', async () => {
      await db.putToken('access_token', 'tok-1');
      const lease = await db.lease('access_token');
      const before = await db.plainRow('access_token');
      const token = isPostgres
        ? { ...renewed('tok-2'), credentialId: 'nine-long' }
        : renewed(tooLong);
      await expect(db.store.storeRenewed(lease, token)).rejects.toBeInstanceOf(
        StoreError,
      );
      expect(await db.plainRow('access_token')).toEqual(before);
    });
  },
);

it('the servers of this run are among the databases', () => {
  const servers = everyDatabase().filter(({ kind }) => kind !== 'sqlite');
  expect(servers).toHaveLength(databaseServers().length);
});
