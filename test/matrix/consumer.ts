import { cpSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { readManifest } from '../support/packed-package.js';
import type { Cell } from './cells.js';
import {
  dependenciesOf,
  driverOf,
  hostOf,
  type Host,
  type Versions,
} from './hosts.js';

const TEMPLATE = join(import.meta.dirname, 'consumer');
const TARBALL = 'nestjs-wechat-token.tgz';
/** Of a test of the consumer; the default of Jest and vitest is too short for a busy machine. */
const PATIENCE_MS = 120_000;

/** Somebody else's app: its files are the same in each cell, but for the settings and two files of a few lines. */
export function writeConsumer(
  cell: Cell,
  tarball: string,
  folder: string,
): void {
  const host = hostOf(cell);
  const write = (file: string, text: string) =>
    writeFileSync(join(folder, file), text);
  const variant = (name: string, as: string) =>
    cpSync(join(TEMPLATE, 'variants', name), join(folder, 'src', as));
  cpSync(join(TEMPLATE, 'src'), join(folder, 'src'), { recursive: true });
  variant(`${cell.adapter.toLowerCase()}.ts`, 'adapter.ts');
  variant(`${driverOf(cell)}.ts`, 'database.ts');
  cpSync(tarball, join(folder, TARBALL));
  write('package.json', JSON.stringify(manifestOf(cell, host), null, 2));
  write('tsconfig.json', JSON.stringify(compilerOf(host), null, 2));
  if (host.runner === 'vitest') write('vitest.config.mts', VITEST);
  if (cell.manager === 'pnpm')
    write('pnpm-workspace.yaml', JSON.stringify(pnpmOf(cell))); // YAML too
}

/** The versions of all that the consumer names, as they were installed. */
export function versionsIn(folder: string): Versions {
  const { dependencies, devDependencies } = readManifest(folder);
  return Object.fromEntries(
    Object.keys({ ...dependencies, ...devDependencies }).map((name) => [
      name,
      readManifest(join(folder, 'node_modules', name)).version,
    ]),
  );
}

function manifestOf(cell: Cell, { type, runner }: Host) {
  const { dependencies, devDependencies } = dependenciesOf(cell);
  const own = { 'nestjs-wechat-token': `file:./${TARBALL}` };
  return {
    name: 'consumer',
    private: true,
    type,
    dependencies: { ...dependencies, ...own },
    devDependencies,
    ...(runner === 'jest' && { jest: JEST }),
  };
}

function compilerOf({ module }: Host) {
  return {
    compilerOptions: {
      module,
      target: 'ES2023',
      strict: true,
      noUncheckedIndexedAccess: true,
      esModuleInterop: true,
      isolatedModules: true,
      emitDecoratorMetadata: true,
      experimentalDecorators: true,
      types: ['node'],
      rootDir: './src',
      outDir: './dist',
    },
    include: ['src'],
    exclude: ['src/**/*.spec.ts'],
  };
}

/** Nothing is found that its package does not name. */
function pnpmOf({ variant }: Cell) {
  return {
    hoist: false,
    autoInstallPeers: false,
    strictPeerDependencies: true,
    // No script of a package is run; none of them needs one.
    strictDepBuilds: false,
    resolutionMode: variant === 'lowest versions' ? 'lowest-direct' : 'highest',
  };
}

const VITEST = `import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: { globals: true, testTimeout: ${PATIENCE_MS} },
});
`;

const JEST = {
  rootDir: 'src',
  testTimeout: PATIENCE_MS,
  testEnvironment: 'node',
  testRegex: String.raw`\.spec\.ts$`,
  transform: { [String.raw`\.ts$`]: 'ts-jest' },
  moduleNameMapper: { [String.raw`^(\.{1,2}/.*)\.js$`]: '$1' },
};
