import { benchmarkNames, loadBenchmark } from './harness/discover.js';
import { commit, machine, packageVersions } from './harness/circumstances.js';
import { report } from './harness/report.js';
import { resultOf } from './harness/result.js';
import { saveResult } from './harness/results.js';
import { log } from './harness/log.js';
import { goalInWords } from './harness/words.js';

const REPORT_ONLY = '--report';

/** `npm run bench [names]`: runs these benchmarks, or all, and writes the report; `--report` only writes the report. */
async function main(args: readonly string[]): Promise<void> {
  if (!args.includes(REPORT_ONLY)) {
    const known = benchmarkNames();
    const unknown = args.filter((arg) => !known.includes(arg));
    if (unknown.length > 0) {
      log(
        `No such benchmark: ${unknown.join(', ')}. There are: ${known.join(', ')}.`,
      );
      process.exitCode = 2;
      return;
    }
    for (const name of args.length > 0 ? args : known) await runOne(name);
  }
  await report();
}

async function runOne(name: string): Promise<void> {
  const benchmark = await loadBenchmark(name);
  log(`${name}: ${benchmark.title}`);
  const before = { date: new Date().toISOString(), machine: machine() };
  const measurements = await benchmark.run();
  const versions = { ...packageVersions(), ...measurements.versions };
  const circumstances = { ...before, commit: commit(), versions };
  const result = resultOf(benchmark, measurements, circumstances);
  await saveResult(result);
  for (const goal of result.goals)
    log(
      `  ${goal.isReached ? 'reached' : 'NOT reached'}: ${goalInWords(goal)}`,
    );
}

await main(process.argv.slice(2));
