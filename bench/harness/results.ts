import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { format } from 'prettier';
import { RESULTS } from './project.js';
import type { BenchmarkResult } from './result.js';

export async function saveResult(
  result: BenchmarkResult,
  folder = RESULTS,
): Promise<void> {
  mkdirSync(folder, { recursive: true });
  const text = await format(JSON.stringify(result), { parser: 'json' });
  writeFileSync(join(folder, `${result.name}.json`), text);
}

/** The stored results, in order of their names. */
export function loadResults(folder = RESULTS): BenchmarkResult[] {
  return readdirSync(folder)
    .filter((file) => file.endsWith('.json'))
    .toSorted()
    .map((file) => JSON.parse(readFileSync(join(folder, file), 'utf8')));
}
