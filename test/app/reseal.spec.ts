import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { AppSandbox, tokenAnswer } from '../support/app-sandbox.js';
import { PROJECT } from '../support/build.js';
import { CommandHost } from '../support/command-host.js';
import { everyDatabase, SQLITE } from '../support/every-database.js';
import { openStore, type StoreUnderTest } from '../support/open-store.js';
import { blocks } from '../support/pages.js';
import { spawnApp } from '../support/run-app.js';

const SCRIPT = join(PROJECT, 'dist/reseal.js');
const newKey = (id: string) => ({ id, key: randomBytes(32) });
const older = newKey('2026-01');
const newer = newKey('2026-07');

/** TOKEN_ENCRYPTION_KEYS */
const setting = (...keys: readonly (typeof older)[]) =>
  keys.map(({ id, key }) => `${id}:${key.toString('base64')}`).join(',');

let host: CommandHost;
beforeAll(() => {
  host = new CommandHost('dist/reseal.js');
});
afterAll(() => host.end());

/** The built command, with these settings and no others, run to its end. */
async function reseal(env: Readonly<Record<string, string>>) {
  const result = await host.run(env);
  for (const { key } of [older, newer])
    expect(result.stdout + result.stderr).not.toContain(key.toString('base64'));
  expect(result.stderr).not.toMatch(/^\s+at /m);
  return result;
}

