import { spawnSync } from 'node:child_process';
import { readdirSync, statSync } from 'node:fs';
import { join, resolve } from 'node:path';

export const PROJECT = resolve(import.meta.dirname, '../..');

/** The app as users start it; {@link ensureBuilt} sees to it that it is there and is that of the sources. */
export const BUILT_APP = join(PROJECT, 'dist/main.js');

/**
 * Builds dist/ when there is none, or when a source is newer than it.
 * @throws Error when it does not compile: the tests of the built app would be those of an older one.
 */
export function ensureBuilt(): void {
  if (modified(BUILT_APP) >= Math.max(...sources().map(modified))) return;
  process.stdout.write('[build] npm run build\n');
  const { status, stdout, stderr, error } = spawnSync(
    'npm',
    ['run', '--silent', 'build'],
    { cwd: PROJECT, encoding: 'utf8' },
  );
  if (status !== 0)
    throw new Error(
      `npm run build failed:\n${stdout}${stderr}${error?.message ?? ''}`,
    );
}

function sources(): string[] {
  const inSrc = readdirSync(join(PROJECT, 'src'), {
    recursive: true,
    encoding: 'utf8',
  });
  const compiled = inSrc.filter(
    (file) => /\.\w+$/.test(file) && !file.endsWith('.spec.ts'),
  );
  return [
    ...compiled.map((file) => join(PROJECT, 'src', file)),
    join(PROJECT, 'tsconfig.json'),
    join(PROJECT, 'tsconfig.build.json'),
  ];
}

/** 0 when there is no such file. */
function modified(file: string): number {
  return statSync(file, { throwIfNoEntry: false })?.mtimeMs ?? 0;
}
