import type { TokenName } from '../token-name.js';

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
