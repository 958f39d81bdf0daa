// `npm run check`: all that `npm test` does before the tests, as much of it at a time as there is an order for. What a step
// prints is shown when that step ends. Ends with 1 when a step failed.
import { spawn } from 'node:child_process';

/** Side by side; what stands in one line runs in that order. The linter reads the types of the build. */
const LANES = [['build', 'lint'], ['types']];

function run(step) {
  const startedAt = performance.now();
  // One pipe for both streams keeps their order.
  const child = spawn('sh', ['-c', `exec npm run --silent ${step} 2>&1`], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let output = '';
  child.stdout.setEncoding('utf8').on('data', (chunk) => (output += chunk));
  return new Promise((resolve) => {
    child.on('error', (error) => (output += `${error.message}\n`));
    child.on('close', (code) => {
      const seconds = ((performance.now() - startedAt) / 1000).toFixed(1);
      const end = code === 0 ? 'ok' : 'FAILED';
      process.stdout.write(`[check] ${step}: ${end}, ${seconds} s\n${output}`);
      resolve(code === 0);
    });
  });
}

async function runLane(steps) {
  for (const step of steps) if (!(await run(step))) return step;
  return undefined;
}

const failed = (await Promise.all(LANES.map(runLane))).filter(Boolean);
if (failed.length > 0) {
  process.stdout.write(`[check] failed: ${failed.join(', ')}\n`);
  process.exit(1);
}
