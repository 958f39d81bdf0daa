import { Injectable } from '@nestjs/common';
import { Clock } from '../common/clock.js';
import type { TokenName } from '../common/token-name.js';
import {
  type RawNumber,
  type RawRow,
  type ReadRows,
  RowMapper,
} from './row-mapper.js';
import { SqlRunner } from './sql-runner.js';
import { leaseOn, type LeasedRow } from './token-row.js';

/** A token to renew, and since when: a place in the order of all due tokens. */
export interface DueToken {
  readonly name: TokenName;
  readonly since: string;
  /** Expired a day ago or earlier, and not renewed since. */
  readonly isLongExpired?: boolean;
}

interface RawDueToken extends Omit<DueToken, 'isLongExpired'> {
  readonly isLongExpired: RawNumber<number>;
}

/** R14: the tokens to renew, in the order of their instants in the table, and their leases, many in one statement. */
@Injectable()
export class DueTokens {
  constructor(
    private readonly sql: SqlRunner,
    private readonly mapper: RowMapper,
    private readonly clock: Clock,
  ) {}

  /** Returns a page of the tokens that are past their `refresh_at`, not leased and not waiting after a failure; the oldest first. */
  async due(after: DueToken, limit: number): Promise<DueToken[]> {
    const { due } = this.sql.statements;
    const rows = await this.sql.rows<RawDueToken>(due({ ...after, limit }));
    return rows.map((row) => {
      return { ...row, isLongExpired: Number(row.isLongExpired) === 1 };
    });
  }

  /** The same for stable tokens that were last confirmed `unconfirmedMs` ago or earlier. */
  unconfirmed(
    unconfirmedMs: number,
    after: DueToken,
    limit: number,
  ): Promise<DueToken[]> {
    const { unconfirmed } = this.sql.statements;
    return this.sql.rows(unconfirmed({ unconfirmedMs, ...after, limit }));
  }

  /** R14: takes long-expired tokens out of the order of due tokens until the next renewal by name. */
  async unschedule(names: readonly TokenName[]): Promise<void> {
    await this.sql.change(this.sql.statements.unschedule({ names }));
  }

  /**
   * R4: takes the leases of the tokens that are still due or unconfirmed, and not leased. Rows that another transaction has locked
   * are skipped; rows that cannot be decrypted are not leased.
   */
  async claimDue(
    names: readonly TokenName[],
    unconfirmedMs: number,
    owner: string,
    durationMs: number,
  ): Promise<ReadRows<LeasedRow>> {
    const { lockDue, claimAll } = this.sql.statements;
    const readAt = this.clock.now();
    const until = readAt + durationMs;
    const locking = lockDue({ names, unconfirmedMs });
    let found: ReadRows = { rows: [], unreadable: [] };
    await this.sql.changeLocked<RawRow>(locking, (locked) => {
      found = this.mapper.toRows(locked, readAt);
      const claimed = found.rows.map(({ name }) => name);
      return claimed.length > 0
        ? claimAll({ names: claimed, owner, durationMs })
        : undefined;
    });
    const { rows, unreadable } = found;
    const leased = rows.map((row) => {
      return { row, lease: leaseOn(row, durationMs, until) };
    });
    return { rows: leased, unreadable };
  }
}
