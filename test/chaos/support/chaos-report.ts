import type { IncidentKind, Tally } from './tally.js';

/** What a run came to. */
export interface ChaosReport {
  readonly reads: number;
  readonly businessCalls: number;
  readonly kills: number;
  /** Calls of the endpoint that issues tokens. */
  readonly upstreamCalls: number;
  readonly issued: number;
  /**
   * How many of those calls the lives of the tokens account for, at most: none is due before two thirds of its life, and one
   * may be due at either end of the run. More than that is owed to faults.
   */
  readonly renewalsDue: number;
  readonly longestWaitMs: number;
  /** What the scan for secrets looked at. */
  readonly scanned: { readonly characters: number; readonly lines: number };
  /** Since the first process was started. */
  readonly seconds: number;
  readonly counts: Readonly<Partial<Record<IncidentKind, number>>>;
}

const ALWAYS_TOLD: readonly [kind: IncidentKind, as: string][] = [
  ['failed call', 'failed'],
  ['hung', 'hung'],
  ['late', 'late'],
  ['garbage', 'garbage'],
  ['secret', 'secrets shown'],
];
const TOLD_IF_ANY: readonly [kind: IncidentKind, as: string][] = [
  ['cut off', 'cut off'],
  ['overtaken', 'overtaken'],
  ['set back', 'set back'],
  ['crash', 'crashes'],
  ['hung process', 'hung processes'],
];

/** The one line that a run prints. */
export function reportLine(title: string, report: ChaosReport): string {
  const count = (kind: IncidentKind) => report.counts[kind] ?? 0;
  const told = [
    `${report.reads} reads`,
    `${count('bad token')} bad tokens`,
    `${count('refusal')} refusals`,
    `${report.kills} kills`,
    `${report.upstreamCalls} upstream calls`,
    `longest wait ${Math.round(report.longestWaitMs)} ms`,
    `${report.businessCalls} business calls`,
    ...ALWAYS_TOLD.map(([kind, as]) => `${count(kind)} ${as}`),
    ...TOLD_IF_ANY.filter(([kind]) => count(kind) > 0).map(
      ([kind, as]) => `${count(kind)} ${as}`,
    ),
    `${report.seconds.toFixed()} s`,
  ];
  return `[chaos] ${title}: ${told.join(', ')}`;
}

export function countIncidents(tally: Tally): ChaosReport['counts'] {
  const counts: Partial<Record<IncidentKind, number>> = {};
  for (const { kind } of tally.incidents)
    counts[kind] = (counts[kind] ?? 0) + 1;
  return counts;
}
