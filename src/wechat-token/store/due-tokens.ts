import { Injectable } from '@nestjs/common';
import { Clock } from '../common/clock.js';
import type { TokenName } from '../common/token-name.js';
import { jsonParameter, namesParameter } from './json-parameter.js';
import {
  type ReadRows,
  type RawNumber,
  type RawRow,
  RowMapper,
  type UnreadableRow,
} from './row-mapper.js';
import { SqlRunner } from './sql-runner.js';
import { type Statements, statementsFor } from './statements.js';
import { leaseOn, type LeasedRow, type TokenRow } from './token-row.js';

/** A token that somebody should renew, and since when, as a place in the order of all of them. */
export interface DueToken {
  readonly name: TokenName;
  readonly since: string;
  /** It ended a day ago, and nobody has renewed it since. */
  readonly isLongOver?: RawNumber<number>;
}

export interface Claimed {
  readonly claimed: readonly LeasedRow[];
  readonly unreadable: readonly UnreadableRow[];
}

/** R14: the tokens that somebody should renew, by their instants in the table, and their leases many at a time. */
@Injectable()
export class DueTokens {
  private readonly statements: Statements;

  constructor(
    private readonly sql: SqlRunner,
    private readonly mapper: RowMapper,
    private readonly clock: Clock,
  ) {
    this.statements = statementsFor(sql.dialect);
  }

  /** A page of the tokens that are past their `refresh_at` and that nobody is at, the oldest first. */
  due(after: DueToken, limit: number): Promise<DueToken[]> {
    const { due } = this.statements;
    const values = [after.since, after.since, after.name, limit];
    return this.sql.rows<DueToken>(due, values);
  }

  /** The same for stable ones that were not confirmed for so long. */
  unconfirmed(
    unconfirmedMs: number,
    after: DueToken,
    limit: number,
  ): Promise<DueToken[]> {
    const { unconfirmed } = this.statements;
    const place = [after.since, after.since, after.name, limit];
    return this.sql.rows<DueToken>(unconfirmed, [-unconfirmedMs, ...place]);
  }

  /** R14: those of these tokens that ended a day ago are not due any more, until somebody asks for them by name. */
  async setAside(names: readonly TokenName[]): Promise<void> {
    await this.sql.change(this.statements.setAside, [namesParameter(names)]);
  }

  /**
   * R4: takes the leases of those that are still due or unconfirmed and that nobody is at. A row
   * that another transaction has locked is left out, and so is one that does not open.
   */
  async claimDue(
    names: readonly TokenName[],
    unconfirmedMs: number,
    owner: string,
    durationMs: number,
  ): Promise<Claimed> {
    const readAt = this.clock.now();
    const until = readAt + durationMs;
    const sql = this.statements.lockDue(names.length);
    const locking = { sql, values: [...names, -unconfirmedMs] };
    let found: ReadRows = { rows: [], unreadable: [] };
    await this.sql.changeLocked<RawRow>(locking, (locked) => {
      found = this.mapper.toRows(locked, readAt);
      return this.claimOf(found.rows, owner, durationMs);
    });
    const { rows, unreadable } = found;
    const claimed = rows.map((row) => {
      return { row, lease: leaseOn(row, durationMs, until) };
    });
    return { claimed, unreadable };
  }

  private claimOf(
    rows: readonly TokenRow[],
    owner: string,
    durationMs: number,
  ) {
    if (rows.length === 0) return undefined;
    const list = rows.map(({ name }) => ({
      of_name: name,
      new_owner: owner,
      lease_ms: durationMs,
    }));
    return { sql: this.statements.claimAll, values: [jsonParameter(list)] };
  }
}
