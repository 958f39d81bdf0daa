// Runs a built command again and again in one process, which loads what it needs once: for each environment that it is sent,
// it answers with the exit code and what was written. It ends when its parent disconnects and nothing else keeps it alive.
const [, , script] = process.argv;
const streams = ['stdout', 'stderr'];
/** A number for each run. */
let number = 0;

async function run(env) {
  process.env = env;
  process.exitCode = 0;
  const written = { stdout: '', stderr: '' };
  for (const stream of streams)
    process[stream].write = (chunk) => {
      written[stream] += chunk;
      return true;
    };
  // Evaluated anew for another query, unlike all that it imports.
  number += 1;
  await import(`${script}?${number}`);
  process.send({ code: process.exitCode, ...written });
  process.exitCode = 0;
}

process.on('message', (env) => void run(env));
