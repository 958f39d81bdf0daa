/** One run of a system whose every choice is the explorer's. The same choices make the same run. */
export interface Run {
  /** What can happen next; empty when the run has ended. */
  choices(): readonly string[];
  take(choice: number): Promise<void>;
  /** Equal for two states from which the same can happen. */
  state(): string;
  /** What was worth counting so far; grows. */
  readonly notes: readonly string[];
  /** Checks what must hold at the end. */
  finish(): Promise<void>;
}

export interface Exploration {
  /** Orders in which the steps can happen, each with its faults: the ways through the graph of states. */
  readonly interleavings: bigint;
  readonly states: number;
  readonly endStates: number;
  /** How often the system was run. */
  readonly runs: number;
  /** How many transitions each note was made at. */
  readonly notes: ReadonlyMap<string, number>;
}

interface Frame {
  readonly state: string;
  readonly choices: readonly string[];
  chosen: number;
  ways: bigint;
}

/**
 * Takes every choice in every state, depth first. A run cannot be taken back, so each branch is a new run that repeats the
 * choices before it; a state that was seen already is not entered again, only its ways to an end are counted again.
 * @param sought A note that ends the exploration.
 */
export async function explore(
  start: () => Promise<Run>,
  sought?: string,
): Promise<Exploration> {
  const path: Frame[] = [];
  const waysFrom = new Map<string, bigint>();
  const notes = new Map<string, number>();
  let [endStates, runs] = [0, 0];
  let ways = 0n;
  do {
    const run = await start();
    runs += 1;
    for (const frame of path.slice(0, -1)) await run.take(frame.chosen);
    const branch = path.at(-1);
    if (branch) {
      expectSame(branch, run);
      count(notes, await notesOf(run, () => run.take(branch.chosen)));
    }
    let state = run.state();
    while (!waysFrom.has(state) && run.choices().length > 0) {
      if (path.some((frame) => frame.state === state))
        throw new Error(`round in circles: ${run.choices().join()}`);
      path.push({ state, choices: run.choices(), chosen: 0, ways: 0n });
      count(notes, await notesOf(run, () => run.take(0)));
      state = run.state();
    }
    if (!waysFrom.has(state)) {
      count(notes, await notesOf(run, () => run.finish()));
      endStates += 1;
      waysFrom.set(state, 1n);
    }
    ways = waysFrom.get(state) ?? 0n;
    ways = backToNextBranch(path, waysFrom, ways);
  } while (path.length > 0 && !(sought && notes.has(sought)));
  return { interleavings: ways, states: waysFrom.size, endStates, runs, notes };
}

/** Leaves the states all of whose choices were taken. Returns the ways from the last one that it left. */
function backToNextBranch(
  path: Frame[],
  waysFrom: Map<string, bigint>,
  ways: bigint,
): bigint {
  for (let frame = path.at(-1); frame; frame = path.at(-1)) {
    frame.ways += ways;
    frame.chosen += 1;
    if (frame.chosen < frame.choices.length) break;
    ways = frame.ways;
    waysFrom.set(frame.state, ways);
    path.pop();
  }
  return ways;
}

async function notesOf(
  run: Run,
  step: () => Promise<void>,
): Promise<readonly string[]> {
  const before = run.notes.length;
  await step();
  return run.notes.slice(before);
}

function expectSame(frame: Frame, run: Run): void {
  const [then, now] = [frame.choices.join(), run.choices().join()];
  if (then !== now || frame.state !== run.state())
    throw new Error(`the same choices made another run: ${then} / ${now}`);
}

function count(notes: Map<string, number>, made: readonly string[]): void {
  for (const note of made) notes.set(note, (notes.get(note) ?? 0) + 1);
}
