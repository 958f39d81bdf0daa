import type { TokenName } from '../common/token-name.js';
import { UpstreamError } from '../upstream/failure.js';
import { RowConflictError, TokenUnavailableError } from '../common/errors.js';
import { messages } from '../common/messages.js';
import type { Role } from '../common/settings.js';

const secondsOf = (wait: number) => Math.ceil(wait / 1000);

/** For callers when there is nothing to serve, and the cool-down lasts `wait` more milliseconds. */
export function coolingDown(
  name: TokenName,
  wait: number,
  reason: string,
): TokenUnavailableError {
  const seconds = secondsOf(wait);
  const message = messages.coolingDown(name, reason, seconds);
  return new TokenUnavailableError(message, seconds);
}

/** For callers when the platform issued no token; it is asked again after `wait` milliseconds. */
export function renewalFailed(
  name: TokenName,
  error: UpstreamError,
  wait: number,
): TokenUnavailableError {
  const message = messages.renewalFailed(name, error.message);
  return new TokenUnavailableError(message, secondsOf(wait), { cause: error });
}

/** For callers whose token's row another app keeps. */
export function rowConflict(
  name: TokenName,
  appId: string,
  heldBy = '',
): RowConflictError {
  const message = messages.rowConflict(name, appId, heldBy);
  return new RowConflictError(message, heldBy);
}

/** For callers who have waited for another replica without success. */
export function nobodyRenewed(
  name: TokenName,
  role: Role,
): TokenUnavailableError {
  const message =
    role === 'reader' ? messages.noRefresher : messages.nobodyRenewed;
  return new TokenUnavailableError(message(name), 1);
}

/** WeChat's refusal, where that is why there is no token. */
export function refusalBehind({
  cause,
}: TokenUnavailableError): UpstreamError | undefined {
  return cause instanceof UpstreamError ? cause : undefined;
}

export function withoutDatabase(
  name: TokenName,
  cause: Error,
): TokenUnavailableError {
  const message = messages.renewalFailed(name, cause.message);
  return new TokenUnavailableError(message, 1, { cause });
}
