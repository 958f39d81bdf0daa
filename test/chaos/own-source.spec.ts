import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import ts from 'typescript';
import { FakeFeishu } from '../../samples/own-source/src/fake-feishu.js';
import { PROJECT } from '../support/build.js';
import { queryOnce } from '../support/connect.js';
import { LARK, LARK_TOKEN } from '../support/feishu-world.js';
import { spawnApp } from '../support/run-app.js';
import { chaosDatabase } from './support/chaos-database.js';
import { chaosTestTimeout } from './support/chaos-time.js';
import { SecretScan } from './support/secret-scan.js';

vi.setConfig({ testTimeout: chaosTestTimeout() });

const APP = join(import.meta.dirname, 'support/own-source-app.mjs');
const SOURCE = join(PROJECT, 'samples/own-source/src/feishu.source.ts');

describe('a source of the app’s own', () => {
  let folder: string;
  let feishu: FakeFeishu;
  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'wechat-token-own-source-'));
    feishu = await FakeFeishu.start();
  });
  afterEach(async () => {
    await feishu.stop();
    rmSync(folder, { recursive: true });
  });

  /** The sample's source as JavaScript. */
  const compiled = () => {
    const file = join(folder, 'feishu.source.mjs');
    const { outputText } = ts.transpileModule(readFileSync(SOURCE, 'utf8'), {
      compilerOptions: {
        module: ts.ModuleKind.ESNext,
        target: ts.ScriptTarget.ES2022,
      },
    });
    writeFileSync(file, outputText);
    return pathToFileURL(file).href;
  };

  it('SIGKILL of the replica that is just asking Feishu: another one takes over', async () => {
    const { url: databaseUrl } = await chaosDatabase();
    const start = () =>
      spawnApp(
        {
          DATABASE_URL: databaseUrl,
          FEISHU_SOURCE: compiled(),
          FEISHU_BASE_URL: feishu.baseUrl,
          ACCOUNT: JSON.stringify(LARK),
        },
        { script: APP },
      );
    const tokenOf = async (app: typeof first) => {
      const response = await fetch(`${await app.listening}/token`);
      expect(response.status).toBe(200);
      return ((await response.json()) as { token: string }).token;
    };
    // The first answer is on its way until whoever waits for it is dead.
    let answer = () => {};
    const answered = new Promise<void>((resolve) => (answer = resolve));
    feishu.beforeAnswer = () => answered;

    await using first = start();
    await vi.waitUntil(() => feishu.calls === 1);
    await first.stop('SIGKILL');
    feishu.beforeAnswer = undefined;
    answer();
    await using second = start();
    await using third = start();

    // The lease of the dead one lapses first.
    const token = await vi.waitFor(() => tokenOf(second), { timeout: 120_000 });
    await vi.waitFor(async () => expect(await tokenOf(third)).toBe(token));
    expect(feishu.issued).toEqual([token]);
    const events = await queryOnce<{ name: string; type: string }>(
      databaseUrl,
      'SELECT * FROM token_event',
    );
    // Parallel calls harm nobody: each of the others may ask for itself when nobody else does, and once more.
    const failed = events.filter(({ type }) => type === 'failed');
    expect(feishu.calls).toBeLessThanOrEqual(1 + 2 * 2 + failed.length);
    expect(new Set(events.map(({ name }) => name))).toEqual(
      new Set([LARK_TOKEN]),
    );

    const scan = new SecretScan();
    for (const app of [second, third])
      expect(await app.stop()).toMatchObject({ code: 0 });
    for (const [i, app] of [first, second, third].entries())
      scan.add(`log ${i}`, app.logs() + app.stderr());
    scan.add('events', JSON.stringify(events));
    expect(scan.lines).toBeGreaterThan(3);
    expect(scan.hits([LARK.appSecret, token])).toEqual([]);
  });
});
