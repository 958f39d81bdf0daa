import { execFile } from 'node:child_process';
import {
  chmodSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { loadSettings, readSettings } from '../../src/config/settings.js';
import { DEFAULT_FAKE_ACCOUNT } from '../../src/testing/index.js';
import {
  API_KEY,
  apiKeys,
  AppSandbox,
  tokenAnswer,
} from '../support/app-sandbox.js';
import { blocks } from '../support/pages.js';
import type { AppProcess } from '../support/run-app.js';

const { appId, appSecret } = DEFAULT_FAKE_ACCOUNT;
const OPERATOR_KEY = 'operator-key-0123456789abcdefghijklmnop';

/** The block of commands on a page that has these words. */
function commands(page: string, words: string): string {
  const block = blocks(page, 'sh').find((text) => text.includes(words));
  if (block === undefined)
    throw new Error(`${page} has no commands with "${words}".`);
  return block;
}

const modeOf = (file: string) => statSync(file).mode & 0o777;

describe('commands', () => {
  let sandbox: AppSandbox;
  let app: AppProcess;
  let keysFile: string;
  beforeAll(async () => {
    sandbox = await AppSandbox.create();
    keysFile = join(sandbox.folder, 'keys-of-the-app.json');
    writeFileSync(
      keysFile,
      apiKeys(
        { id: 'sandbox', key: API_KEY },
        { id: 'operator', key: OPERATOR_KEY, scopes: ['tokens:refresh'] },
      ),
    );
    app = await sandbox.run({ API_KEYS: '', API_KEYS_FILE: keysFile });
  });
  afterAll(() => sandbox[Symbol.asyncDispose]());

  /** What they print, run as they stand on the page. */
  async function run(text: string, others: object = {}): Promise<string> {
    const secretFile = join(sandbox.folder, 'app-secret');
    writeFileSync(secretFile, appSecret);
    const { stdout } = await promisify(execFile)('bash', ['-euc', text], {
      cwd: sandbox.folder,
      env: {
        PATH: process.env['PATH'],
        TOKEN_SERVER: app.url,
        TOKEN_KEY: API_KEY,
        OPERATOR_KEY,
        WECHAT_API_BASE_URL: sandbox.wechat.baseUrl,
        WECHAT_APP_ID: appId,
        WECHAT_APP_SECRET_FILE: secretFile,
        API_KEYS_FILE: keysFile,
        ...others,
      },
    });
    return stdout;
  }

  const served = async () => (await tokenAnswer(app.url)).access_token ?? '';

  it('of docs/interop.md ask for the token, and report one', async () => {
    const current = await served();
    const answers = await run(
      commands('docs/interop.md', '/rejected').replaceAll(
        'curl ',
        'curl -sS -w "\\n" ',
      ),
    );
    const [asked, reported] = answers
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as unknown);
    expect(asked).toMatchObject({ name: 'access_token', value: current });
    // What is reported here is not the token in use, so that one is the answer.
    expect(reported).toMatchObject({ name: 'access_token', value: current });
  });

  it('of docs/token-server.md put the keys of API_KEYS into a file that the app takes', async () => {
    const keys = apiKeys({ id: 'billing', key: API_KEY });
    const commandsOfPage = commands('docs/token-server.md', 'unset API_KEYS');
    const environment = await run(
      commandsOfPage.replace(/^npm start$/m, 'env'),
      { API_KEYS: keys, API_KEYS_FILE: undefined },
    );
    expect(environment).not.toMatch(/^API_KEYS=/m);
    const [, file = ''] = /^API_KEYS_FILE=(.+)$/m.exec(environment) ?? [];
    expect(modeOf(file)).toBe(0o600);
    expect(readFileSync(file, 'utf8').trim()).toBe(keys);
    const { warnings } = await readSettings({
      WECHAT_APP_ID: appId,
      WECHAT_APP_SECRET: appSecret,
      API_KEYS_FILE: file,
    });
    expect(warnings).toEqual([]);
  });

  describe('of docs/rotating.md', () => {
    const page = 'docs/rotating.md';

    it('make an API key beside that of docs/token-server.md, and add an entry that lets in who has the key', async () => {
      chmodSync(keysFile, 0o640);
      writeFileSync(join(sandbox.folder, 'billing.key'), API_KEY);
      const before = JSON.parse(readFileSync(keysFile, 'utf8')) as unknown[];

      await run(commands(page, 'sha256sum'));

      const after = JSON.parse(readFileSync(keysFile, 'utf8')) as unknown[];
      expect(after.slice(0, -1)).toEqual(before);
      expect(modeOf(keysFile)).toBe(0o640);
      expect(readdirSync(sandbox.folder)).not.toContain(
        'keys-of-the-app.json.new',
      );
      const keyFile = join(sandbox.folder, 'billing-2.key');
      expect(modeOf(keyFile)).toBe(0o600);
      await vi.waitFor(
        () => expect(app.logs()).toMatch(/reloaded.*"billing-2026-11"/),
        { timeout: 120_000, interval: 50 },
      );
      const secret = readFileSync(keyFile, 'utf8').trim();
      rmSync(keyFile);
      const { access_token } = await tokenAnswer(app.url, { secret });
      expect(access_token).toBe(await served());
    });

    it('leave a file of API keys alone that they cannot read', async () => {
      const broken = join(sandbox.folder, 'broken.json');
      writeFileSync(broken, '[');
      await expect(
        run(commands(page, 'sha256sum'), { API_KEYS_FILE: broken }),
      ).rejects.toThrow('JSON');
      expect(readFileSync(broken, 'utf8')).toBe('[');
      expect(readdirSync(sandbox.folder)).not.toContain('billing-2.key');
    });

    it('leave no key without a file of API keys', async () => {
      for (const API_KEYS_FILE of [undefined, '', '/nowhere/api-keys.json'])
        await expect(
          run(commands(page, 'sha256sum'), { API_KEYS_FILE }),
        ).rejects.toThrow(API_KEYS_FILE || 'set it to the path of the file');
      expect(readdirSync(sandbox.folder)).not.toContain('billing-2.key');
    });

    it('make an encryption key that the app takes', async () => {
      const key = await run(commands(page, 'rand -base64'));
      const { wechatToken } = loadSettings({
        WECHAT_APP_ID: appId,
        WECHAT_APP_SECRET: appSecret,
        TOKEN_ENCRYPTION_KEYS: key.trim(),
      });
      expect(wechatToken.encryptionKeys).toEqual([
        { id: '2026-07', key: expect.any(String) },
      ]);
    });

    it('end a token that has leaked', async () => {
      const leaked = await served();
      const answer = await run(commands(page, '"force":true'));
      expect(JSON.parse(answer)).toMatchObject({ outcome: 'refreshed' });
      expect(sandbox.wechat.accepts(leaked)).toBe(false);
      expect(sandbox.wechat.accepts(await served())).toBe(true);
    });

    it('end a classic token that was fetched with a leaked AppSecret', async () => {
      const theirs = sandbox.wechat.otherSystemFetches(appId, 'classic');
      await run(commands(page, '/cgi-bin/token'));
      sandbox.wechat.advance(301);
      expect(sandbox.wechat.accepts(theirs)).toBe(false);
      expect(sandbox.wechat.accepts(await served())).toBe(true);
    });
  });
});
