/** The first step of every round of a renewal. */
export const READS = 'read';
/** The step of a replica that sleeps. */
export const WAKES_UP = 'wakes up';
/** The first step of a call to the platform. */
export const CALLS = 'call arrives';

/** The second one. */
export const ANSWERS = 'answer arrives';

/** How a step that stood at its gate goes on. A lost step never reaches the other side; a lost answer comes after it was done. */
export type Passage = 'done' | 'lost' | 'answer lost';

/** A replica that can only go on when the model lets it. */
export interface WaitingStep {
  readonly replica: string;
  readonly what: string;
  readonly pass: (passage: Passage) => void;
}

/**
 * Where replicas stand whenever they would touch what they share, or sleep. Between two gates a replica runs alone and without
 * a timer, so the order in which the steps are let through is all there is to a run.
 */
export class Gates {
  private readonly standing = new Map<string, WaitingStep>();
  private readonly seen = new Map<
    string,
    { readonly kept: string[]; round: string[] }
  >();
  private open = false;

  /** Resolves when the model lets this step through. A replica does one thing at a time. */
  async pass(replica: string, what: string): Promise<Passage> {
    if (this.open && what !== WAKES_UP) return 'done';
    if (this.standing.has(replica))
      throw new Error(`${replica} does two things at once: ${what}`);
    return new Promise((resolve) => {
      const pass = (passage: Passage) => {
        this.standing.delete(replica);
        this.saw(replica, `${what}: ${passage}`);
        resolve(passage);
      };
      if (what === WAKES_UP || (what === READS && !this.isSaving(replica)))
        this.beginAgain(replica);
      this.standing.set(replica, { replica, what, pass });
    });
  }

  /** Undefined when it runs, has ended or crashed. */
  stepOf(replica: string): WaitingStep | undefined {
    return this.standing.get(replica);
  }

  /** The replica is gone: its step is never let through. */
  forget(replica: string): void {
    this.standing.delete(replica);
  }

  /** From here on every step is let through at once; only who sleeps does so for ever. */
  openAll(): void {
    this.open = true;
  }

  /** Notes what a replica has learned: all that its further steps depend on. */
  saw(replica: string, what: string): void {
    this.memoryOf(replica).round.push(what);
  }

  /** Notes what a replica will not forget. */
  remembers(replica: string, what: string): void {
    this.memoryOf(replica).kept.push(what);
  }

  /** Equal for two replicas whose further steps are the same. */
  knowledgeOf(replica: string): string {
    const { kept, round } = this.memoryOf(replica);
    return [...kept, ...round].join('|');
  }

  /**
   * R4: a replica that begins again has forgotten what it saw. Not so when it has called the platform, or a statement has failed:
   * then it may hold a token that is not stored. (With this far fewer states differ, and the number of interleavings stays
   * exactly the same.)
   */
  private beginAgain(replica: string): void {
    const memory = this.memoryOf(replica);
    const matters = (seen: string) => seen.startsWith(CALLS) || isLoss(seen);
    if (memory.round.some(matters) || memory.kept.some(isLoss))
      memory.kept.push(...memory.round);
    memory.round = [];
  }

  /** R6: a write has failed, and now reads whether the row has a newer one; the round begins after that. */
  private isSaving(replica: string): boolean {
    const { round } = this.memoryOf(replica);
    return round.findLast(isStep)?.startsWith(STORES) ?? false;
  }

  private memoryOf(replica: string) {
    const memory = this.seen.get(replica) ?? { kept: [], round: [] };
    this.seen.set(replica, memory);
    return memory;
  }
}

const STORES = 'store';
/** Not what it gave. */
const isStep = (seen: string) => /: [a-z ]+$/.test(seen);
const isLoss = (seen: string) => seen.endsWith('lost' satisfies Passage);

/** Resolves when every replica stands at a gate or has ended: all between two gates are microtasks. */
export function allStandStill(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}
