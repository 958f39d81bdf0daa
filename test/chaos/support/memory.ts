import { readFileSync } from 'node:fs';
import type { ChaosReplica } from './chaos-replica.js';

/** The most memory that its process has held so far, megabytes; Linux only. */
export function peakMegabytes({ pid, name }: ChaosReplica): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const [, kilobytes] = /^VmHWM:\s+(\d+) kB$/m.exec(status) ?? [];
  if (kilobytes === undefined) throw new Error(`${name} has no VmHWM`);
  return Number(kilobytes) / 1024;
}
