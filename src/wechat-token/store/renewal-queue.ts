import { Injectable } from '@nestjs/common';
import { Clock } from '../common/clock.js';
import type { TokenKind, TokenName } from '../common/token-name.js';
import { QueueFront } from './queue-front.js';
import {
  parseLastError,
  type RawNumber,
  type RawRow,
  type ReadRows,
  RowMapper,
} from './row-mapper.js';
import { SqlRunner } from './sql-runner.js';
import {
  type Lease,
  leaseOn,
  type LeasedRow,
  type TokenRow,
} from './token-row.js';

/** A token's row that waits for a refresher. Durations are from now, negative when past, and -Infinity where the column is NULL. */
export interface QueuedToken {
  readonly name: TokenName;
  readonly version: number;
  /** Its `next_at`, as the database writes it: with the name a place in the queue. */
  readonly since: string;
  /** The appid and the credentials that the stored token was issued for. */
  readonly appId: string | null;
  readonly credentialId: string | null;
  readonly nextInMs: number;
  readonly refreshInMs: number;
  readonly expiresInMs: number;
  readonly nextAttemptInMs: number;
  readonly lastError: TokenRow['lastError'];
}

/** A place in the queue. */
export type QueuePlace = Pick<QueuedToken, 'name' | 'since'>;

/** The place before every token. */
export const QUEUE_START: QueuePlace = {
  name: '',
  since: '1000-01-01 00:00:00.000',
};

/** A row as it was read, and when a refresher should look at it again, milliseconds from now. */
export interface NewPlace {
  readonly name: TokenName;
  readonly version: number;
  readonly nextMs: number;
}

type RawQueued = {
  [Column in keyof Omit<QueuedToken, 'lastError'>]: RawNumber<
    QueuedToken[Column]
  > | null;
} & Pick<QueuedToken, 'name' | 'since' | 'appId' | 'credentialId'> &
  Pick<RawRow, 'lastError'>;

/** R14: the tokens in the order in which refreshers look at them, by `next_at`; and their leases, many in one statement. */
@Injectable()
export class RenewalQueue {
  constructor(
    private readonly sql: SqlRunner,
    private readonly mapper: RowMapper,
    private readonly clock: Clock,
    private readonly front: QueueFront,
  ) {}

  /** Returns a page of the tokens that are past their `refresh_at` and not leased, the longest waiting first. */
  due(after: QueuePlace, limit: number): Promise<QueuedToken[]> {
    const { due } = this.sql.statements;
    return this.queued(due(this.pageAfter(after, limit)));
  }

  /** The same for tokens that wait to be confirmed only (R7). */
  unconfirmed(after: QueuePlace, limit: number): Promise<QueuedToken[]> {
    const { unconfirmed } = this.sql.statements;
    return this.queued(unconfirmed(this.pageAfter(after, limit)));
  }

  /** Returns tokens of one kind that have no place in the queue, at most `limit`. */
  unplaced(kind: TokenKind, limit: number): Promise<QueuedToken[]> {
    // The names of a kind are `kind` and `kind:…`, and `;` is what follows the colon.
    const range = { after: kind, before: `${kind};` };
    return this.queued(this.sql.statements.unplaced({ ...range, limit }));
  }

  /**
   * Gives rows a new place in the queue, as far as they are as they were read and not leased.
   * @returns The rows that another transaction has locked, and those that are gone: they are skipped.
   */
  async place(places: readonly NewPlace[]): Promise<TokenName[]> {
    if (places.length === 0) return [];
    const { lock, place } = this.sql.statements;
    const names = places.map(({ name }) => name);
    const skipped = new Set(names);
    await this.sql.changeLocked<RawQueued>(lock({ names }), (locked) => {
      for (const { name } of locked) skipped.delete(name);
      const rows = places.filter(({ name }) => !skipped.has(name));
      return rows.length > 0 ? place({ places: rows.map(rounded) }) : undefined;
    });
    return [...skipped];
  }

  /**
   * R4: takes the leases of the tokens that are still in the queue and not leased. Rows that another transaction has locked are
   * skipped; rows that cannot be decrypted are not leased.
   */
  async claim(
    names: readonly TokenName[],
    owner: string,
    durationMs: number,
  ): Promise<ReadRows<LeasedRow>> {
    const { lockDue, claimAll } = this.sql.statements;
    const readAt = this.clock.now();
    const until = readAt + durationMs;
    let leased: LeasedRow[] = [];
    let unreadable: ReadRows['unreadable'] = [];
    await this.sql.changeLocked<RawRow>(lockDue({ names }), (locked) => {
      const found = this.mapper.toRows(locked, readAt);
      ({ unreadable } = found);
      leased = found.rows.map((row) => {
        return { row, lease: leaseOn(row, durationMs, until) };
      });
      const claims = leased.map(({ lease }) => versionOf(lease));
      return claims.length > 0
        ? claimAll({ claims, owner, durationMs })
        : undefined;
    });
    return { rows: leased, unreadable };
  }

  private pageAfter({ name, since }: QueuePlace, limit: number) {
    return { name, since, limit, depthMs: this.front.depthMs };
  }

  private async queued(
    statement: Parameters<SqlRunner['rows']>[0],
  ): Promise<QueuedToken[]> {
    const rows = await this.sql.rows<RawQueued>(statement);
    return rows.map(({ name, since, appId, credentialId, ...row }) => ({
      name,
      since,
      appId,
      credentialId,
      version: Number(row.version),
      nextInMs: Number(row.nextInMs ?? -Infinity),
      refreshInMs: Number(row.refreshInMs ?? -Infinity),
      expiresInMs: Number(row.expiresInMs ?? -Infinity),
      nextAttemptInMs: Number(row.nextAttemptInMs ?? -Infinity),
      lastError: parseLastError(row.lastError),
    }));
  }
}

function versionOf({ name, version }: Lease) {
  return { name, version };
}

function rounded({ name, version, nextMs }: NewPlace): NewPlace {
  return { name, version, nextMs: Math.ceil(nextMs) };
}
