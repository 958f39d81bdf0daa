import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { PYTHON } from '../support/tools.js';
import { recipe } from './recipe.js';
import type { SdkClient, TokenServerAccess } from './sdk-clients.js';

/** Where Python finds the model of wechatpy. */
const PYTHON_PATH = join(import.meta.dirname, 'python');

type PythonClient = SdkClient & AsyncDisposable;

/** The recipe for wechatpy, on the server's tokens. */
export function pythonClient(
  { server, key, name = 'access_token' }: TokenServerAccess,
  wechatUrl: string,
): Promise<PythonClient> {
  return caller(
    ['managed-tokens', 'wechatpy'],
    `ManagedWeChatClient("wx_any", ManagedTokens("${server}", "${key}", "${name}"))`,
    wechatUrl,
  );
}

/** The recipe for wechatpy with the app as the host of the token endpoint. */
export function hostedPythonClient(host: {
  url: string;
  appId: string;
  secret: string;
}): Promise<PythonClient> {
  return caller(
    ['hosted-wechatpy'],
    `HostedWeChatClient("${host.appId}", "${host.secret}", token_server="${host.url}")`,
    host.url,
  );
}

/** The recipe for wechatpy.work, with the app as the host of tokens and tickets: those of the corporation, and of the application. */
export async function hostedWorkClient(host: {
  url: string;
  wecomUrl: string;
  corpId: string;
  secret: string;
}): Promise<AsyncDisposable & { tickets(): Promise<string[]> }> {
  const client = await lines(
    ['hosted-wechatpy-work'],
    `HostedWorkClient("${host.corpId}", "${host.secret}", token_server="${host.url}")`,
    host.wecomUrl,
    'tickets.py',
  );
  return {
    ...client,
    tickets: async () => (await client.next()).split(' '),
  };
}

async function caller(
  recipes: readonly string[],
  client: string,
  wechatUrl: string,
): Promise<PythonClient> {
  const python = await lines(recipes, client, wechatUrl, 'calls.py');
  return {
    ...python,
    call: async () => {
      const line = await python.next();
      if (line !== 'ok') throw new Error(line);
    },
  };
}

/** A client of Python in a process that lives as long as it does, and prints a line for each that it is sent. */
async function lines(
  recipes: readonly string[],
  client: string,
  wechatUrl: string,
  calls: string,
): Promise<AsyncDisposable & { next(): Promise<string> }> {
  const script = [
    ...recipes.map((name) => recipe('python', name)),
    `client = ${client}`,
    `client.API_BASE_URL = "${wechatUrl}/cgi-bin/"`,
    readFileSync(join(PYTHON_PATH, calls), 'utf8'),
  ].join('\n');
  const python = spawn(PYTHON, ['-c', script], {
    env: { PYTHONPATH: PYTHON_PATH, PYTHONDONTWRITEBYTECODE: '1' },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  await once(python, 'spawn');
  const printed = createInterface(python.stdout)[Symbol.asyncIterator]();
  return {
    next: async () => {
      python.stdin.write('\n');
      const { value, done } = await printed.next();
      if (done) throw new Error('Python has ended');
      return value;
    },
    [Symbol.asyncDispose]: async () => {
      const ended = once(python, 'close');
      python.stdin.end();
      await ended;
    },
  };
}
