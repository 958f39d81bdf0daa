import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { WrongClock } from './wrong-clock.js';

const HOUR = 3600;

/** Answers a line with its wall clock, its monotonic clock, and how long a timer of 50 ms took by that. */
const PROGRAM = `
const { createInterface } = require('node:readline');
const print = async () => {
  const from = performance.now();
  await new Promise((resolve) => setTimeout(resolve, 50));
  const to = performance.now();
  console.log(JSON.stringify({ wall: Date.now(), monotonic: to, timer: to - from }));
};
createInterface({ input: process.stdin }).on('line', print);
`;

interface Clocks {
  readonly wall: number;
  readonly monotonic: number;
  readonly timer: number;
}

function startProgram(env: Record<string, string>) {
  const child = spawn(process.execPath, ['-e', PROGRAM], {
    env: { PATH: process.env['PATH'], ...env },
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const lines = createInterface({ input: child.stdout });
  return {
    async clocks(): Promise<Clocks> {
      const answer = once(lines, 'line');
      child.stdin.write('\n');
      const [line] = (await answer) as [string];
      return JSON.parse(line) as Clocks;
    },
    [Symbol.dispose]: () => void child.kill('SIGKILL'),
  };
}

/** Seconds by which that wall clock is ahead of ours, rounded. */
const ahead = ({ wall }: Clocks) => Math.round((wall - Date.now()) / 1000) || 0;

describe('a wrong wall clock', () => {
  it.each([HOUR, 0, -HOUR])('is %i s ahead', async (seconds) => {
    using clock = new WrongClock(seconds);
    using program = startProgram(clock.env);

    expect(ahead(await program.clocks())).toBe(seconds);
  });

  it('jumps in a process that runs, and takes neither its monotonic clock nor its timers along', async () => {
    using clock = new WrongClock();
    using program = startProgram(clock.env);
    const started = performance.now();
    const before = await program.clocks();

    for (const seconds of [HOUR, -HOUR, 0.5 * HOUR]) {
      clock.set(seconds);
      const after = await program.clocks();
      expect(ahead(after)).toBe(seconds);
      expect(after.timer).toBeGreaterThan(45);
      expect(after.timer).toBeLessThan(1000);
      expect(after.monotonic - before.monotonic).toBeLessThanOrEqual(
        performance.now() - started,
      );
    }
  });

  it('affects no other process', async () => {
    using _clock = new WrongClock(HOUR);
    using program = startProgram({});

    expect(ahead(await program.clocks())).toBe(0);
  });
});
