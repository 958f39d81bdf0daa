import { execFile } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { PROJECT } from './build.js';
import {
  install,
  link,
  type Manifest,
  readManifest,
} from './packed-package.js';
import { type SpawnedApp, spawnApp } from './run-app.js';

const run = promisify(execFile);

/** A NestJS app of samples/: on its own, with the packed package and what its package.json names, no more. */
export class SampleApp implements Disposable {
  private constructor(
    readonly folder: string,
    /** What the compiler printed. */
    readonly compiled: string,
  ) {}

  /**
   * @param tarball The packed package.
   * @param flags Of the compiler.
   */
  static async build(
    name: string,
    tarball: string,
    flags: readonly string[] = [],
  ): Promise<SampleApp> {
    const sample = join(PROJECT, 'samples', name);
    const folder = mkdtempSync(join(tmpdir(), `wechat-token-${name}-`));
    for (const part of ['package.json', 'tsconfig.json', 'src'])
      cpSync(join(sample, part), join(folder, part), { recursive: true });
    await install(tarball, folder);
    const { dependencies, devDependencies } = readManifest(folder);
    const own = readManifest(PROJECT).name;
    const names = Object.keys({ ...dependencies, ...devDependencies });
    link(
      names.filter((other) => other !== own),
      folder,
    );
    const tsc = join(folder, 'node_modules/typescript/bin/tsc');
    const { stdout } = await run(process.execPath, [tsc, ...flags], {
      cwd: folder,
    }).catch((failed: { stdout: string }) => failed);
    return new SampleApp(folder, stdout);
  }

  get manifest(): Manifest {
    return readManifest(this.folder);
  }

  /** Starts its compiled `offline.ts`. */
  offline(): SpawnedApp {
    const script = join(this.folder, 'dist/offline.js');
    return spawnApp({ NO_COLOR: '1' }, { cwd: this.folder, script });
  }

  [Symbol.dispose](): void {
    rmSync(this.folder, { recursive: true });
  }
}
