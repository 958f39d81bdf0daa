/**
 * The endpoints into which a fault can be injected. `ticket`: WeChat's `getticket`;
 * `wecomTicket`: WeCom's `get_jsapi_ticket` and `ticket/get`; `business`: every
 * other API of both platforms.
 */
export type Endpoint =
  'classic' | 'stable' | 'ticket' | 'business' | 'wecomToken' | 'wecomTicket';
export type FaultTarget = Endpoint | 'any';

/**
 * A fault. "Executes" means that the platform executes the call (issues the
 * token, counts the quota); otherwise the call has no effect on its state.
 */
export type Fault =
  /** HTTP 200 with this errcode; the default errmsg is that of the platform called, WeChat or WeCom. */
  | { readonly errcode: number; readonly errmsg?: string }
  /** This HTTP status; the default body is a gateway's HTML page. */
  | { readonly status: number; readonly body?: string }
  /** HTTP 200 with this body, and these headers besides or in place of the platform's own. */
  | {
      readonly body: string | Uint8Array;
      readonly headers?: Readonly<Record<string, string>>;
    }
  /** Executes; sends half of the body that content-length announces, then closes. */
  | { readonly truncate: true }
  /** Accepts the request and never responds. */
  | { readonly hang: true }
  /** Executes; sends the real response slowly. Default: 10 bytes a second. */
  | { readonly drip: { readonly bytesPerSecond?: number } }
  /** A TCP reset instead of a response. */
  | { readonly reset: true }
  /** Executes at once; responds after `delayMs` of real time. */
  | { readonly delayMs: number }
  /** Executes, then a TCP reset: the caller cannot know that the call was executed. */
  | { readonly lostAnswer: true }
  /** HTTP 302 to this address. */
  | { readonly redirect: string }
  /** HTTP 200 with a body that begins like JSON and never ends. */
  | { readonly endless: true }
  /** Executes; the real response, padded with spaces to this number of bytes. */
  | { readonly oversize: number };

export interface InjectOptions {
  /** The number of calls that the fault affects; `Infinity` until it is removed. Default: 1. */
  readonly times?: number;
  /** Restricts the fault to calls of this account (see `fakeAppId`). Default: all accounts. */
  readonly appId?: string;
}

export interface InjectedFault {
  /** The number of calls affected so far. */
  readonly hits: number;
  /** Removes the fault; calls that it already affects stay affected. */
  remove(): void;
}

interface Entry {
  readonly target: FaultTarget;
  readonly fault: Fault;
  readonly appId: string | undefined;
  left: number;
  hits: number;
}

/** The injected faults, first in, first out. */
export class FaultBook {
  private readonly entries = new Set<Entry>();

  /** Adds a fault. @throws RangeError when `times` or a number of the fault is invalid */
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

  /** Takes the fault for this call, if there is one. */
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
