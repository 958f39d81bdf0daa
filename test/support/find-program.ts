import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, join } from 'node:path';

// Where distributions put servers; a user's PATH often lacks these.
const SERVER_FOLDERS = ['/usr/sbin', '/usr/local/sbin', '/usr/libexec'];

/** The first executable of one of these names in the `first` folders, on the PATH, or where servers usually are. */
export function findProgram(
  names: readonly string[],
  first: readonly string[] = [],
): string | undefined {
  const path = (process.env['PATH'] ?? '').split(delimiter).filter(Boolean);
  const folders = [...first, ...path, ...SERVER_FOLDERS];
  return folders
    .flatMap((folder) => names.map((name) => join(folder, name)))
    .find(isExecutable);
}

function isExecutable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK);
    return statSync(path).isFile();
  } catch {
    return false;
  }
}
