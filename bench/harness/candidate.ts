/** A CPU-bound operation to be timed, which waits for no I/O. */
export interface Candidate {
  readonly key: string;
  /** Runs the operation `times` times in its own loop: V8 could not inline the operations in a shared one. */
  readonly run: (times: number) => Promise<void>;
}

export interface Timed {
  readonly key: string;
  /** Nanoseconds per operation in each round. */
  readonly values: readonly number[];
}

const WARM_UP_MS = 300;

/**
 * Times all candidates in each round, in alternating order, so that no candidate always runs after the same one.
 * @param blockMs The approximate time for which one candidate is timed without interruption.
 */
export async function timeRounds(
  candidates: readonly Candidate[],
  rounds: number,
  blockMs: number,
): Promise<Timed[]> {
  const blocks: { candidate: Candidate; times: number; values: number[] }[] =
    [];
  for (const candidate of candidates) {
    const times = await timesIn(candidate, blockMs);
    blocks.push({ candidate, times, values: [] });
  }
  for (let round = 0; round < rounds; round++)
    for (const block of round % 2 ? blocks.toReversed() : blocks) {
      const ms = await timed(block.candidate, block.times);
      block.values.push((ms * 1e6) / block.times);
    }
  return blocks.map(({ candidate: { key }, values }) => ({ key, values }));
}

/** Warms the candidate up, and determines how often it runs within `blockMs`. */
async function timesIn(candidate: Candidate, blockMs: number): Promise<number> {
  let times = 100;
  let spent = 0;
  for (;;) {
    const ms = await timed(candidate, times);
    spent += ms;
    if (spent > WARM_UP_MS && ms > blockMs / 4)
      return Math.ceil((times * blockMs) / ms);
    if (ms < blockMs) times *= 2;
  }
}

/** The CPU time of `times` runs, milliseconds; other processes do not count. */
async function timed({ run }: Candidate, times: number): Promise<number> {
  const before = process.cpuUsage();
  await run(times);
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}

const ALLOCATION_SAMPLES = 1000;
const TIMES_IN_SAMPLE = 1000;

/**
 * The heap allocation of one operation in bytes, over a million runs: the median of a thousand samples, since a garbage
 * collection distorts the few samples that it falls into.
 */
export async function allocationOf({ run }: Candidate): Promise<number> {
  const samples = new Float64Array(ALLOCATION_SAMPLES);
  for (let sample = 0; sample < ALLOCATION_SAMPLES; sample++) {
    const before = process.memoryUsage().heapUsed;
    await run(TIMES_IN_SAMPLE);
    samples[sample] = process.memoryUsage().heapUsed - before;
  }
  samples.sort();
  return Math.max(0, samples[ALLOCATION_SAMPLES / 2] ?? 0) / TIMES_IN_SAMPLE;
}
