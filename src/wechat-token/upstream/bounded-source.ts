import type { Clock } from '../common/clock.js';
import { withDeadline } from '../common/deadline.js';
import type { TokenSource } from '../sources/token-source.js';
import { UpstreamError } from './failure.js';
import { upstreamMessages } from './upstream.messages.js';

/**
 * A source of the app's own, whose code may never end: a call that takes longer has failed. The sources of this package call by
 * the gateway alone, which has a time limit.
 */
export function bounded(
  source: TokenSource,
  clock: Clock,
  timeoutMs: number,
): TokenSource {
  const message = upstreamMessages.sourceTimedOut(source.id, timeoutMs);
  const timedOut = () => new UpstreamError(message, { class: 'transient' });
  const limited =
    <Request, Answer>(work: (request: Request) => Promise<Answer>) =>
    (request: Request) =>
      // One in JavaScript may answer without a promise.
      withDeadline(Promise.resolve(work(request)), clock, {
        timeoutMs,
        timedOut,
      });
  return new Proxy(source, {
    get: (own, key) => {
      const value: unknown = Reflect.get(own, key, own);
      if (typeof value !== 'function') return value;
      const method = value.bind(own);
      return key === 'issue' || key === 'probe' ? limited(method) : method;
    },
  });
}
