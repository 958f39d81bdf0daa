/** Something that is done over and over, to be timed: it keeps the processor busy, and waits for nothing. */
export interface Candidate {
  readonly key: string;
  /** Does it so often, in a loop of its own: in a shared one the engine could not inline any of them. */
  readonly run: (times: number) => Promise<void>;
}

export interface Timed {
  readonly key: string;
  /** Nanoseconds for one, in each round. */
  readonly values: readonly number[];
}

const WARM_UP_MS = 300;

/**
 * Times all of them in each round, forwards and backwards in turn, so that none is always the one before or after another.
 * @param blockMs How long one of them is timed at a stretch, about.
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

/** Warms it up, and finds how often it can be done in so long. */
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

/** Milliseconds of processor time: what other processes do meanwhile does not count. */
async function timed({ run }: Candidate, times: number): Promise<number> {
  const before = process.cpuUsage();
  await run(times);
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1000;
}

const ALLOCATION_SAMPLES = 1000;
const TIMES_IN_SAMPLE = 1000;

/**
 * Bytes that one allocates on the heap, over a million: the median of a thousand samples, since a garbage collection spoils
 * the few that it falls into.
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
