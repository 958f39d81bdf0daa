import { Injectable } from '@nestjs/common';
import type { TokenName } from '../common/token-name.js';
import { SealedValueError } from '../common/errors.js';
import { Sealing } from './sealing.js';
import type { TokenRow } from './token-row.js';

/** TypeORM has mysql2 give a BIGINT as text, and every computed duration is one. */
export type RawNumber<T> = number extends T ? T | string : T;

type Instant = Extract<keyof TokenRow, `${string}InMs`>;

/** A row as the driver gives it. */
export type RawRow = {
  [Column in keyof Omit<TokenRow, 'lastError' | 'readAt'>]:
    RawNumber<TokenRow[Column]> | (Column extends Instant ? null : never);
} & { readonly lastError: string | null };

/** Its value is sealed with a key that is missing, or was tampered with. */
export interface UnreadableRow {
  readonly name: TokenName;
  readonly error: SealedValueError;
}

export interface ReadRows {
  readonly rows: readonly TokenRow[];
  readonly unreadable: readonly UnreadableRow[];
}

/** Makes sense of what the driver gives; opens sealed values. */
@Injectable()
export class RowMapper {
  /** From this process's clock to the database's, as of the last row that was read. */
  private clockOffset: number | undefined;

  constructor(private readonly sealing: Sealing) {}

  /**
   * R3: an instant of this process's clock by the database's, milliseconds since 1970-01-01 UTC, without asking it; undefined
   * before the first row was read.
   */
  epochOf(instant: number): number | undefined {
    return this.clockOffset === undefined
      ? undefined
      : instant + this.clockOffset;
  }

  /** @throws SealedValueError when its value does not open. */
  toRow(raw: RawRow, readAt: number): TokenRow {
    this.clockOffset = Number(raw.databaseNow) - readAt;
    return {
      name: raw.name,
      value: raw.value === null ? null : this.sealing.open(raw.name, raw.value),
      version: Number(raw.version),
      source: raw.source,
      credentialId: raw.credentialId,
      issuedInMs: instantOf(raw.issuedInMs),
      refreshInMs: instantOf(raw.refreshInMs),
      expiresInMs: instantOf(raw.expiresInMs),
      updatedInMs: instantOf(raw.updatedInMs),
      leaseOwner: raw.leaseOwner,
      leaseInMs: instantOf(raw.leaseInMs),
      failureCount: Number(raw.failureCount),
      nextAttemptInMs: instantOf(raw.nextAttemptInMs),
      databaseNow: Number(raw.databaseNow),
      lastError: parseLastError(raw.lastError),
      readAt,
    };
  }

  /** One that does not open is put aside: it is no reason to do without the others (R14). */
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

  /** One that does not open comes without its value, and says why as its last error. */
  toShownRow(raw: RawRow, readAt: number): TokenRow {
    try {
      return this.toRow(raw, readAt);
    } catch (error) {
      if (!(error instanceof SealedValueError)) throw error;
      const { message } = error;
      const lastError = { class: 'sealed', message, credentialId: '' };
      return {
        ...this.toRow({ ...raw, value: null }, readAt),
        lastError: {
          ...lastError,
          at: new Date(Number(raw.databaseNow)).toISOString(),
        },
      };
    }
  }
}

/** NULL is an instant in the infinite past. */
function instantOf(raw: RawNumber<number> | null): number {
  return raw === null ? -Infinity : Number(raw);
}

/** For people the column is text; one that was edited to something else is as good as none. */
function parseLastError(text: string | null): TokenRow['lastError'] {
  try {
    return text === null ? null : JSON.parse(text);
  } catch {
    return null;
  }
}
