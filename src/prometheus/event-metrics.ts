import { Counter, Gauge, Histogram, type Registry } from 'prom-client';
import type { FailureClass, TokenObserver } from '../wechat-token/index.js';
import { boundedLabels } from './bounded-labels.js';
import type { Monitored } from './monitored.js';

/** Seconds. WeChat answers in a tenth of one, and after 5 s the default of `api.timeoutMs` ends a call. */
const BUCKETS = [0.05, 0.1, 0.2, 0.5, 1, 2, 5, 10];

/** As docs/metrics.md explains them. */
const FAILURE_CLASSES: readonly FailureClass[] = [
  'transient',
  'certificate',
  'rejected',
  'credentials',
  'ip',
  'quota',
  'account',
];

/** What is counted as it happens. */
export function eventMetrics(
  registry: Registry,
  source: Monitored,
  now: () => number,
): TokenObserver {
  const registers = [registry];
  const renewals = new Counter({
    name: 'wechat_token_renewals_total',
    help: 'Calls of this replica for a new token, by outcome and class of failure.',
    labelNames: ['outcome', 'class'] as const,
    registers,
  });
  const renewalSeconds = new Histogram({
    name: 'wechat_token_renewal_duration_seconds',
    help: 'Time from the request for a new token to the answer.',
    labelNames: ['outcome'] as const,
    buckets: BUCKETS,
    registers,
  });
  let succeededAt = now();
  new Gauge({
    name: 'wechat_token_last_success_age_seconds',
    help: 'Time since WeChat last gave this replica a token; since the start, if it never did; absent for a reader.',
    registers,
    collect() {
      this.remove();
      if (source.monitor?.role === 'refresher')
        this.set((now() - succeededAt) / 1000);
    },
  });
  const calls = new Counter({
    name: 'wechat_token_upstream_calls_total',
    help: 'Requests to WeChat, by path, outcome and errcode.',
    labelNames: ['path', 'outcome', 'errcode'] as const,
    registers,
  });
  const callSeconds = new Histogram({
    name: 'wechat_token_upstream_call_duration_seconds',
    help: 'Time of a request to WeChat, all hosts together.',
    labelNames: ['outcome'] as const,
    buckets: BUCKETS,
    registers,
  });
  const rejections = new Counter({
    name: 'wechat_token_rejections_total',
    help: 'Tokens that WeChat refused in a business call, and that were renewed for it.',
    registers,
  });
  const waitSeconds = new Histogram({
    name: 'wechat_token_wait_duration_seconds',
    help: 'Time that a caller waited for a token that was not in memory.',
    labelNames: ['outcome'] as const,
    buckets: BUCKETS,
    registers,
  });
  const takeovers = new Counter({
    name: 'wechat_token_lease_takeovers_total',
    help: 'Leases taken over from a replica that did not end its renewal.',
    registers,
  });
  const pending = new Gauge({
    name: 'wechat_token_pending_writes',
    help: 'Tokens that were issued and are not stored yet.',
    registers,
  });
  const due = new Gauge({
    name: 'wechat_token_due_tokens',
    help: 'Due tokens that the last poll of the queue found: a batch at most.',
    registers,
  });
  const dueOldest = new Gauge({
    name: 'wechat_token_due_oldest_seconds',
    help: 'How long the first of them had been waiting.',
    registers,
  });
  const statements = new Counter({
    name: 'wechat_token_database_statements_total',
    help: "Statements on the module's tables, by name and outcome.",
    labelNames: ['statement', 'outcome'] as const,
    registers,
  });
  const statementSeconds = new Counter({
    name: 'wechat_token_database_statement_seconds_total',
    help: 'Time of these statements, with the wait for a connection.',
    labelNames: ['statement', 'outcome'] as const,
    registers,
  });
  // A plain number for each route, since it is counted at every request.
  const reads = new Map<string, number>();
  new Counter({
    name: 'wechat_token_reads_total',
    help: "Tokens given to clients by the module's routes.",
    labelNames: ['route'] as const,
    registers,
    collect() {
      this.reset();
      for (const [route, count] of reads) this.inc({ route }, count);
    },
  });

  // Prometheus sees no increase in a series that begins with 1.
  for (const failureClass of FAILURE_CLASSES)
    renewals.inc({ outcome: 'failed', class: failureClass }, 0);
  for (const outcome of ['served', 'failed']) waitSeconds.zero({ outcome });

  const renewalLabels = boundedLabels(['class']);
  const callLabels = boundedLabels(['path', 'errcode']);
  const statementLabels = boundedLabels(['statement']);
  return {
    renewal: ({ outcome, class: failureClass = '', latencyMs }) => {
      renewals.inc(renewalLabels({ outcome, class: failureClass }));
      renewalSeconds.observe({ outcome }, latencyMs / 1000);
      if (outcome === 'refreshed' || outcome === 'unchanged')
        succeededAt = now();
    },
    call: ({ path, outcome, errcode = '', latencyMs }) => {
      calls.inc(callLabels({ path, outcome, errcode: String(errcode) }));
      callSeconds.observe({ outcome }, latencyMs / 1000);
    },
    rejection: () => rejections.inc(),
    wait: ({ outcome, ms }) => waitSeconds.observe({ outcome }, ms / 1000),
    takeover: () => takeovers.inc(),
    pending: ({ count }) => pending.set(count),
    due: ({ count, oldestMs }) => {
      due.set(count);
      dueOldest.set(oldestMs / 1000);
    },
    statement: ({ name, outcome, ms }) => {
      const labels = statementLabels({ statement: name, outcome });
      if (outcome === 'ok') statements.inc({ ...labels, outcome: 'failed' }, 0);
      statements.inc(labels);
      statementSeconds.inc(labels, ms / 1000);
    },
    // The module has a handful of routes, and each of them one name.
    read: ({ route }) => reads.set(route, (reads.get(route) ?? 0) + 1),
  };
}
