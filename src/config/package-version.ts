import { readFileSync } from 'node:fs';
import { join } from 'node:path';

/** Read from package.json, which is in the parent folder of both src/ and dist/. */
export function packageVersion(): string {
  const file = join(__dirname, '../../package.json');
  const { version } = JSON.parse(readFileSync(file, 'utf8')) as {
    version: string;
  };
  return version;
}
