/** The endpoints that a fault can be put on. `business`: every other API. */
export type Endpoint = 'classic' | 'stable' | 'ticket' | 'business';
export type FaultTarget = Endpoint | 'any';

/**
 * What goes wrong. "Acts" means that the platform does what was asked (issues
 * the token, counts the quota); otherwise the call has no effect on it.
 */
export type Fault =
  /** HTTP 200 with this errcode, with WeChat's own errmsg unless one is given. */
  | { readonly errcode: number; readonly errmsg?: string }
  /** This HTTP status, with a gateway's HTML page unless a body is given. */
  | { readonly status: number; readonly body?: string }
  /** HTTP 200 with this body, whatever it is. */
  | { readonly body: string }
  /** Acts; sends half of the answer that content-length promises, then ends. */
  | { readonly truncate: true }
  /** Takes the request and never answers. */
  | { readonly hang: true }
  /** Acts; sends the real answer slowly. Default 10 bytes a second. */
  | { readonly drip: { readonly bytesPerSecond?: number } }
  /** A TCP reset instead of an answer. */
  | { readonly reset: true }
  /** Acts at once, and answers after so many milliseconds of real time. */
  | { readonly delayMs: number }
  /** Acts, then a TCP reset: the caller cannot know that it was done. */
  | { readonly lostAnswer: true }
  /** HTTP 302 to this address. */
  | { readonly redirect: string }
  /** HTTP 200 with a body that begins like JSON and never ends. */
  | { readonly endless: true }
  /** Acts; the real answer, padded with spaces to so many bytes. */
  | { readonly oversize: number };

export interface InjectOptions {
  /** How many calls it spoils; `Infinity` until removed. Default 1. */
  readonly times?: number;
  /** Only calls of this account. Default: of all. */
  readonly appId?: string;
}

export interface InjectedFault {
  /** How many calls it has spoiled so far. */
  readonly hits: number;
  /** Ends it; calls that it already holds are not let go. */
  remove(): void;
}

interface Entry {
  readonly target: FaultTarget;
  readonly fault: Fault;
  readonly appId: string | undefined;
  left: number;
  hits: number;
}

/** The faults that wait for their calls: first in, first out. */
export class FaultBook {
  private readonly entries = new Set<Entry>();

  /** @throws RangeError when `times` or a number of the fault makes no sense */
  inject(
    target: FaultTarget,
    fault: Fault,
    { times = 1, appId }: InjectOptions = {},
  ): InjectedFault {
    if (!(times === Infinity || (Number.isInteger(times) && times > 0))) {
      throw new RangeError('times must be a positive integer or Infinity.');
    }
    checkNumbers(fault);
    const entry: Entry = { target, fault, appId, left: times, hits: 0 };
    this.entries.add(entry);
    return {
      get hits() {
        return entry.hits;
      },
      remove: () => void this.entries.delete(entry),
    };
  }

  /** The fault for this call, if there is one; it is used up by that. */
  take(endpoint: Endpoint, appId: string | undefined): Fault | undefined {
    for (const entry of this.entries) {
      if (!concerns(entry, endpoint, appId)) continue;
      entry.hits += 1;
      entry.left -= 1;
      if (entry.left === 0) this.entries.delete(entry);
      return entry.fault;
    }
    return undefined;
  }
}

function concerns(
  entry: Entry,
  endpoint: Endpoint,
  appId: string | undefined,
): boolean {
  return (
    (entry.target === 'any' || entry.target === endpoint) &&
    (entry.appId === undefined || entry.appId === appId)
  );
}

function checkNumbers(fault: Fault): void {
  if ('drip' in fault && !((fault.drip.bytesPerSecond ?? 1) > 0)) {
    throw new RangeError('bytesPerSecond must be positive.');
  }
  if ('delayMs' in fault && !(fault.delayMs >= 0)) {
    throw new RangeError('delayMs must not be negative.');
  }
  if ('oversize' in fault && !(fault.oversize >= 0)) {
    throw new RangeError('oversize must not be negative.');
  }
}
