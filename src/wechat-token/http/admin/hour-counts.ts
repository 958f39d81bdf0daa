import type {
  ReplicaCount,
  StoredCount,
  StoredHours,
} from '../../store/token-hours.js';
import type { FleetSummary, HourCount, LeaseHolder } from './admin.types.js';

const HOUR_MS = 3600 * 1000;
/** Failures for which no account is at fault. */
const OF_THE_PLATFORM = new Set(['transient', 'certificate']);
const STATE_HOURS = 2;
const MAX_HOLDERS = 20;

/** The last so many clock hours, the oldest first. */
export function hourCounts(
  { databaseNow, counts }: StoredHours,
  hours: number,
): HourCount[] {
  const byAge = new Map<number, StoredCount[]>();
  for (const count of counts) {
    const sameHour = byAge.get(count.ago);
    if (sameHour) sameHour.push(count);
    else byAge.set(count.ago, [count]);
  }
  return Array.from({ length: hours }, (_, index) => {
    const ago = hours - 1 - index;
    return {
      hour: startOf(databaseNow, ago),
      ...sumOf(byAge.get(ago) ?? []),
    };
  });
}

/** WeChat as the counts of the last two clock hours show it. */
export function wechatState({ counts }: StoredHours): FleetSummary['wechat'] {
  const recent = counts.filter(({ ago }) => ago < STATE_HOURS);
  const { refreshed, failures: all } = sumOf(recent);
  const failures = Object.fromEntries(
    Object.entries(all).filter(([type]) => OF_THE_PLATFORM.has(type)),
  );
  const hasFailed = Object.keys(failures).length > 0;
  if (refreshed > 0) return { state: hasFailed ? 'degraded' : 'ok', failures };
  return { state: hasFailed ? 'failing' : 'idle', failures };
}

/** The latest first. */
export function leaseHolders({
  databaseNow,
  counts,
}: StoredHours<ReplicaCount>): LeaseHolder[] {
  const holders = new Map<string, { tokens: number; ago: number }>();
  for (const { replica, ago, outcome, count } of counts) {
    const known = holders.get(replica) ?? { tokens: 0, ago: Infinity };
    holders.set(replica, {
      tokens: known.tokens + (outcome === 'refreshed' ? count : 0),
      ago: Math.min(known.ago, ago),
    });
  }
  return [...holders]
    .sort(([, one], [, other]) => one.ago - other.ago)
    .slice(0, MAX_HOLDERS)
    .map(([owner, { tokens, ago }]) => ({
      owner,
      tokens,
      lastAt: startOf(databaseNow, ago),
    }));
}

function sumOf(counts: readonly StoredCount[]): Omit<HourCount, 'hour'> {
  const failures: Record<string, number> = {};
  let [refreshed, failed, latencySum] = [0, 0, 0];
  for (const one of counts)
    if (one.outcome === 'refreshed') {
      refreshed += one.count;
      latencySum += one.latencySum;
    } else {
      failed += one.count;
      failures[one.class] = (failures[one.class] ?? 0) + one.count;
    }
  const latencyMs = refreshed > 0 ? Math.round(latencySum / refreshed) : null;
  return { refreshed, failed, failures, latencyMs };
}

function startOf(databaseNow: number, hoursAgo: number): string {
  const hour = Math.floor(databaseNow / HOUR_MS) - hoursAgo;
  return new Date(hour * HOUR_MS).toISOString();
}
