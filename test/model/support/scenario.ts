import { byDepth } from '../../support/depth.js';
import type { RenewalIntent } from '../../../src/wechat-token/renewal/policy/policy.js';
import type { Sabotage, StatementName } from './gated-runner.js';
import type { StoredToken } from './model-database.js';
import type { ModelMode } from './model-platform.js';

/** How often each thing may go wrong in one run. */
export interface Bounds {
  /** Two thirds of a lease pass while all replicas are suspended. */
  readonly ticks: number;
  readonly crashes: number;
  /** The platform has acted, and the replica gets an error. */
  readonly lostAnswers: number;
  /** A statement does not change the row, or it does, and the replica gets an error. */
  readonly failedWrites: number;
  /** Another system has the platform issue a new token. */
  readonly rotations: number;
  /** The database fails over to a server that has not got the last one or two writes. */
  readonly failovers: number;
}

const NO_FAULTS: Bounds = {
  ticks: 0,
  crashes: 0,
  lostAnswers: 0,
  failedWrites: 0,
  rotations: 0,
  failovers: 0,
};

export interface Scenario {
  readonly mode: ModelMode;
  /** What the row holds at the beginning. */
  readonly stored: StoredToken;
  /** How many tokens the platform has issued since the stored one. */
  readonly ahead: number;
  /** What each replica does, one renewal after the other. */
  readonly replicas: readonly (readonly RenewalIntent[])[];
  readonly bounds: Bounds;
  /** How many calls they make at most when nothing goes wrong. */
  readonly calls: number;
  /** The statements that {@link Bounds.failedWrites} is about; default: those that store a token. */
  readonly failing?: readonly StatementName[];
  readonly sabotage?: Sabotage;
  /** The first replica's clock stands, as if its machine slept. */
  readonly clockStands?: boolean;
  /** Versions are counted only, and not taken from the database's clock. */
  readonly versionsAreCounted?: boolean;
  /** A violation is noted, and ends only the run: for faults that are built in. */
  readonly isBroken?: boolean;
}

/** As often as is said; what is not named does not happen. */
export function boundedBy(faults: Partial<Bounds>): Bounds {
  return { ...NO_FAULTS, ...faults };
}

export const DUE = { kind: 'due' } as const;
export const CONFIRM = { kind: 'due-or-unconfirmed' } as const;
export const FORCE = { kind: 'forced' } as const;
/** A caller whose token, the stored one, was refused. */
export const REPORT = { kind: 'rejected', value: 'T0' } as const;

/** Two replicas at once need a new token, as after a long outage. */
export const CLASSIC: Scenario = {
  mode: 'classic',
  stored: 'expired',
  ahead: 0,
  replicas: [[DUE], [DUE]],
  calls: 1,
  bounds: boundedBy(
    byDepth({
      short: { ticks: 2, crashes: 1 },
      full: { ticks: 2, crashes: 1 },
      nightly: { ticks: 2, crashes: 1, lostAnswers: 1 },
    }),
  ),
};
