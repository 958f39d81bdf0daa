import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { print } from './print.mjs';

const APP = fileURLToPath(new URL('../../../dist/main.js', import.meta.url));

/**
 * The app as a process of its own, with the settings of this one and a free port. Its log is printed, each line after
 * the replica's number.
 */
export function startReplica(number, databaseUrl) {
  const child = spawn(process.execPath, [APP], {
    env: {
      // The proxy's, which says who the client is.
      TRUST_PROXY: '127.0.0.1',
      ...process.env,
      DATABASE_URL: databaseUrl,
      HOST: '127.0.0.1',
      PORT: '0',
      LOG_FORMAT: 'json',
    },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  const ended = once(child, 'exit');
  const url = new Promise((resolve, reject) => {
    createInterface(child.stdout).on('line', (line) => {
      const [, address] = / listens on (http[^"]+)"/.exec(line) ?? [];
      if (!address) return print(`${number}> ${line}`);
      print(`replica ${number}: ${address}, process ${child.pid}`);
      resolve(address);
    });
    void ended.then(([code, signal]) => {
      print(`replica ${number} has ended: ${signal ?? `exit code ${code}`}`);
      reject(new Error(`Replica ${number} has ended before it was ready.`));
    });
  });
  return {
    /** Its address, once it listens. */
    url,
    async stop() {
      child.kill('SIGTERM');
      await ended;
    },
  };
}
