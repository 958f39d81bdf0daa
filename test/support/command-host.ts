import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { PROJECT } from './build.js';

const HOST = join(import.meta.dirname, 'command-host.mjs');
/** For a process that has nothing left to do. */
const END_MS = 20_000;

export interface CommandResult {
  readonly code: number;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a command of the build many times in one process: to start a process for each takes a second of the machine's time. */
export class CommandHost {
  private readonly child: ChildProcess;
  /** Its exit code, or the signal that ended it. */
  private readonly exit: Promise<string>;

  /** @param script Such as `dist/main.js`. It must end by itself: it is one that cannot start, or has a task that ends. */
  constructor(script: string) {
    this.child = fork(HOST, [join(PROJECT, script)], {
      cwd: PROJECT,
      execArgv: [],
    });
    this.exit = once(this.child, 'exit').then(([code, signal]) =>
      String(code ?? signal),
    );
  }

  /** Its environment is PATH, `PORT=0` and what is given, nothing else. */
  async run(
    env: Readonly<Record<string, string>>,
    args: readonly string[] = [],
  ): Promise<CommandResult> {
    const answer = once(this.child, 'message');
    this.child.send({
      env: { PATH: process.env['PATH'], PORT: '0', ...env },
      args,
    });
    const [result] = await Promise.race([answer, this.ended()]);
    return result as CommandResult;
  }

  /** @throws Error when one of the runs has left something open that keeps the process alive. */
  async end(): Promise<void> {
    this.child.disconnect();
    const limit = setTimeout(() => this.child.kill('SIGKILL'), END_MS);
    const end = await this.exit;
    clearTimeout(limit);
    if (end !== '0') throw new Error(`The process ended with ${end}`);
  }

  private async ended(): Promise<never> {
    throw new Error(`The process ended with ${await this.exit}`);
  }
}
