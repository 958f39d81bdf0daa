import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** Small files that take long. Without figures of an earlier run, vitest begins with the largest, and these would come last. */
const SLOWEST = [
  'test/app/sample.spec.ts',
  'test/matrix/matrix.spec.ts',
  'test/app/lifetimes.spec.ts',
  'test/app/wechat-shaped.spec.ts',
  'test/model/classic.spec.ts',
  'test/app/shutdown.spec.ts',
  'test/app/reseal.spec.ts',
  'test/renewal/r7-ten-lifetimes.spec.ts',
  'test/model/three-replicas.spec.ts',
  'test/schedule/r14-slow-accounts.spec.ts',
  'test/interop/managed-tokens.spec.ts',
  'test/contract/time-zone.spec.ts',
  'test/app/typeorm-cli.spec.ts',
  'test/app/demo.spec.ts',
  'test/app/api-keys-file.spec.ts',
  'test/chaos/clocks.spec.ts',
  'test/chaos/black-hole-database.spec.ts',
  'test/chaos/sigkill.spec.ts',
  'test/chaos/garbage.spec.ts',
];

/** Begins with the spec files that take longest, so that no worker is left alone with one of them at the end. */
export class SlowestFirst extends BaseSequencer {
  override async sort(
    files: TestSpecification[],
  ): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    const slowest = SLOWEST.flatMap((path) =>
      sorted.filter(({ moduleId }) => moduleId.endsWith(`/${path}`)),
    );
    return [...new Set([...slowest, ...sorted])];
  }
}
