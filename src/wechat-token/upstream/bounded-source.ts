import type { Account } from '../accounts/account.js';
import type { Clock } from '../common/clock.js';
import { withDeadline } from '../common/deadline.js';
import { kindOf } from '../common/error-reason.js';
import { isWechatTokenError, TokenUnavailableError } from '../common/errors.js';
import type { TokenSource } from '../sources/token-source.js';
import { UpstreamError } from './failure.js';
import { upstreamMessages } from './upstream.messages.js';

/**
 * A source of the app's own, whose code may never end, or throw: a call that takes longer has failed, and what is thrown when it is
 * asked about an account may quote a secret (R15). The sources of this package call by the gateway alone, which has a time limit.
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
  const guarded =
    (ask: (account: Account) => unknown) =>
    (account: Account): unknown => {
      try {
        return ask(account);
      } catch (error) {
        if (isWechatTokenError(error)) throw error;
        const thrown = kindOf(error);
        throw new TokenUnavailableError(
          upstreamMessages.sourceFailed(source.id, thrown),
        );
      }
    };
  // Not of the source itself: of what is frozen a proxy must give the very methods.
  return new Proxy({} as TokenSource, {
    get: (_, key) => {
      const value: unknown = Reflect.get(source, key, source);
      if (typeof value !== 'function') return value;
      const method = value.bind(source);
      switch (key) {
        case 'issue':
        case 'probe':
          return limited(method);
        case 'serves':
        case 'needs':
        case 'limits':
          return guarded(method);
        default:
          return method;
      }
    },
  });
}
