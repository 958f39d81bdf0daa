import { GatedRunner } from './gated-runner.js';
import type { Gates } from './gates.js';
import type { Invariants } from './invariants.js';
import type { ModelDatabase } from './model-database.js';
import { type ModelPlatform, modelSource } from './model-platform.js';
import type { Ground } from './model-replica.js';
import { ModelClock, type ModelTime } from './model-time.js';
import type { Scenario } from './scenario.js';

/** What all replicas of a run share. */
export interface Shared {
  readonly gates: Gates;
  readonly time: ModelTime;
  readonly platform: ModelPlatform;
  readonly database: ModelDatabase;
  readonly invariants: Invariants;
}

/** One replica's way to all that is shared; the first one is called A. */
export function groundOf(
  { mode, sabotage, clockStands }: Scenario,
  index: number,
  { gates, time, platform, database, invariants }: Shared,
): Ground {
  const id = String.fromCharCode('A'.charCodeAt(0) + index);
  const standsStill = clockStands === true && index === 0;
  return {
    id,
    mode,
    clock: new ModelClock(standsStill ? { now: 0 } : time, gates, id),
    sql: new GatedRunner(database, gates, id, invariants, sabotage),
    source: modelSource(platform, mode, gates, id, invariants),
  };
}
