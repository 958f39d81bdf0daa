import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { format } from 'prettier';
import { PROJECT, RESULTS } from './project.js';
import type { BenchmarkResult } from './result.js';
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
  let text = existsSync(page) ? readFileSync(page, 'utf8') : '# Performance\n';
  for (const result of loadResults(results)) {
    const plot = join(plots, `${result.name}.svg`);
    writeFileSync(plot, svgOf(result));
    const image = `${basename(dirname(plot))}/${basename(plot)}`;
    text = withRegion(text, result, tablesOf(result, image));
  }
  writeFileSync(
    page,
    await format(text, { parser: 'markdown', singleQuote: true }),
  );
}

function withRegion(
  text: string,
  { name, title }: BenchmarkResult,
  content: string,
): string {
  const [begin, end] = [
    `<!-- bench:${name} (written by npm run bench) -->`,
    `<!-- /bench:${name} -->`,
  ];
  const region = `${begin}\n\n${content}\n\n${end}`;
  const [from, to] = [text.indexOf(begin), text.indexOf(end)];
  return from < 0 || to < from
    ? `${text}\n## ${title}\n\n${region}\n`
    : text.slice(0, from) + region + text.slice(to + end.length);
}
