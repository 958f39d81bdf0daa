import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import type { Reply } from '../harness/child.js';

export interface Start {
  /** The time from the start of the process to the first response, milliseconds. */
  readonly wallMs: number;
  /** The CPU time of the process until then. */
  readonly cpuMs: number;
  readonly token: string;
}

/** Starts the program, requests `path` as soon as its standard output shows where it listens, and stops it. */
export async function timeStart(
  file: URL,
  environment: Readonly<Record<string, string>>,
  path: string,
): Promise<Start> {
  const beganAt = performance.now();
  const child = fork(file, {
    env: environment,
    execArgv: [],
    stdio: ['ignore', 'pipe', 'inherit', 'ipc'],
  });
  const ended = once(child, 'exit');
  try {
    const response = await fetch((await addressOf(child)) + path);
    const { access_token: token } = (await response.json()) as {
      access_token: string;
    };
    const wallMs = performance.now() - beganAt;
    return { wallMs, cpuMs: await cpuMsOf(child), token };
  } finally {
    child.kill('SIGKILL');
    await ended;
  }
}

/** Waits for the URL in the output. @throws Error when the process ends without printing it */
async function addressOf({ stdout }: ChildProcess): Promise<string> {
  let said = '';
  for await (const chunk of stdout?.iterator({ destroyOnReturn: false }) ??
    []) {
    said += chunk;
    const address = /http:\/\/[\w.]+:\d+/.exec(said)?.[0];
    if (address && said.endsWith('\n')) return address;
  }
  throw new Error(`it does not listen: ${said}`);
}

async function cpuMsOf(child: ChildProcess): Promise<number> {
  child.send({ id: 0, method: 'cpuMs', input: null });
  const [reply] = (await once(child, 'message')) as [Reply];
  if ('error' in reply) throw new Error(reply.error);
  return Number(reply.output);
}
