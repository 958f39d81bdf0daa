import { execFile } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { publint } from 'publint';
import { formatMessage } from 'publint/utils';
import { PROJECT } from '../support/build.js';
import {
  install,
  installed,
  linkAllBut,
  optionalPeers,
  pack,
  readManifest,
} from '../support/packed-package.js';

const run = promisify(execFile);

/** What the module must do without: a user may have another database driver, and Fastify. */
const NOT_NEEDED = ['mysql2', 'better-sqlite3', '@nestjs/platform-express'];

let folder: string;
let unpacked: string;
let files: string[];
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'wechat-token-package-'));
  const packed = await pack(folder);
  files = packed.files;
  await install(packed.tarball, folder);
  unpacked = join(folder, 'node_modules/nestjs-wechat-token');
});
afterAll(() => rmSync(folder, { recursive: true }));

describe('the package', () => {
  it('holds the module, the testing kit and what is to be read, and nothing else', () => {
    const others = files.filter(
      (file) =>
        !/^dist\/(?:wechat-token|testing)\/.+\.(?:js|js\.map|d\.ts)$/.test(
          file,
        ),
    );
    expect(others.toSorted()).toEqual([
      'CHANGELOG.md',
      'LICENSE',
      'README.md',
      'README.zh-CN.md',
      'package.json',
    ]);
    expect(files.filter((file) => /spec|test\//.test(file))).toEqual([]);
    for (const entry of ['wechat-token/index', 'testing/index'])
      for (const end of ['.js', '.d.ts'])
        expect(files).toContain(`dist/${entry}${end}`);
  });

  it('has source maps that hold their sources, since src is not in it', () => {
    const maps = files.filter((file) => file.endsWith('.map'));
    expect(maps.length).toBeGreaterThan(50);
    for (const file of maps) {
      const map = JSON.parse(readFileSync(join(unpacked, file), 'utf8')) as {
        sources: string[];
        sourcesContent?: (string | null)[];
      };
      expect(map.sourcesContent, file).toHaveLength(map.sources.length);
      expect(map.sourcesContent, file).not.toContain(null);
    }
  });

  it('is one that publint finds nothing wrong with', async () => {
    const { messages, pkg } = await publint({
      pkgDir: unpacked,
      pack: false,
      strict: true,
    });
    expect(messages.map((message) => formatMessage(message, pkg))).toEqual([]);
  });

  it('names peers in the range that it is built and tested with', () => {
    const { peerDependencies = {} } = readManifest(unpacked);
    expect(Object.keys(peerDependencies)).not.toHaveLength(0);
    for (const [name, range] of Object.entries(peerDependencies)) {
      const least = /^\^(\d+\.\d+\.\d+)$/.exec(range)?.[1];
      expect(least, `${name}: ${range}`).toBeDefined();
      const [version, own] = [installed(name).version, least ?? ''];
      expect(version.split('.')[0], name).toBe(own.split('.')[0]);
      expect(
        version.localeCompare(own, 'en', { numeric: true }),
        name,
      ).toBeGreaterThanOrEqual(0);
    }
  });

  it('leaves a user the choice of database driver and HTTP platform, in the range that they are tested in', () => {
    const optional = optionalPeers(readManifest(unpacked));
    expect(optional.toSorted()).toEqual(NOT_NEEDED.toSorted());
    const { peerDependencies } = readManifest(unpacked);
    const { devDependencies } = readManifest(PROJECT);
    for (const name of optional) {
      expect(peerDependencies?.[name], name).toBeDefined();
      expect(peerDependencies?.[name], name).toBe(devDependencies?.[name]);
    }
  });

  it('is imported without a database driver or an HTTP platform', async () => {
    // All that npm would hoist, but for those.
    const alone = join(folder, 'alone');
    await install(join(folder, tarballName()), alone);
    linkAllBut(NOT_NEEDED, alone);
    const script = `
      const found = [];
      for (const name of ${JSON.stringify(NOT_NEEDED)})
        await import(name).then(() => found.push(name), () => undefined);
      const main = await import('nestjs-wechat-token');
      const testing = await import('nestjs-wechat-token/testing');
      console.log(JSON.stringify({ found, main: Object.keys(main), testing: Object.keys(testing) }));
    `;
    const { stdout } = await run(
      process.execPath,
      ['--preserve-symlinks', '--input-type=module', '--eval', script],
      { cwd: alone },
    );
    expect(JSON.parse(stdout)).toEqual({
      found: [],
      main: expect.arrayContaining([
        'WechatTokenModule',
        'AccessTokenProvider',
        'WechatApiClient',
        'TokenRefresher',
        'SystemVarStore',
        'wechatTokenMigrations',
      ]),
      testing: expect.arrayContaining(['FakeWechat', 'ManualClock']),
    });
  });
});

function tarballName(): string {
  const name = readdirSync(folder).find((file) => file.endsWith('.tgz'));
  if (!name) throw new Error('no tarball');
  return name;
}
