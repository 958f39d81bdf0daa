import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import os from 'node:os';
import { join } from 'node:path';
import { PROJECT } from './project.js';

/** The conditions of a measurement besides the code. */
export interface Circumstances {
  readonly date: string;
  /** The commit, with `+changes` when the working tree has uncommitted changes. */
  readonly commit: string;
  readonly machine: Machine;
  /** The versions of databases and packages. */
  readonly versions: Readonly<Record<string, string>>;
}

export interface Machine {
  readonly cpu: string;
  readonly cores: number;
  readonly memoryGiB: number;
  readonly os: string;
  readonly node: string;
  /** The load average of the minute before; well above 0 means that other processes were running. */
  readonly loadBefore: number;
}

const PACKAGES = [
  'co-wechat-api',
  'node-easywechat',
  'nest-wechat',
  '@nestjs/core',
  'typeorm',
  'mysql2',
  'pg',
  'libsql',
];

export function machine(): Machine {
  return {
    cpu: os.cpus()[0]?.model.trim() ?? 'unknown',
    cores: os.availableParallelism(),
    memoryGiB: Math.round(os.totalmem() / 2 ** 30),
    os: `${distribution()}, ${os.type()} ${os.release()}`,
    node: process.version,
    loadBefore: Number(os.loadavg()[0]?.toFixed(1)),
  };
}

export function commit(): string {
  const head = git('rev-parse', '--short=12', 'HEAD');
  // The files that the benchmarks write do not count.
  const paths = ['.', ':!bench/results', ':!docs'];
  return git('status', '--porcelain', '--', ...paths)
    ? `${head}+changes`
    : head;
}

export function packageVersions(): Record<string, string> {
  return Object.fromEntries(PACKAGES.map((name) => [name, versionOf(name)]));
}

function versionOf(name: string): string {
  const file = join(PROJECT, 'node_modules', name, 'package.json');
  return JSON.parse(readFileSync(file, 'utf8')).version;
}

function distribution(): string {
  const file = '/etc/os-release';
  const text = existsSync(file) ? readFileSync(file, 'utf8') : '';
  return /^PRETTY_NAME="(.*)"$/m.exec(text)?.[1] ?? os.platform();
}

function git(...args: string[]): string {
  return spawnSync('git', args, {
    cwd: PROJECT,
    encoding: 'utf8',
  }).stdout.trim();
}
