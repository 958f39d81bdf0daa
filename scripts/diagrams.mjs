// `npm run diagrams`: renders the diagrams of docs/, docs/*.dot, to SVG.
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { instance } from '@viz-js/viz';

const DOCS = join(import.meta.dirname, '../docs');

const viz = await instance();
for (const file of readdirSync(DOCS).filter((name) => name.endsWith('.dot'))) {
  const svg = viz.renderString(readFileSync(join(DOCS, file), 'utf8'), {
    format: 'svg',
  });
  writeFileSync(join(DOCS, file.replace('.dot', '.svg')), svg);
}
