import type { Plugin } from 'vitest/config';
import { FlakyTests } from './flaky-tests.js';
import { SlowestFiles } from './slowest-files.js';

/** What the log ends with. A plugin, since the option `--reporter` of the command line replaces the reporters of the configuration. */
export function closingLines(): Plugin {
  return {
    name: 'closing-lines',
    configureVitest({ vitest }) {
      const { reporters } = vitest.config;
      for (const Closing of [SlowestFiles, FlakyTests])
        if (!reporters.some((one) => one instanceof Closing))
          reporters.push(new Closing());
    },
  };
}
