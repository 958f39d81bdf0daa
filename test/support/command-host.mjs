// Runs a built command again and again in one process, which loads what it needs once: for each environment and arguments that it is sent,
// it answers with the exit code and what was written. It ends when its parent disconnects and nothing else keeps it alive.
import { createRequire } from 'node:module';

const [, , script] = process.argv;
const streams = ['stdout', 'stderr'];
const require = createRequire(script);

async function run({ env, args }) {
  process.env = env;
  process.argv = [process.execPath, script, ...args];
  process.exitCode = 0;
  const written = { stdout: '', stderr: '' };
  for (const stream of streams)
    process[stream].write = (chunk) => {
      written[stream] += chunk;
      return true;
    };
  // Evaluated anew, unlike all that it imports.
  delete require.cache[script];
  await require(script).done;
  process.send({ code: process.exitCode, ...written });
  process.exitCode = 0;
}

process.on('message', (task) => void run(task));
