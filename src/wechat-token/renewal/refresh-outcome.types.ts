/** The result of a renewal. */
export interface RefreshOutcome {
  /**
   * `refreshed`: a new token is stored. `unchanged`: the platform returned the same token, or it was not due.
   * `superseded`: another replica, or an earlier call, had renewed it already.
   */
  readonly outcome: 'refreshed' | 'unchanged' | 'superseded';
  readonly name: string;
  /** First 8 hex of the SHA-256 of the token that is valid now. */
  readonly fingerprint: string;
  readonly version: number;
  /** The whole seconds that are left. */
  readonly expiresIn: number;
}
