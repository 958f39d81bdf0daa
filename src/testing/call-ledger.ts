import type { Endpoint } from './faults.js';

/** How many requests reached the platform, spoiled ones included. */
export interface CallCounts {
  /** All of them, unknown paths too. */
  readonly total: number;
  readonly classic: number;
  /** All stable calls, forced ones included. */
  readonly stable: number;
  /** Stable calls with `force_refresh: true`, whether or not they refreshed. */
  readonly stableForced: number;
  readonly ticket: number;
  readonly business: number;
}

type Counter = keyof CallCounts;
type MutableCounts = { -readonly [K in Counter]: number };

/** Counts calls, all together and by account. */
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
  };
}
