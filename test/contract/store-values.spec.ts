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

  it('every character, in value and remark; SQLite has none for NUL', async () => {
    const nul = database.kind === 'sqlite' ? '' : '\0';
    const text = `naïve 微信 ☕ 𝄞 \\ ' " ; -- ${nul} \n end`;
    await db.store.insertMissing([{ name: 'access_token', remark: text }]);
    await db.store.storeRenewed(await db.lease('access_token'), renewed(text));
    expect((await db.row('access_token')).value).toBe(text);
    expect((await db.plainRow('access_token'))['remark']).toBe(text);
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
      leaseOwner,
      lastError,
      ...rest
    } = row;
    expect([name, value, source, credentialId, leaseOwner]).toEqual([
      'access_token',
      'tok',
      'stable',
      'c0ffee00',
      'replica-1',
    ]);
    expect(lastError?.message).toBe('no');
    expect(Object.values(rest).map((each) => typeof each)).toEqual(
      Object.keys(rest).map(() => 'number'),
    );
  });
});

describe.each(everyDatabase().filter(({ kind }) => kind !== 'sqlite'))(
  'what does not fit, on $title',
  (database) => {
    let db: StoreUnderTest;
    beforeEach(async () => {
      db = await openStore(database);
    });
    afterEach(() => db[Symbol.asyncDispose]());

    const tooLong = 'v'.repeat(70_000);

    it('is an error, and is not cut', async () => {
      const error = expect.objectContaining({ driverCode: 'ER_DATA_TOO_LONG' });
      const { store, variables } = db;
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
      await expect(
        db.store.storeRenewed(lease, renewed(tooLong)),
      ).rejects.toBeInstanceOf(StoreError);
      expect(await db.plainRow('access_token')).toEqual(before);
    });
  },
);

it('the servers of this run are among the databases', () => {
  expect(everyDatabase()).toHaveLength(databaseServers().length + 1);
});
