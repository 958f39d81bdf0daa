import { relative } from 'node:path';
import type { Reporter, TestModule } from 'vitest/node';

const FILES = 10;

/** Names the spec files that took longest, at the end of the log. */
export class SlowestFiles implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    if (modules.length < 2) return;
    const lines = modules
      .map((module) => ({ module, seconds: secondsOf(module) }))
      .toSorted((a, b) => b.seconds - a.seconds)
      .slice(0, FILES)
      .map(({ module: { moduleId, project }, seconds }) => {
        const file = relative(project.config.root, moduleId);
        return `${seconds.toFixed(1).padStart(7)} s  ${file}`;
      });
    process.stdout.write(`\n Slowest files\n${lines.join('\n')}\n`);
  }
}

/** With its imports; the `beforeAll` of a file is part of the duration of its tests. */
function secondsOf(module: TestModule): number {
  const { collectDuration, duration } = module.diagnostic();
  return (collectDuration + duration) / 1000;
}
