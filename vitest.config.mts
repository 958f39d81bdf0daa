import { defineConfig } from 'vitest/config';
import { closingLines } from './test/support/closing-lines.js';
import { byDepth } from './test/support/depth.js';
import { leftOut } from './test/support/long-files.js';
import { SlowestFirst } from './test/support/slowest-first.js';

const SPECS = ['src/**/*.spec.ts', 'test/**/*.spec.ts'];
/** They load the machine and judge by the clock: when all else is over. */
const CHAOS = 'test/chaos/*.spec.ts';
/** The console in a Chromium, which takes a core by itself. */
const BROWSER = 'test/browser/*.spec.ts';
/** The spec of somebody else's app. */
const CONSUMER = 'test/matrix/consumer/**';

const common = {
  globals: true,
  // A busy machine makes a test slower, never red.
  testTimeout: 300_000,
  hookTimeout: 300_000,
  setupFiles: ['test/support/patience.ts'],
  // Each worker loads Nest and TypeORM once, not once for each of a hundred files.
  isolate: false,
};

export default defineConfig({
  test: {
    // Not in `common`: a project that had it too would have servers of its own.
    globalSetup: ['test/support/global-setup.ts'],
    reporters: ['default'],
    sequence: { sequencer: SlowestFirst },
    projects: [
      {
        plugins: [closingLines()],
        test: {
          ...common,
          name: 'specs',
          include: SPECS,
          exclude: [CHAOS, BROWSER, CONSUMER, ...leftOut],
          // More than cores: they wait for half of their time.
          maxWorkers: byDepth({ short: 5, full: 4 }),
          sequence: { groupOrder: 0 },
        },
      },
      {
        plugins: [closingLines()],
        test: {
          ...common,
          name: 'browser',
          include: [BROWSER],
          exclude: [...leftOut],
          globalSetup: ['test/support/browser-setup.ts'],
          expect: { poll: { interval: 100, timeout: 120_000 } },
          maxWorkers: 2,
          sequence: { groupOrder: 1 },
        },
      },
      {
        plugins: [closingLines()],
        test: {
          ...common,
          name: 'chaos',
          include: [CHAOS],
          exclude: [...leftOut],
          // One waits while another starts its processes; in the long form each has twice as many.
          maxWorkers: byDepth({ short: 3, full: 2 }),
          sequence: { groupOrder: 2 },
        },
      },
    ],
  },
});
