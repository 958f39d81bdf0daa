import { readdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { Benchmark } from './benchmark.js';
import { PROJECT } from './project.js';

/** The names of all benchmarks, from the sources, since outdated compiled files may exist. */
export function benchmarkNames(): string[] {
  return readdirSync(join(PROJECT, 'bench/benchmarks'))
    .filter((file) => file.endsWith('.ts'))
    .map((file) => basename(file, '.ts'));
}

export async function loadBenchmark(name: string): Promise<Benchmark> {
  const file = new URL(`../benchmarks/${name}.js`, import.meta.url);
  const { benchmark } = (await import(file.href)) as { benchmark: Benchmark };
  return benchmark;
}
