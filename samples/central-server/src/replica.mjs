import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { setTimeout as pause } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { print } from './print.mjs';
import { isReady } from './proxy.mjs';

const APP = fileURLToPath(new URL('../../../dist/main.js', import.meta.url));
const CHECK_INTERVAL_MS = 200;

/**
 * The app as a process of its own, with the settings of this one and a free port. What it prints is printed, each line
 * after the replica's number.
 */
export function startReplica(number, databaseUrl) {
  let child;
  let ended;
  /** The same again after a restart, since the proxy knows it. */
  let port = '0';
  let isOver = false;

  function start() {
    child = spawn(process.execPath, [APP], {
      env: {
        // The proxy's, which says who the client is.
        TRUST_PROXY: '127.0.0.1',
        ...process.env,
        DATABASE_URL: databaseUrl,
        HOST: '127.0.0.1',
        PORT: port,
        LOG_FORMAT: 'json',
      },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const { pid, stdout, stderr } = child;
    ended = once(child, 'exit');
    const say = (line) => print(`${number}> ${line}`);
    createInterface(stderr).on('line', say);
    return new Promise((resolve, reject) => {
      createInterface(stdout).on('line', (line) => {
        const [, address] = / listens on (http[^"]+)"/.exec(line) ?? [];
        if (!address) return say(line);
        port = new URL(address).port;
        print(`replica ${number}: ${address}, process ${pid}`);
        resolve(address);
      });
      void ended.then(([code, signal]) => {
        print(`replica ${number} has ended: ${signal ?? `exit code ${code}`}`);
        reject(new Error(`Replica ${number} has ended before it was ready.`));
      });
    });
  }

  async function end() {
    child.kill('SIGTERM');
    await ended;
  }

  return {
    /** Its address, once it listens. */
    url: start(),
    /** Settles when it is ready again. */
    async restart() {
      await end();
      if (isOver) return;
      const url = await start();
      while (!isOver && !(await isReady(url))) await pause(CHECK_INTERVAL_MS);
    },
    async stop() {
      isOver = true;
      await end();
    },
  };
}
