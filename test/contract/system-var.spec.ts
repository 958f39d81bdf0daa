import { isWechatTokenError } from '../../src/wechat-token/index.js';
import { everyDatabase } from '../support/every-database.js';
import { openStore, type StoreUnderTest } from '../support/open-store.js';

describe.each(everyDatabase())('the plain variables on $title', (database) => {
  let db: StoreUnderTest;
  beforeEach(async () => {
    db = await openStore(database);
  });
  afterEach(() => db[Symbol.asyncDispose]());

  const remark = async (name: string) => (await db.plainRow(name))['remark'];

  it('are undefined until they are saved', async () => {
    expect(await db.variables.get('site_name')).toBeUndefined();
    await db.variables.save('site_name', '小店 ☕');
    expect(await db.variables.get('site_name')).toBe('小店 ☕');
  });

  it('may be empty, which is not undefined', async () => {
    await db.variables.save('site_name', '');
    expect(await db.variables.get('site_name')).toBe('');
  });

  it('are overwritten, also by the same value', async () => {
    await db.variables.save('site_name', 'one');
    await db.variables.save('site_name', 'two');
    await db.variables.save('site_name', 'two');
    expect(await db.variables.get('site_name')).toBe('two');
  });

  it('keep their remark unless a new one is given', async () => {
    await db.variables.save('site_name', 'one', 'shown in the title');
    await db.variables.save('site_name', 'two');
    expect(await remark('site_name')).toBe('shown in the title');
    await db.variables.save('site_name', 'three', '');
    expect(await remark('site_name')).toBe('');
  });

  it('differ by case', async () => {
    await db.variables.save('site_name', 'lower');
    await db.variables.save('Site_Name', 'upper');
    expect(await db.variables.get('site_name')).toBe('lower');
    expect(await db.variables.get('SITE_NAME')).toBeUndefined();
  });

  it('count a version, and have the time of the write', async () => {
    await db.variables.save('site_name', 'one');
    const first = Number((await db.plainRow('site_name'))['version']);
    await db.elapse(60_000);
    const written = await db.instant('site_name', 'updated_at');
    await db.variables.save('site_name', 'one');
    expect(Number((await db.plainRow('site_name'))['version'])).toBe(first + 1);
    expect(
      (await db.instant('site_name', 'updated_at')) - written,
    ).toBeGreaterThanOrEqual(60_000);
  });

  it('are never a token: reading one works, writing one is an error that changes nothing', async () => {
    await db.putToken('access_token', 'tok');
    await db.newRow('access_token:new');
    const before = await db.sql('SELECT * FROM system_var ORDER BY name');

    expect(await db.variables.get('access_token')).toBe('tok');
    expect(await db.variables.get('access_token:new')).toBeUndefined();
    for (const name of ['access_token', 'access_token:new']) {
      const error: unknown = await db.variables
        .save(name, 'mine', 'mine')
        .catch((thrown: unknown) => thrown);
      expect(isWechatTokenError(error) && error.code).toBe('MANAGED_VARIABLE');
    }
    expect(await db.sql('SELECT * FROM system_var ORDER BY name')).toEqual(
      before,
    );
  });

  it('become a row of their own once, when twenty save a new one at the same time', async () => {
    const values = Array.from({ length: 20 }, (_, i) => `value-${i}`);
    await Promise.all(values.map((value) => db.variables.save('site', value)));
    expect(values).toContain(await db.variables.get('site'));
    expect(await db.sql('SELECT name FROM system_var')).toHaveLength(1);
  });
});
