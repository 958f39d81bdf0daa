import type { HourCount } from '../../wechat-token/http/admin/admin.types.js';

/** What was counted from one instant on, for as long as a bar of a chart stands for. */
export type Count = Omit<HourCount, 'failures'>;

export function sumOf(
  counts: readonly Count[],
  what: 'refreshed' | 'failed',
): number {
  return counts.reduce((sum, count) => sum + count[what], 0);
}

/** Of all renewals, not of the hours' means; null without one. */
export function meanLatency(counts: readonly Count[]): number | null {
  const timed = counts.filter(({ latencyMs }) => latencyMs !== null);
  const renewals = sumOf(timed, 'refreshed');
  const sum = timed.reduce(
    (total, { latencyMs, refreshed }) => total + (latencyMs ?? 0) * refreshed,
    0,
  );
  return renewals > 0 ? sum / renewals : null;
}

/** The counts of `size` hours together, the first ones first. */
export function inSteps(hours: readonly HourCount[], size: number): Count[] {
  const steps = Array.from(
    { length: Math.ceil(hours.length / size) },
    (_, step) => hours.slice(step * size, (step + 1) * size),
  );
  return steps.flatMap((step) => {
    const [first] = step;
    if (!first) return [];
    return {
      hour: first.hour,
      refreshed: sumOf(step, 'refreshed'),
      failed: sumOf(step, 'failed'),
      latencyMs: meanLatency(step),
    };
  });
}
