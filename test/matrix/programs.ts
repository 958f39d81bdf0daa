import { spawn } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  renameSync,
  rmSync,
} from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import { PROJECT } from '../support/build.js';
import type { Cell } from './cells.js';

const CACHE = join(PROJECT, '.cache/matrix');
/** Where better-sqlite3 is compiled on a busy machine. */
const TIME_LIMIT_MS = 20 * 60_000;

/** What a program printed; `code` is null when it was killed, by the time limit or by somebody else. */
export interface Output {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** The programs of a cell, and the environment that they run in. */
export interface Programs {
  readonly node: string;
  readonly manager: string;
  readonly env: NodeJS.ProcessEnv;
}

export async function programsOf(cell: Cell): Promise<Programs> {
  const node = await nodeBinary(cell.node);
  const manager = cell.manager === 'npm' ? 'npm' : await pnpm();
  // npm and pnpm are scripts for the first `node` on the PATH.
  const path = [dirname(node), process.env['PATH']].join(delimiter);
  const env = { ...ownEnvironment(), PATH: path };
  if (node === process.execPath) return { node, manager, env };
  // What is compiled is compiled for that Node, by the headers in its package.
  const built = `node_modules/node-${process.platform}-${process.arch}`;
  const headers = join(dirname(node), '..', built);
  return { node, manager, env: { ...env, npm_config_nodedir: headers } };
}

/** Runs a program to its end; it is killed with all that it has started when it takes too long, or when this process ends. */
export function run(
  program: string,
  args: readonly string[],
  options: { cwd: string; env: NodeJS.ProcessEnv },
): Promise<Output> {
  return new Promise((resolve, reject) => {
    const child = spawn(program, args, {
      ...options,
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: true, // the leader of a group of its own
    });
    const kill = () => child.pid && process.kill(-child.pid, 'SIGKILL');
    const limit = setTimeout(kill, TIME_LIMIT_MS);
    const ends = ['exit', 'disconnect'] as const;
    for (const end of ends) process.once(end, kill);
    const output = { stdout: '', stderr: '' };
    for (const name of ['stdout', 'stderr'] as const)
      child[name]
        .setEncoding('utf8')
        .on('data', (text: string) => (output[name] += text));
    child.once('error', reject);
    child.once('close', (code) => {
      clearTimeout(limit);
      for (const end of ends) process.off(end, kill);
      resolve({ code, ...output });
    });
  });
}

/** This process's own Node, or that of the npm package `node`. */
async function nodeBinary(major: number): Promise<string> {
  if (process.versions.node.startsWith(`${major}.`)) return process.execPath;
  const folder = await fromNpm('node', `${major}`);
  return join(folder, 'node_modules/node/bin/node');
}

async function pnpm(): Promise<string> {
  return join(await fromNpm('pnpm', 'latest'), 'node_modules/.bin/pnpm');
}

const started = new Map<string, Promise<string>>();

/** A folder with that package, which later runs find again. */
function fromNpm(name: string, version: string): Promise<string> {
  const folder = join(CACHE, `${name}-${version}`);
  if (existsSync(folder)) return Promise.resolve(folder);
  const installing = started.get(folder) ?? installAt(folder, name, version);
  started.set(folder, installing);
  return installing;
}

/** It appears whole or not at all, also when another run installs it at the same time. */
async function installAt(
  folder: string,
  name: string,
  version: string,
): Promise<string> {
  mkdirSync(CACHE, { recursive: true });
  const cwd = mkdtempSync(`${folder}-`);
  const options = { cwd, env: ownEnvironment() };
  const args = ['install', '--prefix=.', `${name}@${version}`];
  const { code, stderr } = await run('npm', args, options);
  if (code !== 0)
    throw new Error(`npm install ${name}@${version} failed:\n${stderr}`);
  try {
    renameSync(cwd, folder);
  } catch (error) {
    if (!existsSync(folder)) throw error;
    rmSync(cwd, { recursive: true });
  }
  return folder;
}

/** This process's, without what npm and vitest add for the programs that they run. */
function ownEnvironment(): NodeJS.ProcessEnv {
  const added =
    /^(?:npm_(?:package|lifecycle|config_local_prefix|command|execpath|node_execpath)|VITEST|NODE_ENV$|TEST(?:$|_)|INIT_CWD$)/;
  return Object.fromEntries(
    Object.entries(process.env).filter(([name]) => !added.test(name)),
  );
}
