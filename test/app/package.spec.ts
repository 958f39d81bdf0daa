import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import {
  checkPackage,
  createPackageFromTarballData,
} from '@arethetypeswrong/core';
import { publint } from 'publint';
import { formatMessage } from 'publint/utils';
import {
  install,
  installed,
  linkAllBut,
  optionalPeers,
  pack,
  readManifest,
} from '../support/packed-package.js';

const run = promisify(execFile);

/** Not installed here, since that takes a compiler and a minute: libsql, with the same API, takes its place. */
const COMPILED = 'better-sqlite3';

/** What the module must do without: a user may have another database driver, Fastify, and no @nestjs/terminus. */
const NOT_NEEDED = [
  'mysql2',
  'pg',
  COMPILED,
  'libsql',
  '@nestjs/platform-express',
  '@nestjs/terminus',
  'prom-client',
];

let folder: string;
let tarball: string;
let unpacked: string;
let files: string[];
let alone: string;
beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'wechat-token-package-'));
  ({ tarball, files } = await pack(folder));
  await install(tarball, folder);
  unpacked = join(folder, 'node_modules/nestjs-wechat-token');
  alone = join(folder, 'alone');
  await install(tarball, alone);
  linkAllBut(NOT_NEEDED, alone);
});
afterAll(() => rmSync(folder, { recursive: true }));

describe('the package', () => {
  it('holds the module, the testing kit, the console and what is to be read, and nothing else', () => {
    const others = files.filter(
      (file) =>
        !/^dist\/(?:(?:wechat-token|prometheus|testing)\/.+\.(?:m?js|m?js\.map|d\.m?ts)|console\/(?:index\.html|licenses\.md|assets\/[\w-]+\.(?:js|css|svg)))$/.test(
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
    expect(files).toContain('dist/console/index.html');
    for (const entry of [
      'wechat-token/index',
      'prometheus/index',
      'testing/index',
    ])
      for (const end of ['.js', '.d.ts', '.mjs', '.d.mts'])
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

  it('has types that every kind of resolution finds, and that are of the kind of their code', async () => {
    const packed = createPackageFromTarballData(readFileSync(tarball));
    const result = await checkPackage(packed);
    expect(result).toMatchObject({ types: { kind: 'included' } });
    expect('problems' in result && result.problems).toEqual([]);
  });

  it('loads nothing by import() while it runs: Jest refuses that in CommonJS', () => {
    const code = files.filter((file) => /\.m?js$/.test(file));
    expect(code.length).toBeGreaterThan(50);
    for (const file of code)
      expect(readFileSync(join(unpacked, file), 'utf8'), file).not.toMatch(
        /^(?! *(?:\*|\/[/*])).*\bimport\(/m,
      );
  });

  it('names peers in ranges whose newest part is what it is built and tested with', () => {
    const { peerDependencies = {} } = readManifest(unpacked);
    expect(Object.keys(peerDependencies)).toContain(COMPILED);
    for (const [name, range] of Object.entries(peerDependencies)) {
      const least = /(?:^|\|\| )\^(\d+\.\d+\.\d+)$/.exec(range)?.[1];
      expect(least, `${name}: ${range}`).toBeDefined();
      if (name === COMPILED) continue;
      const [version, own] = [installed(name).version, least ?? ''];
      expect(version.split('.')[0], name).toBe(own.split('.')[0]);
      expect(
        version.localeCompare(own, 'en', { numeric: true }),
        name,
      ).toBeGreaterThanOrEqual(0);
    }
  });

  it('leaves a user the choice of database driver and HTTP platform', () => {
    const optional = optionalPeers(readManifest(unpacked));
    expect(optional.toSorted()).toEqual(NOT_NEEDED.toSorted());
  });

  it('is the same, every class and token of it, to those that import and to those that require it', async () => {
    const differing = await runAlone(`
      const differing = [];
      for (const name of ['nestjs-wechat-token', 'nestjs-wechat-token/testing']) {
        const [imported, required] = [await import(name), require(name)];
        const names = new Set([...Object.keys(imported), ...Object.keys(required)]);
        names.delete('__esModule');
        if (names.size < 5) differing.push(name);
        for (const key of names)
          if (imported[key] !== required[key]) differing.push(key);
      }
      console.log(JSON.stringify(differing));
    `);
    expect(differing).toEqual([]);
  });

  it('is imported without a database driver or an HTTP platform', async () => {
    const found = await runAlone(`
      const found = [];
      for (const name of ${JSON.stringify(NOT_NEEDED)})
        await import(name).then(() => found.push(name), () => undefined);
      const main = await import('nestjs-wechat-token');
      const testing = await import('nestjs-wechat-token/testing');
      console.log(JSON.stringify({ found, main: Object.keys(main), testing: Object.keys(testing) }));
    `);
    expect(found).toEqual({
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

/** What an ES module prints as JSON that has the package, and beside it all that npm would hoist but for the optional peers. */
async function runAlone(script: string): Promise<unknown> {
  const { stdout } = await run(
    process.execPath,
    ['--preserve-symlinks', '--input-type=module', '--eval', HEAD + script],
    { cwd: alone },
  );
  return JSON.parse(stdout);
}

const HEAD = `
  import { createRequire } from 'node:module';
  const require = createRequire(process.cwd() + '/script.mjs');
`;
