import type { TokenName } from '../common/token-name.js';
import { UpstreamError } from '../upstream/failure.js';
import { TokenUnavailableError } from '../common/errors.js';
import { messages } from '../common/messages.js';
import type { Role } from '../common/settings.js';
import { FOREVER } from './policy.js';

/** What a caller is told when there is nothing to serve while a back-off lasts so many more milliseconds. */
export function coolingDown(
  name: TokenName,
  wait: number,
  reason: string,
): TokenUnavailableError {
  const seconds = secondsOf(wait);
  const message = messages.coolingDown(name, reason, seconds);
  return new TokenUnavailableError(message, seconds);
}

/** What those are told for whom the platform was asked, in vain; it is asked again after `wait` milliseconds. */
export function renewalFailed(
  name: TokenName,
  error: UpstreamError,
  wait: number,
): TokenUnavailableError {
  const message = messages.renewalFailed(name, error.message);
  return new TokenUnavailableError(message, secondsOf(wait), { cause: error });
}

/** What those are told who have waited in vain for whoever was to renew it. */
export function nobodyRenewed(
  name: TokenName,
  role: Role,
): TokenUnavailableError {
  const message =
    role === 'reader' ? messages.noRefresher : messages.nobodyRenewed;
  return new TokenUnavailableError(message(name), 1);
}

/** What WeChat said, where that is why there is no token. */
export function refusalBehind({
  cause,
}: TokenUnavailableError): UpstreamError | undefined {
  return cause instanceof UpstreamError ? cause : undefined;
}

/** A stop that only new credentials end leaves nothing to wait for. */
function secondsOf(wait: number): number | undefined {
  return wait > FOREVER / 2 ? undefined : Math.ceil(wait / 1000);
}
