// `npm run chaos -- --minutes 30 [file] [options of vitest]`: the chaos suite in its long form, or one file of it.
// The build is brought up to date by the tests themselves (test/support/build.ts).
import { spawn } from 'node:child_process';
import { constants } from 'node:os';
import { fileURLToPath } from 'node:url';

const DEFAULT_MINUTES = '30';
/** One day; a larger number is taken for a typing error. */
const MAX_MINUTES = 1440;

/** Takes `--minutes` out of the arguments, in either form of it; undefined for one without a value. */
function parse(args) {
  const rest = [...args];
  const at = rest.findIndex((arg) => /^--minutes(=|$)/.test(arg));
  if (at === -1) return { minutes: DEFAULT_MINUTES, rest };
  const [option] = rest.splice(at, 1);
  const [, inline] = option.split('=', 2);
  return { minutes: inline ?? rest.splice(at, 1)[0], rest };
}

const { minutes, rest } = parse(process.argv.slice(2));
if (
  !/^\d+(\.\d+)?$/.test(minutes ?? '') ||
  !(Number(minutes) > 0 && Number(minutes) <= MAX_MINUTES)
) {
  const given = minutes === undefined ? 'nothing' : `"${minutes}"`;
  process.stderr.write(
    `npm run chaos: --minutes must be a number above 0 and up to ${MAX_MINUTES}, such as --minutes 30, not ${given}.\n`,
  );
  process.exit(2);
}

const vitest = fileURLToPath(
  new URL('../node_modules/vitest/vitest.mjs', import.meta.url),
);
const project = fileURLToPath(new URL('..', import.meta.url));
const file = rest[0]?.startsWith('-') === false ? rest.shift() : '';
// The scenarios share the minutes, one after the other.
const args = ['run', `test/chaos/${file}`, '--no-file-parallelism', ...rest];
const child = spawn(process.execPath, [vitest, ...args], {
  cwd: project,
  stdio: 'inherit',
  env: { ...process.env, CHAOS_MINUTES: minutes },
});
// A Ctrl-C reaches vitest too, which then ends in good order; this waits for it.
for (const signal of ['SIGINT', 'SIGTERM'])
  process.on(signal, () => child.kill(signal));
child.on('exit', (code, signal) =>
  process.exit(code ?? 128 + constants.signals[signal]),
);
