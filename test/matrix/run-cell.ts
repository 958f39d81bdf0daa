import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { PROJECT } from '../support/build.js';
import type { Cell } from './cells.js';
import type { CellDatabase } from './databases.js';
import { versionsIn, writeConsumer } from './consumer.js';
import { dataSourceOptions, hostOf } from './hosts.js';
import { type Output, type Programs, programsOf, run } from './programs.js';

const SCHEMA_TOOLS = join(PROJECT, 'test/support/schema-tools.mjs');

/** What src/checks.ts of the consumer prints, in this order. */
const CHECKS = [
  'start',
  'token',
  'cron',
  'event stream',
  'rejection',
  'admin REST',
  'routes for other programs',
  'forRootAsync with @nestjs/config',
  'named DataSource',
  'synchronize',
];

export interface CellReport {
  readonly cell: Cell;
  readonly passed: readonly string[];
  readonly failure:
    { readonly check: string; readonly output: string } | undefined;
  readonly seconds: number;
  /** Those of the packages that were installed, of Node and of the package manager. */
  readonly versions: Readonly<Record<string, string>>;
  readonly databaseVersion: string;
}

/** A failed check, with what its program printed. */
class CheckFailed extends Error {
  constructor(
    readonly check: string,
    { code, stdout, stderr }: Output,
  ) {
    super(`${check} (exit code ${code})\n${stdout}${stderr}`);
  }
}

/** Builds a consumer of the tarball in a temporary folder, and runs all checks up to the first that fails. */
export async function runCell(
  cell: Cell,
  tarball: string,
  database: CellDatabase,
): Promise<CellReport> {
  const startedAt = performance.now();
  const folder = mkdtempSync(join(tmpdir(), 'wechat-token-matrix-'));
  const consumer = new Consumer(folder, await programsOf(cell));
  let versions = {};
  let failure: CellReport['failure'];
  try {
    writeConsumer(cell, tarball, folder);
    await consumer.install();
    versions = { ...versionsIn(folder), ...(await consumer.versions()) };
    await consumer.compile();
    await consumer.check(await database.create());
    await consumer.test(hostOf(cell).runner, await database.create());
    // With TypeORM 1 they are tested in test/contract.
    if (cell.host === 'Nest 11 CJS')
      await consumer.runSchemaTools(
        dataSourceOptions(cell, await database.create()),
      );
  } catch (error) {
    if (!(error instanceof CheckFailed)) throw error;
    failure = { check: error.check, output: error.message };
  } finally {
    rmSync(folder, { recursive: true, force: true, maxRetries: 5 });
  }
  const seconds = (performance.now() - startedAt) / 1000;
  const { passed } = consumer;
  const databaseVersion = database.version;
  return { cell, passed, failure, seconds, versions, databaseVersion };
}

class Consumer {
  readonly passed: string[] = [];

  constructor(
    private readonly folder: string,
    private readonly programs: Programs,
  ) {}

  async install(): Promise<void> {
    const { manager } = this.programs;
    const output = await this.run(manager, ['install', '--prefer-offline']);
    this.expect('install', output.code === 0, output);
  }

  async versions(): Promise<Record<string, string>> {
    const { node, manager } = this.programs;
    const [ofNode, ofManager] = await Promise.all([
      this.run(node, ['--version']),
      this.run(manager, ['--version']),
    ]);
    return {
      node: ofNode.stdout.trim().replace('v', ''),
      manager: ofManager.stdout.trim(),
    };
  }

  /** With the types of all packages, which may be wrong where they are neither the consumer's nor ours. */
  async compile(): Promise<void> {
    const output = await this.script('typescript/bin/tsc');
    const faults = output.stdout
      .split('\n')
      .filter((line) => /: error TS\d+:/.test(line) && !isOfOthers(line));
    this.expect('types', faults.length === 0, output);
  }

  async check(database: string): Promise<void> {
    const output = await this.node(['dist/checks.js'], database);
    for (const name of CHECKS)
      this.expect(name, output.stdout.includes(`passed: ${name}\n`), output);
    this.expect('end', output.code === 0, output);
  }

  /** `synchronize`, `schema:log` and `migration:generate`, by the TypeORM of the consumer. */
  async runSchemaTools(database: object): Promise<void> {
    const args = [SCHEMA_TOOLS, this.folder, JSON.stringify(database)];
    const output = await this.node(args);
    this.expect('schema tools', output.code === 0, output);
  }

  async test(runner: 'vitest' | 'jest', database: string): Promise<void> {
    const output =
      runner === 'jest'
        ? await this.script('jest/bin/jest.js', [], database)
        : await this.script('vitest/vitest.mjs', ['run'], database);
    this.expect('a spec with overrideProvider', output.code === 0, output);
  }

  private expect(check: string, isPassed: boolean, output: Output): void {
    if (!isPassed) throw new CheckFailed(check, output);
    this.passed.push(check);
  }

  private script(
    path: string,
    args: readonly string[] = [],
    database?: string,
  ) {
    return this.node([join('node_modules', path), ...args], database);
  }

  private node(args: readonly string[], database = ''): Promise<Output> {
    return this.run(this.programs.node, args, { DATABASE: database });
  }

  private run(program: string, args: readonly string[], extra = {}) {
    const env = { ...this.programs.env, ...extra };
    return run(program, args, { cwd: this.folder, env });
  }
}

/** pnpm's folders have the name of a package twice; the last is that of the file. */
function isOfOthers(fault: string): boolean {
  const own = fault.lastIndexOf('node_modules/nestjs-wechat-token/');
  return (
    fault.startsWith('node_modules/') &&
    own !== fault.lastIndexOf('node_modules/')
  );
}
