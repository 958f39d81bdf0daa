import { defineConfig } from 'vitest/config';
import { SlowestFirst } from './test/support/slowest-first.js';

const SPECS = ['src/**/*.spec.ts', 'test/**/*.spec.ts'];
/** They load the machine and judge by the clock: one after the other, when all else is over. */
const CHAOS = 'test/chaos/*.spec.ts';

const common = { globals: true, testTimeout: 60_000, hookTimeout: 120_000 };

export default defineConfig({
  test: {
    // Not in `common`: a project that had it too would have servers of its own.
    globalSetup: ['test/support/global-setup.ts'],
    reporters: ['default'],
    sequence: { sequencer: SlowestFirst },
    projects: [
      {
        test: {
          ...common,
          name: 'specs',
          include: SPECS,
          exclude: [CHAOS],
          // One more than cores: they wait for half of their time.
          maxWorkers: 3,
          sequence: { groupOrder: 0 },
        },
      },
      {
        test: {
          ...common,
          name: 'chaos',
          include: [CHAOS],
          fileParallelism: false,
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
});
