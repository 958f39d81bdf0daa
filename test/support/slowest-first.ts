import { BaseSequencer, type TestSpecification } from 'vitest/node';

/** Small files that take long. Without figures of an earlier run, vitest begins with the largest, and these would come last. */
const SLOWEST = [
  'test/app/lifetimes.spec.ts',
  'test/interop/managed-tokens.spec.ts',
  'test/http/secrets.spec.ts',
  'test/interop/hosted-tokens.spec.ts',
  'test/app/shutdown.spec.ts',
  'test/app/wechat-shaped.spec.ts',
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
