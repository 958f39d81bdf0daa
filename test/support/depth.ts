const given = process.env['TEST_DEPTH'] ?? '';
if (!['', 'full'].includes(given))
  throw new Error(`TEST_DEPTH is "full" or not set, not "${given}".`);

/**
 * How far a test goes that could go on for ever: `npm test` takes the shortest form that still shows the behaviour, and
 * TEST_DEPTH=full, which .ci/run sets, the long one. The assertions are the same.
 */
export function byDepth<T>(depths: { readonly short: T; readonly full: T }): T {
  return given === 'full' ? depths.full : depths.short;
}
