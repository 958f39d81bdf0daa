const DEPTHS = ['short', 'full', 'nightly'] as const;

const given = process.env['TEST_DEPTH'] ?? '';
if (!['', ...DEPTHS].includes(given))
  throw new Error(
    `TEST_DEPTH is one of ${DEPTHS.join(', ')} or not set, not "${given}".`,
  );

/** `nightly` is as `full` where it is left out. */
interface Forms<T> {
  readonly short: T;
  readonly full: T;
  readonly nightly?: T;
}

/**
 * How far a test goes that could go on for ever: the shortest form that still shows the behaviour; with TEST_DEPTH=full, which
 * .ci/run sets, a longer one; with TEST_DEPTH=nightly one of several minutes. The assertions are the same.
 */
export function byDepth<T>(forms: Forms<T>): T {
  if (given === 'nightly') return forms.nightly ?? forms.full;
  return given === 'full' ? forms.full : forms.short;
}

/** TEST_DEPTH=short, which `npm test` sets: files that take long are left to .ci/run. Without it, every file is run. */
export const leavesLongFiles = given === 'short';
