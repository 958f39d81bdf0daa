import { relative } from 'node:path';
import type { Reporter, TestModule } from 'vitest/node';

/** Names the tests that failed and passed when they were repeated, at the end of the log. Tests are repeated where `--retry` says so. */
export class FlakyTests implements Reporter {
  onTestRunEnd(modules: readonly TestModule[]): void {
    const lines = modules.flatMap((module) =>
      [...module.children.allTests('passed')]
        .filter((test) => test.diagnostic()?.flaky)
        .map(({ fullName }) => ` ${fileOf(module)} > ${fullName}`),
    );
    if (lines.length > 0)
      process.stdout.write(`\n Passed when repeated\n${lines.join('\n')}\n`);
  }
}

function fileOf({ moduleId, project }: TestModule): string {
  return relative(project.config.root, moduleId);
}
