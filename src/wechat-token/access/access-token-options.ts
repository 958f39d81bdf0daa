export interface AccessTokenOptions {
  /** How long to wait when there is no valid token, milliseconds. Default: 10,000. */
  timeoutMs?: number;
  /** Ends the wait early; the renewal goes on for other callers. */
  signal?: AbortSignal;
}

export interface InvalidateOptions extends AccessTokenOptions {
  /** Who reports the token, for the events. At most 64 characters. Default: this replica. */
  actor?: string;
}
