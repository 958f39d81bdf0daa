/** A token in this process's memory. Instants are on this process's clock. */
export interface CachedToken {
  readonly value: string;
  /** Already resolved with the value, so that handing it out allocates nothing (R1). */
  readonly promise: Promise<string>;
  readonly version: number;
  /** Of the account that it was taken over for. */
  readonly credentialId: string;
  /** Whatever the row says from here on is newer than this; Infinity for a token that the row does not have yet (R6). */
  readonly knownAt: number;
  /** From here on a read starts a renewal in the background (R2); never later than `serveUntil`. */
  readonly refreshAt: number;
  /** From here on it is not handed out: its end, less a small safety margin (R2). */
  readonly serveUntil: number;
  /** When the platform ends it. */
  readonly expiresAt: number;
}

/** A token as it was learned: from its row, or from the platform. */
export interface LearnedToken extends Omit<CachedToken, 'promise'> {
  /** When the row was asked for. */
  readonly askedAt: number;
}
