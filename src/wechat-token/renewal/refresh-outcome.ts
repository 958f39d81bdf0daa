import type { TokenRow } from '../store/token-row.js';
import type { TokenName } from '../common/token-name.js';
import { overtaken, type RenewalIntent, type TokenState } from './policy.js';

/** What a renewal came to. */
export interface RefreshOutcome {
  /**
   * `refreshed`: a new token is stored. `unchanged`: the platform gave the same one back, or it was not due.
   * `superseded`: another replica, or an earlier call, had renewed it already.
   */
  readonly outcome: 'refreshed' | 'unchanged' | 'superseded';
  readonly name: TokenName;
  /** First 8 hex of the SHA-256 of the token that is valid now. */
  readonly fingerprint: string;
  readonly version: number;
  /** Seconds that are left. */
  readonly expiresIn: number;
}

/** Of a renewal that found nothing to do. */
export function served(
  row: TokenRow,
  state: TokenState,
  intent: RenewalIntent,
): RefreshOutcome {
  // An operator who asks gently for what is not due leaves it as it is.
  const isUnchanged = intent.kind === 'gentle' && !overtaken(state, intent);
  return {
    outcome: isUnchanged ? 'unchanged' : 'superseded',
    name: row.name,
    fingerprint: state.fingerprint ?? '',
    version: row.version,
    expiresIn: Math.floor((row.expiresInMs ?? 0) / 1000),
  };
}
