import { type ChildProcess, spawn } from 'node:child_process';
import { BUILT_APP, PROJECT } from './build.js';

export interface Exit {
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
}

/** The built app as a process of its own, from the moment it is spawned. */
export interface SpawnedApp extends AsyncDisposable {
  readonly pid: number | undefined;
  /** Its address, once it has printed it. Rejects with an {@link AppEndedError} when it ends before. */
  readonly listening: Promise<string>;
  /** Settles when it has ended and all that it wrote has been read. */
  readonly exit: Promise<Exit>;
  /** Its standard output so far. */
  logs(): string;
  stderr(): string;
  /** Stops it, by default with SIGTERM, and waits for its end; kills it after 20 s. May be called repeatedly. */
  stop(signal?: NodeJS.Signals): Promise<Exit>;
}

/** The app, listening. */
export interface AppProcess extends SpawnedApp {
  /** Such as `http://127.0.0.1:40123`. */
  readonly url: string;
}

export interface RunAppOptions {
  /** Where a relative path of a setting begins. Default: the project's folder. */
  readonly cwd?: string;
  /** Run in place of `dist/main.js`, such as `dist/demo.js`. */
  readonly script?: string;
  /** Run in place of Node and a script: a program with its arguments, which ends up listening as the app does. */
  readonly command?: readonly [string, ...string[]];
  /** Puts it into a process group of its own, all of which gets every signal, as from a terminal's Ctrl-C. */
  readonly inGroup?: boolean;
  /** Options for Node itself. */
  readonly nodeOptions?: readonly string[];
  /** How long it may take until it listens; then it is killed. Default: 180 s. */
  readonly startTimeoutMs?: number;
}

/** It ended, or was killed for taking too long, before it listened. */
export class AppEndedError extends Error {
  constructor(
    readonly exit: Exit,
    readonly stdout: string,
    readonly stderr: string,
  ) {
    super(
      `The app ended with ${exit.code ?? exit.signal} before it listened:\n${stderr || stdout}`,
    );
  }
}

const STOP_TIMEOUT_MS = 20_000;

/** Starts the app and waits until it listens. @throws AppEndedError */
export async function runApp(
  env: Readonly<Record<string, string>>,
  options: RunAppOptions = {},
): Promise<AppProcess> {
  const app = spawnApp(env, options);
  return { ...app, url: await app.listening };
}

/** Starts the app. Its environment is PATH, `PORT=0` and what is given, nothing else; it dies with this process. */
export function spawnApp(
  env: Readonly<Record<string, string>>,
  options: RunAppOptions = {},
): SpawnedApp {
  const { nodeOptions = [], script = BUILT_APP, inGroup = false } = options;
  const [program, ...args] = options.command ?? [
    process.execPath,
    ...nodeOptions,
    script,
  ];
  const child = spawn(program, args, {
    cwd: options.cwd ?? PROJECT,
    env: { PATH: process.env['PATH'], PORT: '0', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    detached: inGroup,
  });
  const kill = (signal: NodeJS.Signals) =>
    inGroup ? killGroup(child, signal) : child.kill(signal);
  endWithThisProcess(child, () => kill('SIGKILL'));
  const logs = collect(child.stdout);
  const stderr = collect(child.stderr);
  const exit = new Promise<Exit>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (code, signal) => resolve({ code, signal }));
  });
  const listening = new Promise<string>((resolve, reject) => {
    const limit = setTimeout(
      () => kill('SIGKILL'),
      options.startTimeoutMs ?? 180_000,
    );
    const look = () => {
      const url = /listens on (http:\/\/[^\s"]+)/.exec(logs())?.[1];
      if (!url) return;
      clearTimeout(limit);
      child.stdout.off('data', look);
      resolve(url);
    };
    child.stdout.on('data', look);
    exit
      .then((ended) => reject(new AppEndedError(ended, logs(), stderr())))
      .catch(reject)
      .finally(() => clearTimeout(limit));
  });
  // A test that waits for `exit` alone is not to fail for this one.
  listening.catch(() => undefined);
  const stop = async (signal: NodeJS.Signals = 'SIGTERM') => {
    kill(signal);
    const limit = setTimeout(() => kill('SIGKILL'), STOP_TIMEOUT_MS);
    return exit.finally(() => clearTimeout(limit));
  };
  return {
    pid: child.pid,
    listening,
    exit,
    logs,
    stderr,
    stop,
    [Symbol.asyncDispose]: async () => {
      await stop('SIGKILL');
    },
  };
}

function collect(stream: NodeJS.ReadableStream): () => string {
  let text = '';
  stream.setEncoding('utf8').on('data', (chunk: string) => (text += chunk));
  return () => text;
}

/** What kills those that run. */
const running = new Map<ChildProcess, () => void>();
const killAll = () => running.forEach((kill) => kill());
process.once('exit', killAll);
// A worker of vitest lives on for a while when the main process is killed; for its apps the run has ended.
process.once('disconnect', killAll);

function endWithThisProcess(child: ChildProcess, kill: () => void): void {
  running.set(child, kill);
  child.once('close', () => running.delete(child));
}

function killGroup(child: ChildProcess, signal: NodeJS.Signals): void {
  if (child.pid === undefined || !running.has(child)) return;
  try {
    process.kill(-child.pid, signal);
  } catch (error) {
    // All of them have ended, and only what they wrote is still to be read.
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}
