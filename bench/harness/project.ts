import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** The root of the repository, also from compiled files. */
export const PROJECT = nearest(import.meta.dirname);

export const RESULTS = join(PROJECT, 'bench/results');

function nearest(folder: string): string {
  return existsSync(join(folder, 'package-lock.json'))
    ? folder
    : nearest(dirname(folder));
}
