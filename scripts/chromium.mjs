// A headless Chromium that reaches this machine and no other, for the tests of the console and for its screenshots.
import { execFileSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { chromium } from 'playwright-core';

const FIND = fileURLToPath(new URL('chromium.sh', import.meta.url));
const FLAGS = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  // Whatever else it might ask for: no other name has an address.
  '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1',
];

/** The path of a Chromium, which is installed first where there is none. Throws with what to do where that is not possible. */
export function findChromium() {
  return execFileSync(FIND, {
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'inherit'],
  }).trim();
}

/** Starts it; a busy machine may take its time. */
export function launchChromium() {
  return chromium.launch({
    executablePath: findChromium(),
    args: FLAGS,
    timeout: 180_000,
  });
}
