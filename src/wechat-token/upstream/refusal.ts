import { UpstreamError } from './failure.js';
import { type Refused, upstreamMessages } from './upstream.messages.js';

/** A refusal by a platform, as a failure. */
export function refusal(refused: Refused): UpstreamError {
  const { errcode, reaction } = refused;
  const { waitSeconds = 0, mustEnd = false } = reaction;
  const { repeatedWaitSeconds = waitSeconds } = reaction;
  return new UpstreamError(upstreamMessages.issueRefused(refused), {
    class: reaction.class,
    errcode,
    minWaitMs: waitSeconds * 1000,
    repeatedWaitMs: repeatedWaitSeconds * 1000,
    mustEnd,
  });
}
