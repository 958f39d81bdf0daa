import type { Endpoint } from './faults.js';

/** The number of requests that reached the platform, including those with an injected fault. */
export interface CallCounts {
  /** All requests, including those of unknown paths. */
  readonly total: number;
  readonly classic: number;
  /** Stable calls, including forced ones. */
  readonly stable: number;
  /** Stable calls with `force_refresh: true`, whether or not they issued a new token. */
  readonly stableForced: number;
  readonly ticket: number;
  /** Business calls of both platforms. */
  readonly business: number;
  /** Calls of WeCom's `gettoken`. */
  readonly wecomToken: number;
  /** Calls of WeCom's `get_jsapi_ticket` and `ticket/get`. */
  readonly wecomTicket: number;
}

type Counter = keyof CallCounts;
type MutableCounts = { -readonly [K in Counter]: number };

/** Counts calls in total and by account. */
export class CallLedger {
  private readonly all = zero();
  private readonly byAppId = new Map<string, MutableCounts>();

  count(
    endpoint: Endpoint | undefined,
    appId: string | undefined,
    forced: boolean,
  ): void {
    const counters: Counter[] = ['total'];
    if (endpoint) counters.push(endpoint);
    if (endpoint === 'stable' && forced) counters.push('stableForced');
    for (const counts of [this.all, this.of(appId)]) {
      for (const counter of counters) counts[counter] += 1;
    }
  }

  snapshot(appId?: string): CallCounts {
    return appId === undefined
      ? { ...this.all }
      : { ...(this.byAppId.get(appId) ?? zero()) };
  }

  private of(appId: string | undefined): MutableCounts {
    const counts = this.byAppId.get(appId ?? '') ?? zero();
    this.byAppId.set(appId ?? '', counts);
    return counts;
  }
}

function zero(): MutableCounts {
  return {
    total: 0,
    classic: 0,
    stable: 0,
    stableForced: 0,
    ticket: 0,
    business: 0,
    wecomToken: 0,
    wecomTicket: 0,
  };
}
