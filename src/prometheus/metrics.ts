import { performance } from 'node:perf_hooks';
import { Registry } from 'prom-client';
import type { TokenMonitor, TokenObserver } from '../wechat-token/index.js';
import { eventMetrics } from './event-metrics.js';
import { heldMetrics } from './held-metrics.js';
import { Monitored } from './monitored.js';

export interface WechatTokenMetricsOptions {
  /** Where the metrics are registered. Default: a registry of their own. */
  readonly registry?: Registry;
  /**
   * The number of tokens that have series of their own: those that the process has held for the longest time. The lowest of all
   * tokens is always there. From 0 to 1000; default: 100.
   */
  readonly maxTokens?: number;
  /** A monotonic clock, milliseconds. Default: `performance.now`. */
  readonly now?: () => number;
}

export interface WechatTokenMetrics {
  /** For the option `observer` of `WechatTokenModule`. */
  readonly observer: TokenObserver;
  /** `await registry.metrics()` is the text of a scrape, `registry.contentType` its type. */
  readonly registry: Registry;
}

const MAX_TOKENS = 1000;

/**
 * Metrics for Prometheus of the module whose observer they are; docs/metrics.md says what each of them means. Needs `prom-client`.
 * @throws RangeError when `maxTokens` is no integer from 0 to 1000.
 */
export function wechatTokenMetrics({
  registry = new Registry(),
  maxTokens = 100,
  now = () => performance.now(),
}: WechatTokenMetricsOptions = {}): WechatTokenMetrics {
  if (!Number.isInteger(maxTokens) || maxTokens < 0 || maxTokens > MAX_TOKENS)
    throw new RangeError(`maxTokens: must be 0 to ${MAX_TOKENS}, an integer.`);
  const source = new Monitored(maxTokens);
  heldMetrics(registry, source);
  const observer = {
    ...eventMetrics(registry, source, now),
    started: (monitor: TokenMonitor) => {
      source.monitor = monitor;
    },
  };
  return { observer, registry };
}
