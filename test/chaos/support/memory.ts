import { readFileSync } from 'node:fs';

/** A process on this machine. */
interface Process {
  readonly pid: number | undefined;
}

/** The most memory that the process has held so far, megabytes; Linux only. */
export function peakMegabytes(process: Process): number {
  return statusOf(process, 'VmHWM');
}

/** The memory that it holds now. */
export function residentMegabytes(process: Process): number {
  return statusOf(process, 'VmRSS');
}

function statusOf({ pid }: Process, field: string): number {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8');
  const line = new RegExp(`^${field}:\\s+(\\d+) kB$`, 'm').exec(status);
  if (!line) throw new Error(`process ${pid} has no ${field}`);
  return Number(line[1]) / 1024;
}