describe('npm run reseal', () => {
  it.each(everyDatabase())(
    'ends a rotation without anybody noticing, on $title',
    async (database) => {
      const fresh = await database.create();
      await using sandbox = await AppSandbox.create();
      const env = (...keys: readonly (typeof older)[]) => ({
        DATABASE_URL: fresh.url,
        TOKEN_ENCRYPTION_KEYS: setting(...keys),
      });
      const allowed = { ...env(older), TOKEN_ENCRYPTION_PLAIN: 'allow' };
      const run = (...keys: readonly (typeof older)[]) =>
        sandbox.run(env(...keys));
      const token = async (url: string) =>
        (await tokenAnswer(url)).access_token;
      const plain = await run();
      const first = await token(plain.url);
      expect(sandbox.wechat.accepts(first ?? '')).toBe(true);
      await plain.stop();
      // A key is added: the plain row works while it is allowed, and is encrypted only then.
      const sealing = await sandbox.run(allowed);
      expect(await token(sealing.url)).toBe(first);
      expect(sealing.logs()).toContain('plain token values');
      expect(await reseal(env(older))).toEqual({
        code: 1,
        stdout: 'Re-encrypted with the key "2026-01": 0; already current: 0.\n',
        stderr: expect.stringMatching(
          /^"access_token" is stored as plain text\.\nLeft as plain text: 1, /,
        ),
      });
      expect(await reseal(allowed)).toEqual({
        code: 0,
        stdout:
          'Re-encrypted with the key "2026-01": 1; already current: 0.\nPlain text before: 1 of these, listed above.\n',
        stderr:
          '"access_token" was stored as plain text and is encrypted now.\n',
      });
      await sealing.stop();
      // And another, which becomes the first.
      const rotated = await run(newer, older);
      expect(await token(rotated.url)).toBe(first);
      expect(await reseal(env(newer, older))).toEqual({
        code: 0,
        stdout: 'Re-encrypted with the key "2026-07": 1; already current: 0.\n',
        stderr: '',
      });
      expect((await reseal(env(newer, older))).stdout).toContain(
        ': 0; already current: 1.',
      );
      expect(await token(rotated.url)).toBe(first);
      await rotated.stop();
      // The older one is taken away.
      const after = await run(newer);
      expect(await token(after.url)).toBe(first);
      await after.stop();
      expect(sandbox.wechat.calls.total).toBe(1);
      await fresh.drop();
    },
  );

  describe('on tables with tokens in them', () => {
    let db: StoreUnderTest;
    beforeEach(async () => {
      db = await openStore(SQLITE, [older]);
    });
    afterEach(() => db[Symbol.asyncDispose]());

    const env = (...keys: readonly (typeof older)[]) => ({
      DATABASE_URL: db.url,
      TOKEN_ENCRYPTION_KEYS: setting(...keys),
    });

    it('ends with 1 and names the tokens whose key is missing', async () => {
      await db.putToken('access_token', 'tok');
      await db.putToken('access_token:shop', 'tok');
      await db.sql(
        "UPDATE system_var SET value = 'tok' WHERE name = 'access_token:shop'",
      );
      const { code, stdout, stderr } = await reseal(env(newer));
      expect(code).toBe(1);
      expect(stdout).toBe(
        'Re-encrypted with the key "2026-07": 0; already current: 0.\n',
      );
      const [missing, , , summary] = stderr.split('\n');
      expect(missing).toMatch(
        /^The stored value of "access_token" is encrypted with the key "2026-01", which is not configured\. Add that key /,
      );
      expect(summary).toMatch(/^Not re-encrypted: 1, listed above\. Keep the /);
      expect((await db.row('access_token')).value).toBe('tok');
    });

    it('killed in the middle has lost nothing, and the next run ends it', async () => {
      const count = 20_000;
      const settings = {
        ...env(newer, older),
        TOKEN_ENCRYPTION_PLAIN: 'allow',
      };
      const sealing = db.withKeys([older], 'allow');
      await db.putToken('access_token', 'tok');
      const { value } = await db.plainRow('access_token');
      await db.sql(
        `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < ${count})
          INSERT INTO system_var (name, value, expires_at, failure_count, version)
          SELECT 'access_token:' || printf('%05d', i), 'tok ' || i, '2099-01-01 00:00:00.000', 0, 1 FROM n`,
      );
      const resealed = async () => {
        const [row] = await db.sql<{ count: number }>(
          "SELECT COUNT(*) AS count FROM system_var WHERE value LIKE 'sealed:v1:2026-07:%'",
        );
        return row?.count ?? 0;
      };
      const command = spawnApp(settings, { script: SCRIPT });
      await vi.waitUntil(async () => (await resealed()) > 0, {
        timeout: 30_000,
        interval: 1,
      });
      expect(await command.stop('SIGKILL')).toEqual({
        code: null,
        signal: 'SIGKILL',
      });

      const done = await resealed();
      expect(done).toBeGreaterThan(0);
      expect(done).toBeLessThan(count);
      expect(value).toMatch(/^sealed:v1:2026-01:/);
      expect(await sealing.store.read('access_token:20000')).toMatchObject({
        value: 'tok 20000',
      });
      const { code, stdout } = await reseal(settings);
      expect(code).toBe(0);
      expect(stdout).toContain(
        `Re-encrypted with the key "2026-07": ${count + 1 - done}; already current: ${done}.\n`,
      );
      const { store } = db.withKeys([newer]);
      for (let i = 1; i <= count; i += 997) {
        const name = `access_token:${String(i).padStart(5, '0')}`;
        expect((await store.read(name))?.value).toBe(`tok ${i}`);
      }
    });

    it('is run by the commands of docs/rotating.md', async () => {
      await db.putToken('access_token', 'tok');
      const block = blocks('docs/rotating.md', 'sh').find((text) =>
        text.includes('npm run reseal'),
      );
      const typed = block
        ?.replace('new-key-in-base64', newer.key.toString('base64'))
        .replace('old-key-in-base64', older.key.toString('base64'));
      expect(typed).toContain(`2026-07:${newer.key.toString('base64')}`);
      expect(typed).toContain(`2026-01:${older.key.toString('base64')}`);
      const { stdout } = await promisify(execFile)(
        'bash',
        ['-ec', typed ?? ''],
        {
          cwd: PROJECT,
          env: { PATH: process.env['PATH'], DATABASE_URL: db.url },
        },
      );
      expect(stdout).toContain('"2026-07": 1; already current: 0.');
      expect(
        (await db.withKeys([newer]).store.read('access_token'))?.value,
      ).toBe('tok');
    });
  });

  describe('says what is wrong', () => {
    let folder: string;
    beforeEach(() => {
      folder = mkdtempSync(join(tmpdir(), 'wechat-token-reseal-'));
    });
    afterEach(() => rmSync(folder, { recursive: true }));

    it('when there is no key: it does not undo what is sealed', async () => {
      expect(await reseal({ TOKEN_ENCRYPTION_KEYS: ' ' })).toEqual({
        code: 1,
        stdout: '',
        stderr: expect.stringMatching(
          /\n {2}- TOKEN_ENCRYPTION_KEYS: is missing; set it to the value that the app uses, .*\n$/,
        ),
      });
    });

    it('of both settings at once, and of no other', async () => {
      const { code, stderr } = await reseal({
        PORT: 'x',
        WECHAT_ROLE: 'boss',
        DATABASE_URL: 'mysql://root:SeCrEt@',
        TOKEN_ENCRYPTION_KEYS: `${setting(older)},b:SeCrEt`,
      });
      expect(code).toBe(1);
      expect(stderr).not.toContain('SeCrEt');
      const fields = [...stderr.matchAll(/^ {2}- ([^:]+): \S/gm)];
      expect(fields.map(([, field]) => field)).toEqual([
        'DATABASE_URL',
        'TOKEN_ENCRYPTION_KEYS[1].key',
      ]);
    });

    it('when the tables are elsewhere, and makes no database there', async () => {
      const path = join(folder, 'data/other.sqlite');
      const { code, stderr } = await reseal({
        DATABASE_URL: `sqlite:${path}`,
        TOKEN_ENCRYPTION_KEYS: setting(older),
      });
      expect(code).toBe(1);
      expect(stderr).toBe(
        `DATABASE_URL: sqlite:${path} does not contain the app's tables. Set it to the value that the app uses.\n`,
      );
      expect(existsSync(join(folder, 'data'))).toBe(false);
    });
  });
});
