import type { Clock } from '../common/clock.js';
import {
  isUnknownAccountError,
  isUnknownTokenError,
} from '../common/errors.js';
import type { WaitObservation } from '../common/observer.js';
import type { TokenName } from '../common/token-name.js';
import type { TokenJournal } from '../observe/token-journal.js';

interface Observed {
  readonly name: TokenName;
  /** The caller's: it has left when this is aborted. */
  readonly signal: AbortSignal | undefined;
  readonly clock: Clock;
  readonly journal: TokenJournal;
}

/** The same promise, whose end is reported: for a token that exists, whatever comes of the wait. */
export async function observedWait<Token>(
  waiting: Promise<Token>,
  { name, signal, clock, journal }: Observed,
): Promise<Token> {
  const startedAt = clock.now();
  const report = (outcome: WaitObservation['outcome']) =>
    journal.observe('wait', { name, outcome, ms: clock.now() - startedAt });
  try {
    const token = await waiting;
    report('served');
    return token;
  } catch (error) {
    const isUnknown =
      isUnknownAccountError(error) || isUnknownTokenError(error);
    if (!isUnknown) report(signal?.aborted ? 'left' : 'failed');
    throw error;
  }
}
