import type { TokenName } from '../../common/token-name.js';

/** The statements' parameters: `:name` in a statement is the field `name`. */
export interface ParameterTypes {
  readonly name: TokenName;
  readonly names: readonly TokenName[];
  /** As `names`, where a statement has lists of others as well. */
  readonly owned: readonly TokenName[];
  readonly version: number;
  readonly claimedVersion: number;
  readonly value: string;
  readonly oldValue: string;
  readonly remark: string | null;
  readonly after: TokenName;
  readonly before: TokenName;
  readonly beforeId: number;
  readonly since: string;
  readonly statuses: readonly string[];
  readonly kind: string;
  readonly ofKind: string;
  readonly search: string;
  readonly place: number;
  readonly limit: number;
  readonly owner: string;
  readonly type: string;
  readonly durationMs: number;
  readonly keptMs: number;
  readonly sinceMs: number;
  readonly depthMs: number;
  readonly nextMs: number;
  readonly waitMs: number;
  readonly windowMs: number;
  readonly error: object;
  readonly missing: readonly { name: TokenName; remark: string }[];
  readonly held: readonly HeldRow[];
  readonly claims: readonly ClaimedRow[];
  readonly places: readonly PlacedRow[];
  readonly renewals: readonly RenewedRow[];
  readonly events: readonly EventRow[];
  readonly counts: readonly CountRow[];
  readonly hours: readonly { readonly ago: number }[];
}

/** A token that a replica holds, and the version of its row. */
export interface HeldRow {
  readonly name: TokenName;
  readonly version: number;
}

/** A row that was locked, and the version that its lease gives it. */
interface ClaimedRow {
  readonly name: TokenName;
  readonly version: number;
}

/** A row as it was read, and its new place in the queue: milliseconds from now. */
interface PlacedRow {
  readonly name: TokenName;
  readonly version: number;
  readonly nextMs: number;
}

/** What a renewal writes; the times are milliseconds from the end of its lease. */
interface RenewedRow {
  readonly name: TokenName;
  readonly version: number;
  /** Null when WeChat returned the stored token again. */
  readonly value: string | null;
  readonly source: string;
  readonly credentialId: string;
  readonly appId: string;
  readonly issuedMs: number;
  readonly refreshMs: number;
  /** Null when the end of its life is the stored one as well: then nothing that is served has changed. */
  readonly expiresMs: number | null;
  readonly nextMs: number;
}

interface EventRow {
  readonly name: TokenName;
  readonly type: string;
  readonly actor: string;
  readonly fingerprint: string | null;
  readonly latency: number | null;
  readonly detail: string | null;
}

interface CountRow {
  readonly name: string;
  readonly outcome: string;
  readonly class: string;
  readonly count: number;
  readonly latency: number;
}
