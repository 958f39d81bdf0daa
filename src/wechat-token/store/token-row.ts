/** The error of the last renewal, as it is stored; contains no secret (R15). Rows of older releases lack the fields that may be missing. */
export interface LastError {
  readonly class: string;
  readonly errcode?: number;
  readonly message: string;
  /** The credentials that failed. */
  readonly credentialId: string;
  /** The wait that ends at `next_attempt_at`: so long before that, the platform was asked. Milliseconds. */
  readonly waitMs?: number;
  /** The circumstances of the attempts since the last success, the newest last: an attempt in others need not wait (R8). */
  readonly tried?: readonly string[];
  /** R8: the failures since renewal was stopped, the one that stopped it included; 0 while it is not. */
  readonly stops?: number;
  /** R8: how long other machines wait after this machine's address was refused, milliseconds. */
  readonly turnMs?: number;
  /** R8: no call is made for this appid before the wait has ended; where a machine is named, by no process of that machine. */
  readonly block?: { readonly appId: string; readonly machine?: string };
}

/**
 * A token's row as one statement saw it. Instants are milliseconds from the database's *now*, negative when past, and -Infinity
 * where the column is NULL: a replica never compares them with its own wall clock (R3).
 */
export interface TokenRow {
  readonly name: string;
  readonly value: string | null;
  readonly version: number;
  readonly source: string | null;
  readonly credentialId: string | null;
  readonly appId: string | null;
  readonly issuedInMs: number;
  readonly refreshInMs: number;
  readonly expiresInMs: number;
  readonly updatedInMs: number;
  readonly leaseOwner: string | null;
  readonly leaseInMs: number;
  readonly failureCount: number;
  readonly nextAttemptInMs: number;
  /** When some refresher should look at the row again: its place in the queue. */
  readonly nextInMs: number;
  readonly lastError: (LastError & { readonly at: string }) | null;
  /** The database's clock in milliseconds since 1970-01-01 UTC; for calendar decisions only. */
  readonly databaseNow: number;
  /** This process's clock just before the statement was sent: `readAt + expiresInMs` is never later than the real expiry. */
  readonly readAt: number;
}

/** Whether the row is a token's and not a plain variable's, which never expires. */
export function isToken(row: TokenRow): boolean {
  return row.expiresInMs !== -Infinity;
}

/**
 * The appid whose token the row holds, if it is another one than the owner's, and as long as that token lives: its app renews it.
 * Undefined for a row whose appid is not known.
 */
export function otherHolder(
  row: Pick<TokenRow, 'appId' | 'credentialId' | 'expiresInMs'>,
  owner: { readonly appId: string; readonly credentialId: string },
): string | undefined {
  const isOwn =
    row.appId === owner.appId || row.credentialId === owner.credentialId;
  return isOwn || row.expiresInMs <= 0 ? undefined : (row.appId ?? undefined);
}

/** The whole life of the stored token, milliseconds; 0 when no token was issued. */
export function lifeOf({ issuedInMs, expiresInMs }: TokenRow): number {
  return issuedInMs === -Infinity ? 0 : Math.max(0, expiresInMs - issuedInMs);
}

/** A row that is to be looked at before its token is due was written to be confirmed: times are rounded. */
const PLACE_SLACK_MS = 2000;

/** R7: whether the end of the stored token's life is not known for certain yet. */
export function isUnproven(row: TokenRow): boolean {
  return row.nextInMs < row.refreshInMs - PLACE_SLACK_MS;
}

/** The whole seconds that are left of the stored token; 0 when it is expired. */
export function secondsLeft({
  expiresInMs,
}: Pick<TokenRow, 'expiresInMs'>): number {
  return Math.max(0, Math.floor(expiresInMs / 1000));
}

/** The exclusive right to renew one token for a limited time, and the version that its write must match. */
export interface Lease {
  readonly name: string;
  readonly version: number;
  readonly durationMs: number;
  /** On this process's clock, counted from just before the claim was sent. */
  readonly until: number;
}

/** A row, and the lease on exactly that row. */
export interface LeasedRow {
  readonly row: TokenRow;
  readonly lease: Lease;
}

/**
 * The lease of a claim that was sent `durationMs` before `until`. Its version is never one that was used before, not even when a
 * failover has lost commits: it is no lower than the database's clock.
 */
export function leaseOn(
  row: TokenRow,
  durationMs: number,
  until: number,
): Lease {
  const version = Math.max(row.version + 1, row.databaseNow);
  return { name: row.name, version, durationMs, until };
}

/** A renewed token, ready to be written. The times are milliseconds from the claim of the lease. */
export interface TokenUpdate {
  readonly value: string;
  /** WeChat returned the stored token again. */
  readonly unchanged: boolean;
  /** The stored end of its life is right as well: the write is no news for other replicas. */
  readonly sameEnd: boolean;
  readonly source: string;
  readonly credentialId: string;
  readonly appId: string;
  /** Negative for a token that was issued before the claim. Default: 0. */
  readonly issuedAfterMs?: number;
  readonly refreshAfterMs: number;
  readonly expiresAfterMs: number;
  /** When a refresher looks at the row again: to renew the token, or to confirm it. */
  readonly nextAfterMs: number;
}
