import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import ts from 'typescript';
import { PROJECT } from '../support/build.js';
import { blocks } from '../support/pages.js';

/** The exports of the block of TypeScript on a page that declares `name`: what is printed there is what is tested. */
export async function codeOf<T>(page: string, name: string): Promise<T> {
  const block = blocks(page, 'ts').find(
    (code) =>
      code.includes(`export const ${name} `) ||
      code.includes(`export class ${name} `),
  );
  if (block === undefined)
    throw new Error(`${page} has no block of TypeScript that exports ${name}.`);
  const { outputText } = ts.transpileModule(block, {
    compilerOptions: {
      module: ts.ModuleKind.ESNext,
      target: ts.ScriptTarget.ES2023,
      experimentalDecorators: true,
    },
  });
  // Inside the project, so that packages are found.
  const folder = join(PROJECT, '.cache/page-code');
  mkdirSync(folder, { recursive: true });
  const file = join(folder, `${name}-${process.pid}.mjs`);
  writeFileSync(file, outputText);
  return (await import(/* @vite-ignore */ pathToFileURL(file).href)) as T;
}
