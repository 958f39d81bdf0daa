import {
  allocationOf,
  type Candidate,
  timeRounds,
} from '../harness/candidate.js';
import { serve } from '../harness/serve.js';
import type { HotPathInput } from './hot-path.input.js';
import { mapCandidate, ourCandidates } from './hot-path.ours.js';
import { peerCandidates } from './hot-path.peers.js';

const TOKEN = 'a constant';
const READY = Promise.resolve(TOKEN);
const floor = async () => TOKEN;

/** The floor: the parts of which every read of a token consists. */
const FLOORS: readonly Candidate[] = [
  {
    key: 'floor',
    run: async (times) => {
      for (let done = 0; done < times; done++) await floor();
    },
  },
  {
    key: 'ready-promise',
    run: async (times) => {
      for (let done = 0; done < times; done++) await READY;
    },
  },
  {
    key: 'clock',
    run: async (times) => {
      let latest = 0;
      for (let done = 0; done < times; done++) latest = performance.now();
      if (latest === 0) throw new Error('the clock does not advance');
    },
  },
];

let candidates: readonly Candidate[] = [];

serve({
  prepare: async (input: HotPathInput) => {
    candidates = [
      ...FLOORS,
      mapCandidate(input),
      ...(await ourCandidates(input)),
      ...(await peerCandidates(input)),
    ];
  },
  time: ({ rounds, blockMs }: { rounds: number; blockMs: number }) =>
    timeRounds(candidates, rounds, blockMs),
  allocations: async (keys: readonly string[]) => {
    const bytes: Record<string, number> = {};
    for (const candidate of candidates)
      if (keys.includes(candidate.key))
        bytes[candidate.key] = await allocationOf(candidate);
    return bytes;
  },
});
