import { execFile } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { basename, dirname, join } from 'node:path';
import { promisify } from 'node:util';
import { PROJECT } from './build.js';
import {
  install,
  link,
  type Manifest,
  pack,
  readManifest,
} from './packed-package.js';
import { blocks } from './pages.js';
import { type SpawnedApp, spawnApp } from './run-app.js';

const run = promisify(execFile);

/**
 * Where the packages of a sample come from: `npm`, as its page says, or `here`, links to those of this project, which has all that
 * it needs.
 */
export type Packages = 'npm' | 'here';

/** What the pages say first: the build that is there is taken. */
const BUILD = /^npm ci && npm run build .*\n/;
/** For a shell: what `npm install` would bring is there. */
const INSTALLED = 'npm() { [ "$1" = install ] || command npm "$@"; }\n';
/** The address that the pages name. */
const HERE = 'http://127.0.0.1:3000/';
/** How long npm may take on a busy machine. */
const LIMIT_MS = 900_000;

/** What npm needs to find its registry and its cache. */
const OF_NPM =
  /^(?:HOME|NODE_EXTRA_CA_CERTS|(?:https?|no|all)_proxy|npm_config_(?!local_prefix).*)$/i;

/** Stands for a clone of this repository: the package as npm would publish it, and the samples. */
export class SampleRepository implements Disposable {
  private readonly samples = new Map<string, Promise<Sample>>();

  private constructor(
    readonly folder: string,
    private readonly tarball: string,
  ) {}

  static async create(): Promise<SampleRepository> {
    const folder = mkdtempSync(join(tmpdir(), 'wechat-token-samples-'));
    const { tarball } = await pack(folder);
    await run('tar', ['-xzf', tarball, '-C', folder, '--strip-components=1']);
    return new SampleRepository(folder, tarball);
  }

  /** @param page Its page, such as `samples/minimal-app/README.md`. */
  sample(page: string, packages: Packages): Promise<Sample> {
    const sample = this.samples.get(page) ?? this.copy(page, packages);
    this.samples.set(page, sample);
    return sample;
  }

  private async copy(page: string, packages: Packages): Promise<Sample> {
    const folder = join(this.folder, dirname(page));
    const from = join(PROJECT, dirname(page));
    cpSync(from, folder, { recursive: true, filter: isSource });
    if (packages === 'here') await this.linkPackages(folder);
    return new Sample(this.folder, page, packages);
  }

  private async linkPackages(folder: string): Promise<void> {
    await install(this.tarball, folder);
    const { dependencies, devDependencies } = readManifest(folder);
    const own = readManifest(PROJECT).name;
    const names = Object.keys({ ...dependencies, ...devDependencies });
    link([...names.filter((name) => name !== own), '.bin'], folder);
  }

  [Symbol.dispose](): void {
    rmSync(this.folder, { recursive: true });
  }
}

/** A NestJS app of samples/, with what its package.json names, no more. */
export class Sample {
  constructor(
    private readonly repository: string,
    private readonly page: string,
    private readonly packages: Packages,
  ) {}

  get folder(): string {
    return join(this.repository, dirname(this.page));
  }

  get manifest(): Manifest {
    return readManifest(this.folder);
  }

  /** Runs the first commands of its page. */
  start(): SpawnedApp {
    const [commands = ''] = blocks(this.page, 'sh');
    expect(commands).toMatch(BUILD);
    const before = this.packages === 'here' ? INSTALLED : '';
    const script = `${before}${commands.replace(BUILD, '')}`;
    return spawnApp(environment(), {
      command: ['bash', '-c', script],
      cwd: this.repository,
      inGroup: true,
      startTimeoutMs: LIMIT_MS,
    });
  }

  /** Runs the requests of its page, one after another. @returns What each was answered, as JSON. */
  async ask(url: string): Promise<unknown[]> {
    const [, ...others] = blocks(this.page, 'sh');
    const requests = others.join('').match(/^curl .*$/gm) ?? [];
    const answers: unknown[] = [];
    for (const request of requests) {
      expect(request).toContain(HERE);
      const command = request
        .replace('curl ', 'curl --silent --show-error ')
        .replace(HERE, `${url}/`);
      const { stdout } = await run('bash', ['-c', command]);
      answers.push(JSON.parse(stdout));
    }
    return answers;
  }

  /** What the compiler prints of it and of the types of all its packages. */
  async typeFaults(): Promise<string> {
    const tsc = join(this.folder, 'node_modules/typescript/bin/tsc');
    const flags = ['--noEmit', '--skipLibCheck', 'false'];
    const { stdout } = await run(process.execPath, [tsc, ...flags], {
      cwd: this.folder,
    }).catch((failed: { stdout: string }) => failed);
    return stdout;
  }
}

const isSource = (path: string) =>
  !['node_modules', 'dist', 'package-lock.json'].includes(basename(path));

function environment(): Record<string, string> {
  const ofNpm = Object.entries(process.env).filter(
    (entry): entry is [string, string] =>
      OF_NPM.test(entry[0]) && entry[1] !== undefined,
  );
  return {
    ...Object.fromEntries(ofNpm),
    NO_COLOR: '1',
    npm_config_audit: 'false',
    npm_config_fund: 'false',
    npm_config_loglevel: 'error',
    npm_config_prefer_offline: 'true',
    npm_config_update_notifier: 'false',
  };
}
