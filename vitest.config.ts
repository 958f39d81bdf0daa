import { defineConfig } from 'vitest/config';

const SPECS = ['src/**/*.spec.ts', 'test/**/*.spec.ts'];
/** They load the machine and judge by the clock: one after the other, when all else is over. */
const CHAOS = 'test/chaos/*.spec.ts';

export default defineConfig({
  test: {
    globals: true,
    globalSetup: ['test/support/global-setup.ts'],
    reporters: ['default'],
    testTimeout: 60_000,
    hookTimeout: 120_000,
    projects: [
      {
        extends: true,
        test: {
          name: 'specs',
          include: SPECS,
          exclude: [CHAOS],
          maxWorkers: 2,
          sequence: { groupOrder: 0 },
        },
      },
      {
        extends: true,
        test: {
          name: 'chaos',
          include: [CHAOS],
          fileParallelism: false,
          sequence: { groupOrder: 1 },
        },
      },
    ],
  },
});
