import { secondsLeft, type TokenRow } from '../store/token-row.js';
import { fingerprint } from '../common/fingerprint.js';
import {
  overtaken,
  type RenewalIntent,
  type TokenState,
} from './policy/policy.js';
import type { RefreshOutcome } from './refresh-outcome.types.js';

/** The result of a report that the platform does not confirm: the same token. */
export function unconfirmed(
  row: Pick<TokenRow, 'name' | 'value' | 'version' | 'expiresInMs'>,
): RefreshOutcome {
  return {
    outcome: 'unchanged',
    name: row.name,
    fingerprint: row.value === null ? '' : fingerprint(row.value),
    version: row.version,
    expiresIn: secondsLeft(row),
  };
}

/** The result of a renewal that found nothing to do. */
export function served(
  row: TokenRow,
  state: TokenState,
  intent: RenewalIntent,
): RefreshOutcome {
  // In normal mode a token that is not due is left as it is.
  const isUnchanged = intent.kind === 'normal' && !overtaken(state, intent);
  return {
    outcome: isUnchanged ? 'unchanged' : 'superseded',
    name: row.name,
    fingerprint: state.fingerprint ?? '',
    version: row.version,
    expiresIn: secondsLeft(row),
  };
}
