import { Injectable } from '@nestjs/common';
import { Clock } from '../clock.js';
import type { TokenName } from '../token-name.js';
import { SealedValueError } from '../wechat-token.errors.js';
import { Sealing } from './sealing.js';
import { SqlSession, type SqlValue } from './sql-session.js';
import { type Statements, statementsFor } from './statements.js';
import type { TokenEventType } from './token-event.entity.js';
import type { LastError, Lease, RenewedToken, TokenRow } from './token-row.js';

/** A commit may become visible this long after its `updated_at` and is still seen by every replica (R13). */
const LATE_COMMIT_MS = 10_000;
const PURGE_BATCH = 1000;

export interface NewTokenEvent {
  readonly name: TokenName;
  readonly type: TokenEventType;
  readonly actor: string;
  readonly fingerprint?: string | undefined;
  readonly latencyMs?: number | undefined;
  readonly detail?: string | undefined;
}

/** As it is told: `at` in milliseconds since 1970-01-01 UTC. */
export interface StoredEvent {
  readonly id: number;
  readonly at: number;
  readonly type: TokenEventType;
  readonly actor: string | null;
  readonly fingerprint: string | null;
  readonly latencyMs: number | null;
  readonly detail: string | null;
}

/** TypeORM has mysql2 give a BIGINT as text, and every computed duration is one. */
type RawNumber<T> = number extends T ? T | string : T;
type RawRow = {
  [Column in keyof Omit<TokenRow, 'lastError' | 'readAt'>]: RawNumber<
    TokenRow[Column]
  >;
} & { readonly lastError: string | null };

/** The tokens' rows. Every method is one short statement; all instants are the database's (R3). */
@Injectable()
export class TokenStore {
  private readonly statements: Statements;
  /** From this process's clock to the database's, as of the last row that was read. */
  private clockOffset: number | undefined;

  constructor(
    private readonly session: SqlSession,
    private readonly sealing: Sealing,
    private readonly clock: Clock,
  ) {
    this.statements = statementsFor(session.dialect);
  }

  /** The row as it is now; undefined when there is none. @throws SealedValueError when its value does not open. */
  async read(name: TokenName): Promise<TokenRow | undefined> {
    const readAt = this.clock.now();
    const [raw] = await this.session.rows<RawRow>(this.statements.read, [name]);
    return raw && this.toRow(raw, readAt);
  }

  /** As {@link read}, but one that does not open comes as in a {@link page}. */
  async inspect(name: TokenName): Promise<TokenRow | undefined> {
    const readAt = this.clock.now();
    const [raw] = await this.session.rows<RawRow>(this.statements.read, [name]);
    return raw && this.toShownRow(raw, readAt);
  }

  /**
   * R3: an instant of this process's clock by the database's, milliseconds since 1970-01-01 UTC, without asking it; undefined
   * before the first row was read.
   */
  epochOf(instant: number): number | undefined {
    return this.clockOffset === undefined
      ? undefined
      : instant + this.clockOffset;
  }

  /**
   * All tokens that were written within the last `ms` milliseconds, and some that are a little older. One that does not open
   * is left out: whoever reads it by name is told, and the others' news arrive (R14).
   */
  async changedWithin(ms: number): Promise<TokenRow[]> {
    const window = Math.ceil(ms) + LATE_COMMIT_MS;
    const readAt = this.clock.now();
    const raw = await this.session.rows<RawRow>(this.statements.changedSince, [
      -window,
    ]);
    return raw.flatMap((row) => {
      try {
        return [this.toRow(row, readAt)];
      } catch (error) {
        if (error instanceof SealedValueError) return [];
        throw error;
      }
    });
  }

  /**
   * Stored tokens in order of name, from behind `after` to before `before`. One that does not open comes without its value,
   * and says why as its last error.
   */
  async page(page: {
    after: TokenName;
    before: TokenName;
    limit: number;
  }): Promise<TokenRow[]> {
    const values = [page.after, page.before, page.limit];
    const readAt = this.clock.now();
    const raw = await this.session.rows<RawRow>(this.statements.page, values);
    return raw.map((row) => this.toShownRow(row, readAt));
  }

  /** A page of the names that want a renewal or a confirmation and that nobody is at, in order of name. */
  async due(page: {
    /** Stable tokens that were not confirmed for so long are due too. */
    unconfirmedMs: number;
    after: string;
    limit: number;
  }): Promise<TokenName[]> {
    const values = [-page.unconfirmedMs, page.after, page.limit];
    const rows = await this.session.rows<{ name: string }>(
      this.statements.due,
      values,
    );
    return rows.map((row) => row.name);
  }

  /** Makes the row of a token that was never fetched: due at once, expired, without a value. Leaves an existing row alone. */
  async insertMissing(name: TokenName, remark: string): Promise<void> {
    await this.session.change(this.statements.insertMissing, [name, remark]);
  }

