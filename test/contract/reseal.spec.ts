import { randomBytes } from 'node:crypto';
import {
  isConfigurationError,
  type PlainValues,
  type ResealedToken,
  resealTokens,
} from '../../src/wechat-token/index.js';
import { everyDatabase } from '../support/every-database.js';
import {
  openStore,
  renewed,
  type StoreUnderTest,
} from '../support/open-store.js';

const newKey = (id: string) => ({ id, key: randomBytes(32) });
const older = newKey('2026-01');
const newer = newKey('2026-06');
const lost = newKey('lost');

/** As the options have them. */
const written = (keys: readonly { id: string; key: Buffer }[]) =>
  keys.map(({ id, key }) => ({ id, key: key.toString('base64') }));

describe.each(everyDatabase())('R15 re-encryption on $title', (database) => {
  let db: StoreUnderTest;
  beforeEach(async () => {
    db = await openStore(database, [older]);
  });
  afterEach(() => db[Symbol.asyncDispose]());

  const reseal = (keys = [newer, older], plain?: PlainValues) =>
    resealTokens(db.dataSource, written(keys), plain);

  async function resealAll(
    ...given: Parameters<typeof reseal>
  ): Promise<ResealedToken[]> {
    const all: ResealedToken[] = [];
    for await (const token of reseal(...given)) all.push(token);
    return all;
  }

  const rows = () => db.sql('SELECT * FROM system_var ORDER BY name');
  const names = (count: number) =>
    Array.from({ length: count }, (_, i) => `access_token:${1000 + i}`);
  const valueOf = async (name: string) =>
    String((await db.plainRow(name))['value']);
  const opened = async (name: string, keys = [newer]) =>
    (await db.withKeys(keys).store.read(name))?.value;

  /** Tokens that are encrypted with the older key, all at once. */
  const putTokens = (count: number) =>
    Promise.all(names(count).map((name) => db.putToken(name, `tok ${name}`)));

  it('leaves plain text as it is and names it, unless it is told to encrypt it', async () => {
    await db.putToken('access_token', 'tok');
    await db.sql("UPDATE system_var SET value = 'tok'");
    expect(await resealAll()).toEqual([
      {
        name: 'access_token',
        outcome: 'plain',
        changedMeanwhile: 0,
        reason: '"access_token" is stored as plain text.',
      },
    ]);
    expect(await valueOf('access_token')).toBe('tok');
  });

  it('encrypts with the first key what an older one encrypted, and plain text if told to; the value alone changes', async () => {
    await db.putToken('access_token:a', 'tok-a');
    await db.putToken('access_token:b', 'tok-b');
    await db.sql(
      "UPDATE system_var SET value = 'tok-b' WHERE name = 'access_token:b'",
    );
    await db.elapse(60_000);
    const before = await rows();

    expect(await resealAll([newer, older], 'allow')).toEqual([
      { name: 'access_token:a', outcome: 'resealed', changedMeanwhile: 0 },
      {
        name: 'access_token:b',
        outcome: 'sealed',
        changedMeanwhile: 0,
        reason:
          '"access_token:b" was stored as plain text and is encrypted now.',
      },
    ]);

    for (const letter of ['a', 'b']) {
      const name = `access_token:${letter}`;
      expect(await valueOf(name)).toMatch(/^sealed:v1:2026-06:/);
      expect(await opened(name)).toBe(`tok-${letter}`);
    }
    // No new version and no new updated_at: leases stay valid, and replicas have nothing to read.
    const value = expect.any(String);
    expect(await rows()).toEqual(before.map((row) => ({ ...row, value })));
  });

  it('again changes nothing', async () => {
    await putTokens(3);
    await resealAll();
    const before = await rows();
    const again = await resealAll();
    expect(again.map(({ outcome }) => outcome)).toEqual(
      Array(3).fill('current'),
    );
    expect(await rows()).toEqual(before);
  });

  it('leaves plain variables and tokens without a value alone', async () => {
    await db.variables.save('access_tokens_per_day', 'many');
    await db.variables.save('site_name', 'shop');
    await db.newRow('access_token');
    const before = await rows();
    expect(await resealAll()).toEqual([]);
    expect(await rows()).toEqual(before);
  });

  it('comes to every one of many tokens, in order of name', async () => {
    await putTokens(230);
    const done = await resealAll();
    expect(done.map(({ name }) => name)).toEqual(names(230));
    for (const name of [...names(230)].slice(-3))
      expect(await opened(name)).toBe(`tok ${name}`);
    const left = await db.sql(
      "SELECT name FROM system_var WHERE value NOT LIKE 'sealed:v1:2026-06:%'",
    );
    expect(left).toEqual([]);
  });

  it('reports what cannot be decrypted, with the missing key, and leaves it as it is', async () => {
    const other = db.withKeys([lost]).store;
    for (const name of ['access_token:a', 'access_token:b'])
      await db.newRow(name);
    const [row] = [await db.row('access_token:a')];
    const lease = await other.claim(row, 'replica-2', 30_000);
    if (!lease) throw new Error('no lease');
    await other.storeRenewed(lease, renewed('tok-a'));
    await db.putToken('access_token:b', 'tok-b');
    await db.putToken('access_token:c', 'tok-c');
    await db.sql(
      "UPDATE system_var SET value = 'sealed:v1:2026-01:AAAA' WHERE name = 'access_token:c'",
    );
    const before = [
      await db.plainRow('access_token:a'),
      await db.plainRow('access_token:c'),
    ];

    const [a, b, c] = await resealAll();

    expect(a).toMatchObject({ name: 'access_token:a', outcome: 'failed' });
    expect(a?.reason).toMatch(/"access_token:a" .* the key "lost", which is/);
    expect(b).toMatchObject({ name: 'access_token:b', outcome: 'resealed' });
    expect(c?.reason).toMatch(
      /"access_token:c" cannot be decrypted .*"2026-01"/,
    );
    expect([
      await db.plainRow('access_token:a'),
      await db.plainRow('access_token:c'),
    ]).toEqual(before);
  });

  it('a token that is renewed between its being read and written is not overwritten', async () => {
    await putTokens(12);
    const [renewedName = '', deletedName = ''] = names(12).slice(-2);
    const done: ResealedToken[] = [];
    for await (const token of reseal()) {
      // Rows are read a page at a time, so the last of them is known by its old value now.
      if (done.length === 0) {
        await db.putToken(renewedName, 'the newer token');
        await db.sql('DELETE FROM system_var WHERE name = ?', [deletedName]);
      }
      done.push(token);
    }
    expect(done.slice(-2)).toEqual([
      { name: renewedName, outcome: 'resealed', changedMeanwhile: 1 },
      { name: deletedName, outcome: 'gone', changedMeanwhile: 1 },
    ]);
    expect(await opened(renewedName)).toBe('the newer token');
  });

  it.each([
    ['the case of a letter', 'TOK'],
    ['a trailing blank', 'tok '],
  ])('nor is one that differs by %s', async (_, changed) => {
    await putTokens(12);
    const name = names(12).at(-1) ?? '';
    const put = (value: string) =>
      db.sql('UPDATE system_var SET value = ? WHERE name = ?', [value, name]);
    await put('tok');
    for await (const token of reseal([newer, older], 'allow'))
      if (token.name === names(12)[0]) await put(changed);
    expect(await opened(name)).toBe(changed);
  });

  it('a renewal that is under way is not disturbed, and wins', async () => {
    await db.putToken('access_token', 'tok');
    const lease = await db.lease('access_token');
    await resealAll();
    expect(await opened('access_token')).toBe('tok');
    expect(await db.store.storeRenewed(lease, renewed('next'))).toBe(true);
    expect(await opened('access_token', [older])).toBe('next');
  });

  it('runs twice at once while replicas with either key renew: every token is the last that was stored', async () => {
    await putTokens(30);
    const replicas = [
      [newer, older],
      [older, newer],
    ].map((keys) => db.withKeys(keys));
    const last = new Map<string, string>();
    let writing = true;
    const renewals = replicas.map(async ({ store }, index) => {
      for (let count = 0; writing; count++) {
        // Each replica has its own half, so that what was stored last is known.
        const name = names(30)[((count * 2) % 30) + index] ?? '';
        const row = await store.read(name);
        const lease = row && (await store.claim(row, `${index}`, 30_000));
        const value = `token ${count} of ${name}`;
        if (lease && (await store.storeRenewed(lease, renewed(value))))
          last.set(name, value);
      }
    });
    const runs = [resealAll(), resealAll(), resealAll([newer, older])];
    const outcomes = (await Promise.all(runs)).flat().map((t) => t.outcome);
    writing = false;
    await Promise.all(renewals);
    expect(outcomes).not.toContain('failed');
    expect(outcomes).not.toContain('gone');
    expect(last.size).toBeGreaterThan(0);

    await resealAll();

    for (const name of names(30))
      expect(await opened(name)).toBe(last.get(name) ?? `tok ${name}`);
  });

  it('needs a key', () => {
    for (const none of [[], undefined])
      expect(() => resealTokens(db.dataSource, none)).toThrow(
        expect.toSatisfy(isConfigurationError),
      );
    expect(() => reseal([newer, newer])).toThrow(/encryptionKeys\[1\]\.id/);
  });
});
