type Depth = 'short' | 'full';

const given = process.env['TEST_DEPTH'] ?? '';
if (!['', 'short', 'full'].includes(given))
  throw new Error(`TEST_DEPTH is "short", "full" or not set, not "${given}".`);

/**
 * How far a test goes that could go on for ever: the shortest form that still shows the behaviour, or, with TEST_DEPTH=full, which
 * .ci/run sets, the long one. The assertions are the same.
 */
export function byDepth<T>(depths: Readonly<Record<Depth, T>>): T {
  return given === 'full' ? depths.full : depths.short;
}

/** TEST_DEPTH=short, which `npm test` sets: files that take long are left to .ci/run. Without it, every file is run. */
export const leavesLongFiles = given === 'short';
