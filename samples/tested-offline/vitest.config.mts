import { defineConfig } from 'vitest/config';

/** A busy machine makes a test slower, not red. */
const PATIENCE_MS = 120_000;

export default defineConfig({
  test: { globals: true, testTimeout: PATIENCE_MS, hookTimeout: PATIENCE_MS },
});
