import { join } from 'node:path';
import ts from 'typescript';
import { PROJECT } from '../../support/build.js';

/** Where `kubernetes-types` declares each kind. */
const MODULES: Readonly<Record<string, string>> = {
  v1: 'core/v1',
  'apps/v1': 'apps/v1',
  'networking.k8s.io/v1': 'networking/v1',
  'policy/v1': 'policy/v1',
};

export interface Manifest {
  readonly apiVersion: string;
  readonly kind: string;
}

/**
 * What the TypeScript compiler finds in Kubernetes manifests, each written as a constant of its kind's type: fields of a wrong type,
 * fields that are missing, and, unlike a validation by Kubernetes' JSON schemas, fields that do not exist.
 */
export function kubernetesFaults(manifests: readonly Manifest[]): string[] {
  const file = join(PROJECT, 'test/deploy/manifests.ts');
  const text = manifests
    .map((manifest, n) => {
      const from = MODULES[manifest.apiVersion];
      return `import type { ${manifest.kind} as Kind${n} } from 'kubernetes-types/${from}.js';
        export const manifest${n}: Kind${n} = ${JSON.stringify(manifest)};`;
    })
    .join('\n');
  const options: ts.CompilerOptions = {
    module: ts.ModuleKind.NodeNext,
    moduleResolution: ts.ModuleResolutionKind.NodeNext,
    lib: ['lib.es5.d.ts'],
    noEmit: true,
    strict: true,
    types: [],
  };
  const onDisk = ts.createCompilerHost(options);
  const host: ts.CompilerHost = {
    ...onDisk,
    fileExists: (path) => path === file || onDisk.fileExists(path),
    getSourceFile: (path, ...others) =>
      path === file
        ? ts.createSourceFile(path, text, ts.ScriptTarget.ES2022)
        : onDisk.getSourceFile(path, ...others),
  };
  return ts
    .getPreEmitDiagnostics(ts.createProgram([file], options, host))
    .map(({ messageText }) =>
      ts.flattenDiagnosticMessageText(messageText, '\n'),
    );
}
