import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { PROJECT } from '../support/build.js';

const PAGE = readFileSync(join(PROJECT, 'docs/interop.md'), 'utf8');

/** A block of code of docs/interop.md, by the name after its language: what is printed there is what is tested. */
export function recipe(language: string, name: string): string {
  const block = new RegExp(`^\`\`\`${language} ${name}\n(.*?)^\`\`\``, 'ms');
  const code = block.exec(PAGE)?.[1];
  if (code === undefined)
    throw new Error(`docs/interop.md has no block "${language} ${name}".`);
  return code;
}

/** The exports of blocks of JavaScript, which together make one module. */
export async function importRecipes<T>(...names: string[]): Promise<T> {
  // Inside the project, so that the SDKs are found.
  const folder = join(PROJECT, '.cache/interop');
  mkdirSync(folder, { recursive: true });
  const file = join(folder, `${names.join('+')}-${process.pid}.mjs`);
  writeFileSync(file, names.map((name) => recipe('js', name)).join('\n'));
  return (await import(/* @vite-ignore */ pathToFileURL(file).href)) as T;
}
