import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { PROJECT } from './build.js';

/** A file of the repository. */
export const read = (file: string): string =>
  readFileSync(join(PROJECT, file), 'utf8');

/** The fenced blocks of one language on a page. */
export function blocks(page: string, language: string): string[] {
  const fenced = new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\``, 'gms');
  return [...read(page).matchAll(fenced)].map(([, code = '']) => code);
}
