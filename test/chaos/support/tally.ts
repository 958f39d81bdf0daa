/** What should not happen, or only where the scenario says so. */
export type IncidentKind =
  /** A read was answered with a token that the platform does not accept. */
  | 'bad token'
  /** As that, but the answer was so long on its way that the token may have ended meanwhile: proves nothing. */
  | 'overtaken'
  /** A read was answered with an error. */
  | 'refusal'
  /** WechatApiClient gave its caller an error. */
  | 'failed call'
  /** The process was killed or stopped while it was asked. */
  | 'cut off'
  /** Answered, but later than the caller's timeout allows. */
  | 'late'
  /** Never answered. */
  | 'hung'
  /** A process ended unexpectedly. */
  | 'crash'
  /** A process did not end in time, or not cleanly, on SIGTERM. */
  | 'hung process'
  /** The row held something that the platform never issued. */
  | 'garbage'
  /** The row held a token older than one that it held before. */
  | 'set back'
  | 'secret';

export interface Incident {
  readonly kind: IncidentKind;
  /** Seconds since the run began. */
  readonly at: number;
  /** The replica's name, or what else it was seen in. */
  readonly where: string;
  readonly text: string;
}

/** What was counted in a run. */
export class Tally {
  reads = 0;
  businessCalls = 0;
  /** SIGKILLs and SIGSTOPs of replicas, and SIGKILLs of the database server. */
  kills = 0;
  longestWaitMs = 0;
  readonly incidents: Incident[] = [];
  private readonly startedAt = performance.now();

  /** Seconds since the run began, to name a phase of it in {@link of}. */
  get now(): number {
    return (performance.now() - this.startedAt) / 1000;
  }

  note(kind: IncidentKind, where: string, text: string): void {
    this.incidents.push({ kind, at: this.now, where, text });
  }

  waited(ms: number): void {
    this.longestWaitMs = Math.max(this.longestWaitMs, ms);
  }

  count(kind: IncidentKind): number {
    return this.incidents.filter((one) => one.kind === kind).length;
  }

  /** The incidents of these kinds, in words, like ones together; of a phase of the run, if one is given. */
  of(
    kinds: readonly IncidentKind[],
    { from = 0, to = Infinity }: { from?: number; to?: number } = {},
  ): string[] {
    const alike = new Map<string, Incident[]>();
    for (const incident of this.incidents) {
      const { kind, at, where, text } = incident;
      if (!kinds.includes(kind) || at < from || at > to) continue;
      const key = `${kind} ${where} ${text.replace(/\d+/g, '#')}`;
      const others = alike.get(key);
      if (others) others.push(incident);
      else alike.set(key, [incident]);
    }
    return [...alike.values()].map(inWords);
  }
}

function inWords(alike: readonly Incident[]): string {
  const [first, last] = [alike[0], alike.at(-1)];
  if (!first || !last) return '';
  const times = [first, last].map(({ at }) => at.toFixed(1)).join('–');
  return `${alike.length} × ${first.kind} at ${times} s, ${first.where}: ${first.text}`;
}
