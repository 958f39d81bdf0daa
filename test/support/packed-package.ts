import { execFile } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, symlinkSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { PROJECT } from './build.js';

const run = promisify(execFile);

const ROOT_MODULES = join(PROJECT, 'node_modules');

export interface Manifest {
  readonly name: string;
  readonly version: string;
  readonly scripts?: Readonly<Record<string, string>>;
  readonly dependencies?: Readonly<Record<string, string>>;
  readonly devDependencies?: Readonly<Record<string, string>>;
  readonly peerDependencies?: Readonly<Record<string, string>>;
  readonly peerDependenciesMeta?: Readonly<
    Record<string, { readonly optional?: boolean }>
  >;
}

/** The peers that a user may leave out. */
export function optionalPeers(manifest: Manifest): string[] {
  return Object.entries(manifest.peerDependenciesMeta ?? {})
    .filter(([, { optional }]) => optional)
    .map(([name]) => name);
}

export function readManifest(folder: string): Manifest {
  const text = readFileSync(join(folder, 'package.json'), 'utf8');
  return JSON.parse(text) as Manifest;
}

/** The manifest of a package as it is installed in this project. */
export function installed(name: string): Manifest {
  return readManifest(join(ROOT_MODULES, name));
}

/** Packs this project as `npm publish` would. The build that is there is taken: others are using it. */
export async function pack(
  folder: string,
): Promise<{ tarball: string; files: string[] }> {
  const { stdout } = await run(
    'npm',
    [
      'pack',
      '--ignore-scripts',
      '--json',
      '--loglevel=error',
      `--pack-destination=${folder}`,
    ],
    { cwd: PROJECT },
  );
  const [packed] = JSON.parse(stdout) as {
    filename: string;
    files: { path: string }[];
  }[];
  if (!packed) throw new Error(`npm pack answered ${stdout}`);
  return {
    tarball: join(folder, packed.filename),
    files: packed.files.map(({ path }) => path),
  };
}

/**
 * Puts the packed package into `folder/node_modules` as npm does, and its dependencies beside it. All but itself are links
 * to this project's: that needs no network, and no second build of better-sqlite3.
 */
export async function install(tarball: string, folder: string): Promise<void> {
  const own = join(folder, 'node_modules', readManifest(PROJECT).name);
  mkdirSync(own, { recursive: true });
  await run('tar', ['-xzf', tarball, '-C', own, '--strip-components=1']);
  link(Object.keys(readManifest(own).dependencies ?? {}), folder);
}

/** Links packages of this project into `folder/node_modules`. */
export function link(names: Iterable<string>, folder: string): void {
  for (const name of names) {
    const at = join(folder, 'node_modules', name);
    mkdirSync(dirname(at), { recursive: true });
    symlinkSync(join(ROOT_MODULES, name), at, 'dir');
  }
}

/**
 * Links all packages of this project into `folder/node_modules`, but for those, and for what is there already. To be run with
 * Node's `--preserve-symlinks`: then nothing is found beside the targets of the links.
 */
export function linkAllBut(names: readonly string[], folder: string): void {
  mkdirSync(join(folder, 'node_modules'), { recursive: true });
  const left = new Set([...names, ...packagesOf(join(folder, 'node_modules'))]);
  link(
    packagesOf(ROOT_MODULES).filter((name) => !left.has(name)),
    folder,
  );
}

/** Their names, those of scopes too. */
function packagesOf(modules: string): string[] {
  return readdirSync(modules)
    .filter((name) => !name.startsWith('.'))
    .flatMap((name) =>
      name.startsWith('@')
        ? readdirSync(join(modules, name)).map((part) => `${name}/${part}`)
        : [name],
    );
}
