import { spawn } from 'node:child_process';

/** Outlives this process, if only for a moment: when it ends in whatever way (SIGKILL included) the watchdog kills
 * the process group that it watches, and removes the folder. */
export interface Watchdog {
  watch(pid: number | undefined): void;
  dismiss(): void;
}

// It learns of our death by the end of its standard input. `detached`, so that a Ctrl-C does not end it first.
const script = `
pid=
while read -r line; do pid=$line; done
[ -z "$pid" ] || kill -s KILL -- "-$pid" 2>/dev/null
rm -rf "$1" 2>/dev/null || { sleep 1; rm -rf "$1"; }
`;

export function startWatchdog(folder: string): Watchdog {
  const child = spawn('/bin/sh', ['-c', script, 'watchdog', folder], {
    stdio: ['pipe', 'ignore', 'ignore'],
    detached: true,
  });
  // Writing to a watchdog that somebody killed is no reason to fail a test.
  child.stdin.on('error', () => undefined);
  const release = () => child.stdin.end();
  // A worker of vitest lives on for a while when the main process is killed; for its servers the run has ended.
  process.once('disconnect', release);
  return {
    watch: (pid) => child.stdin.writable && child.stdin.write(`${pid ?? ''}\n`),
    dismiss: () => {
      process.off('disconnect', release);
      release();
    },
  };
}
