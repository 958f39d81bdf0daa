import { randomBytes } from 'node:crypto';
import { SealedValueError } from '../../src/wechat-token/index.js';
import { everyDatabase } from '../support/every-database.js';
import {
  openStore,
  renewed,
  type StoreUnderTest,
} from '../support/open-store.js';
import { World } from '../support/world.js';

const newKey = (id: string) => ({ id, key: randomBytes(32) });
const first = newKey('2026-01');
const second = newKey('2026-06');
const TOKEN = '92_a-token-that-must-not-be-in-the-database';

describe.each(everyDatabase())(
  'R15 stored values are encrypted on $title',
  (database) => {
    let db: StoreUnderTest;
    beforeEach(async () => {
      db = await openStore(database, [first]);
    });
    afterEach(() => db[Symbol.asyncDispose]());

    const stored = async (name: string) =>
      String((await db.plainRow(name))['value']);

    const refused = async (name: string, keys = [first]) => {
      const before = await db.plainRow(name);
      const { store, variables } = db.withKeys(keys);
      for (const read of [() => store.read(name), () => variables.get(name)]) {
        const error: unknown = await read().catch((thrown: unknown) => thrown);
        expect(error).toBeInstanceOf(SealedValueError);
        expect(String(error)).toContain(`"${name}"`);
        expect(String(error)).not.toContain(TOKEN);
      }
      expect(await db.plainRow(name)).toEqual(before);
    };

    it('the column does not hold the token, and a read gives it', async () => {
      await db.putToken('access_token', TOKEN);
      const value = await stored('access_token');
      expect(value).toMatch(/^sealed:v1:2026-01:[A-Za-z0-9+/]+=*$/);
      expect(value).not.toContain(TOKEN);
      expect(value).not.toContain(Buffer.from(TOKEN).toString('base64'));
      expect((await db.row('access_token')).value).toBe(TOKEN);
      expect(await db.variables.get('access_token')).toBe(TOKEN);
    });

    it('the longest token fits, encrypted', async () => {
      const longest = 'x'.repeat(8192);
      await db.putToken('access_token', longest);
      expect((await db.row('access_token')).value).toBe(longest);
    });

    it('a plain row is an error once there is a key: somebody else may have written it', async () => {
      await db.putToken('access_token', TOKEN);
      await db.sql('UPDATE system_var SET value = ?', [TOKEN]);
      await refused('access_token');
      await db.sql("UPDATE system_var SET value = 'sealed:v2:x:AAAA'");
      await refused('access_token');
    });

    it('plain rows keep working when a key is added and they are allowed, and the next write encrypts', async () => {
      const plain = db.withKeys([]).store;
      const allowing = db.withKeys([first], 'allow').store;
      await db.putToken('access_token', TOKEN);
      await db.sql('UPDATE system_var SET value = ?', [TOKEN]);
      for (const store of [plain, allowing])
        expect(await store.read('access_token')).toMatchObject({
          value: TOKEN,
        });
      await db.sql('UPDATE system_var SET value = NULL');
      await db.putToken('access_token', 'next');
      expect(await stored('access_token')).toMatch(/^sealed:v1:2026-01:/);
    });

    it('after a rotation old rows are readable, and new writes use the first key', async () => {
      await db.putToken('access_token', TOKEN);
      const rotated = db.withKeys([second, first]).store;
      const row = await rotated.read('access_token');
      expect(row?.value).toBe(TOKEN);

      const lease = row && (await rotated.claim(row, 'replica-2', 30_000));
      if (!lease) throw new Error('no lease');
      await rotated.storeRenewed(lease, renewed('next'));
      expect(await stored('access_token')).toMatch(/^sealed:v1:2026-06:/);
      expect((await rotated.read('access_token'))?.value).toBe('next');
    });

    it('plain variables are not encrypted: other programs read them', async () => {
      await db.variables.save('site_name', 'shop');
      expect(await stored('site_name')).toBe('shop');
    });

    describe('a value that cannot be decrypted', () => {
      it('is an error when the key is missing; the row stays as it is', async () => {
        await db.putToken('access_token', TOKEN);
        await refused('access_token', [second]);
        await refused('access_token', []);
      });

      it('is an error when another key has that id', async () => {
        await db.putToken('access_token', TOKEN);
        await refused('access_token', [newKey(first.id)]);
      });

      it('is an error when the value was copied from another row', async () => {
        await db.putToken('access_token:shop', TOKEN);
        await db.newRow('access_token');
        await db.sql('UPDATE system_var SET value = ?', [
          await stored('access_token:shop'),
        ]);
        await refused('access_token');
        expect((await db.row('access_token:shop')).value).toBe(TOKEN);
      });

      it('is an error when it was cut or changed', async () => {
        await db.putToken('access_token', TOKEN);
        const value = await stored('access_token');
        for (const broken of [
          value.slice(0, -4),
          value.slice(0, -40),
          'sealed:v1:2026-01:',
          'sealed:v1:2026-01:AAAA',
        ]) {
          await db.sql('UPDATE system_var SET value = ?', [broken]);
          await refused('access_token');
        }
      });

      it('R14: keeps no other token’s change from being read', async () => {
        await db.putToken('access_token:a', 'broken');
        await db.putToken('access_token:b', TOKEN);
        await db.sql(
          "UPDATE system_var SET value = 'sealed:v1:lost:AAAA' WHERE name = 'access_token:a'",
        );
        const { rows, unreadable } = await db.store.readAll([
          'access_token:a',
          'access_token:b',
        ]);
        expect(rows).toMatchObject([{ name: 'access_token:b', value: TOKEN }]);
        expect(unreadable).toMatchObject([{ name: 'access_token:a' }]);
      });

      it('is never served, and nothing is fetched in its place', async () => {
        await db.putToken('access_token', TOKEN);
        const before = await db.plainRow('access_token');
        await using world = await World.create({ databaseUrl: db.url });
        const other = { id: second.id, key: second.key.toString('base64') };
        const { tokens, rounds, refresher, poller } = await world.replica({
          encryptionKeys: [other],
        });
        const name = 'access_token';

        for (const attempt of [
          () => tokens.getAccessToken(),
          () => tokens.invalidate(TOKEN),
          () => refresher.refresh(name),
          () => refresher.refresh(name, { force: true }),
        ])
          await expect(attempt()).rejects.toBeInstanceOf(SealedValueError);
        // Nor once it is due, or expired.
        await world.advance(7000);
        await rounds.tick();
        await poller.poll();
        await world.advance(7000);
        await rounds.tick();
        await expect(tokens.getAccessToken()).rejects.toBeInstanceOf(
          SealedValueError,
        );
        expect(world.wechat.calls.total).toBe(0);
        const { value, version } = await db.plainRow(name);
        expect({ value, version }).toEqual({
          value: before['value'],
          version: before['version'],
        });
      });
    });
  },
);