  /**
   * R4: takes the lease, if nobody holds it and the row is still as it was read; so what was decided on that row
   * still holds. Undefined when another replica was faster.
   */
  async claim(
    row: TokenRow,
    owner: string,
    durationMs: number,
  ): Promise<Lease | undefined> {
    const until = this.clock.now() + durationMs;
    const values = [owner, durationMs, row.name, row.version];
    const claimed = await this.session.change(this.statements.claim, values);
    if (claimed === 0) return undefined;
    return { name: row.name, version: row.version + 1, durationMs, until };
  }

  /** Writes what a renewal brought and gives the lease back. False when the lease was lost: nothing is written then. */
  async storeRenewed(lease: Lease, token: RenewedToken): Promise<boolean> {
    const life = [
      token.source,
      token.credentialId,
      token.refreshAfterMs - lease.durationMs,
      token.expiresAfterMs - lease.durationMs,
    ];
    if (token.unchanged)
      return this.write(lease, this.statements.storeUnchanged, life);
    const value = this.sealing.seal(lease.name, token.value);
    return this.write(lease, this.statements.storeRenewed, [
      value,
      -lease.durationMs,
      ...life,
    ]);
  }

  /** R6, R8: leaves the token as it is, notes why it could not be renewed, and when any replica may try again. */
  async storeFailure(
    lease: Lease,
    error: LastError,
    waitMs: number,
  ): Promise<boolean> {
    const values = [Math.ceil(waitMs), JSON.stringify(error)];
    return this.write(lease, this.statements.storeFailure, values);
  }

  /** Gives the lease back with the row otherwise as it was. */
  release(lease: Lease): Promise<boolean> {
    return this.write(lease, this.statements.release, []);
  }

  async recordEvent(event: NewTokenEvent): Promise<void> {
    await this.session.change(this.statements.recordEvent, [
      event.name,
      event.type,
      event.actor.slice(0, 64),
      event.fingerprint ?? null,
      event.latencyMs === undefined ? null : Math.round(event.latencyMs),
      event.detail?.slice(0, 255) ?? null,
    ]);
  }

  /** How long ago, in milliseconds, each event of that type within the window was; newest first. */
  async recentEvents(
    name: TokenName,
    type: TokenEventType,
    windowMs: number,
  ): Promise<number[]> {
    const values = [name, type, -Math.ceil(windowMs)];
    const rows = await this.session.rows<{ atInMs: RawNumber<number> }>(
      this.statements.recentEvents,
      values,
    );
    return rows.map((row) => -Number(row.atInMs));
  }

  /** A token's history, newest first. `before` is the id of the event before which the page ends. */
  async events(
    name: TokenName,
    page: { before?: number | undefined; limit: number },
  ): Promise<StoredEvent[]> {
    const values = [name, page.before ?? Number.MAX_SAFE_INTEGER, page.limit];
    const rows = await this.session.rows<
      Omit<StoredEvent, 'id' | 'at'> & Record<'id' | 'at', RawNumber<number>>
    >(this.statements.events, values);
    return rows.map((row) => ({
      ...row,
      id: Number(row.id),
      at: Number(row.at),
    }));
  }

  /** Deletes events that are older than `keptMs`, a batch at a time; true while there may be more. */
  async purgeEvents(keptMs: number): Promise<boolean> {
    const values = [-keptMs, PURGE_BATCH];
    const purged = await this.session.change(
      this.statements.purgeEvents,
      values,
    );
    return purged === PURGE_BATCH;
  }

  /** R4: conditional on the lease's version, so a late answer never overwrites a newer token. */
  private async write(
    lease: Lease,
    statement: string,
    values: readonly SqlValue[],
  ): Promise<boolean> {
    const where = [lease.name, lease.version];
    return (await this.session.change(statement, [...values, ...where])) > 0;
  }

  private toShownRow(raw: RawRow, readAt: number): TokenRow {
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

  private toRow(raw: RawRow, readAt: number): TokenRow {
    this.clockOffset = Number(raw.databaseNow) - readAt;
    return {
      ...raw,
      value: raw.value === null ? null : this.sealing.open(raw.name, raw.value),
      version: Number(raw.version),
      issuedInMs: numberOrNull(raw.issuedInMs),
      refreshInMs: numberOrNull(raw.refreshInMs),
      expiresInMs: numberOrNull(raw.expiresInMs),
      updatedInMs: numberOrNull(raw.updatedInMs),
      leaseInMs: numberOrNull(raw.leaseInMs),
      failureCount: Number(raw.failureCount),
      nextAttemptInMs: numberOrNull(raw.nextAttemptInMs),
      databaseNow: Number(raw.databaseNow),
      lastError: parseLastError(raw.lastError),
      readAt,
    };
  }
}

function numberOrNull(raw: number | string | null): number | null {
  return raw === null ? null : Number(raw);
}

/** For people the column is text; one that was edited to something else is as good as none. */
function parseLastError(text: string | null): TokenRow['lastError'] {
  try {
    return text === null ? null : JSON.parse(text);
  } catch {
    return null;
  }
}
