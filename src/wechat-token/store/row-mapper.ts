import { Injectable } from '@nestjs/common';
import type { TokenName } from '../common/token-name.js';
import { SealedValueError } from '../common/errors.js';
import { DatabaseClock } from './database-clock.js';
import { Sealing } from './sealing.js';
import type { TokenRow } from './token-row.js';

/** TypeORM configures mysql2 to return BIGINT as text, and every computed duration is a BIGINT. */
export type RawNumber<T> = number extends T ? T | string : T;

type Instant = Extract<keyof TokenRow, `${string}InMs`>;

/** A row as the driver gives it. */
export type RawRow = {
  [Column in keyof Omit<TokenRow, 'lastError' | 'readAt'>]:
    RawNumber<TokenRow[Column]> | (Column extends Instant ? null : never);
} & { readonly lastError: string | null };

/** A row whose value cannot be decrypted: its key is missing, or the value was changed. */
export interface UnreadableRow {
  readonly name: TokenName;
  readonly error: SealedValueError;
}

export interface ReadRows<Row = TokenRow> {
  readonly rows: readonly Row[];
  readonly unreadable: readonly UnreadableRow[];
}

/** Converts the driver's rows, and decrypts their values. */
@Injectable()
export class RowMapper {
  constructor(
    private readonly sealing: Sealing,
    private readonly databaseClock: DatabaseClock,
  ) {}

  /** @throws SealedValueError when the value cannot be decrypted. */
  toRow(raw: RawRow, readAt: number): TokenRow {
    this.databaseClock.set(Number(raw.databaseNow), readAt);
    return {
      name: raw.name,
      // An empty text is no token, whoever wrote it.
      value: raw.value ? this.sealing.open(raw.name, raw.value) : null,
      version: Number(raw.version),
      source: raw.source,
      credentialId: raw.credentialId,
      appId: raw.appId,
      issuedInMs: instantOf(raw.issuedInMs),
      refreshInMs: instantOf(raw.refreshInMs),
      expiresInMs: instantOf(raw.expiresInMs),
      updatedInMs: instantOf(raw.updatedInMs),
      leaseOwner: raw.leaseOwner,
      leaseInMs: instantOf(raw.leaseInMs),
      failureCount: Number(raw.failureCount),
      nextAttemptInMs: instantOf(raw.nextAttemptInMs),
      nextInMs: instantOf(raw.nextInMs),
      databaseNow: Number(raw.databaseNow),
      lastError: parseLastError(raw.lastError),
      readAt,
    };
  }

  /** R14: rows that cannot be decrypted are listed apart; the others are still used. */
  toRows(raw: readonly RawRow[], readAt: number): ReadRows {
    const rows: TokenRow[] = [];
    const unreadable: UnreadableRow[] = [];
    for (const row of raw)
      try {
        rows.push(this.toRow(row, readAt));
      } catch (error) {
        if (!(error instanceof SealedValueError)) throw error;
        unreadable.push({ name: row.name, error });
      }
    return { rows, unreadable };
  }

  /** A row that cannot be decrypted has no value, and the reason as its last error. */
  toDisplayRow(raw: RawRow, readAt: number): TokenRow {
    try {
      return this.toRow(raw, readAt);
    } catch (error) {
      if (!(error instanceof SealedValueError)) throw error;
      const { message } = error;
      const at = new Date(Number(raw.databaseNow)).toISOString();
      return {
        ...this.toRow({ ...raw, value: null }, readAt),
        lastError: { class: 'sealed', message, credentialId: '', at },
      };
    }
  }
}

/** NULL is an instant in the infinite past. */
function instantOf(raw: RawNumber<number> | null): number {
  return raw === null ? -Infinity : Number(raw);
}

/** An operator may have edited the column: text that is not JSON counts as no error. */
export function parseLastError(text: string | null): TokenRow['lastError'] {
  try {
    return text === null ? null : JSON.parse(text);
  } catch {
    return null;
  }
}
