import { mkdirSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { writeRegions } from '../../test/support/markdown.js';
import { PROJECT, RESULTS } from './project.js';
import { loadResults } from './results.js';
import { svgOf } from './svg.js';
import { tablesOf } from './tables.js';

const PAGE = join(PROJECT, 'docs/performance.md');

/**
 * Updates the page and its plots from the results. Only the text between the markers of a benchmark is replaced; a benchmark
 * without markers gets a section at the end.
 */
export async function report({ results = RESULTS, page = PAGE } = {}) {
  const plots = page.replace(/\.md$/, '');
  mkdirSync(plots, { recursive: true });
  const regions = loadResults(results).map((result) => {
    const { name, title } = result;
    const plot = join(plots, `${name}.svg`);
    writeFileSync(plot, svgOf(result));
    const image = `${basename(dirname(plot))}/${basename(plot)}`;
    const content = tablesOf(result, image);
    return {
      name: `bench:${name}`,
      writtenBy: 'npm run bench',
      title,
      content,
    };
  });
  await writeRegions(page, 'Performance', regions);
}
