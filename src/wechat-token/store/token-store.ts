// What does the table say?

import { Injectable } from '@nestjs/common';
import { Clock } from '../common/clock.js';
import type { TokenName } from '../common/token-name.js';
import { WriteBatcher } from './write-batcher.js';
import { jsonParameter, namesParameter } from './json-parameter.js';
import { type RawRow, type ReadRows, RowMapper } from './row-mapper.js';
import { Sealing } from './sealing.js';
import { SqlRunner } from './sql-runner.js';
import { LOOK_AHEAD_MS, type Statements, statementsFor } from './statements.js';
import {
  type LastError,
  type Lease,
  leaseOn,
  type TokenUpdate,
  type TokenRow,
} from './token-row.js';

/** What one look at the table found. */
export interface TableLook {
  /** Written lately, and unknown until now. */
  readonly news: readonly TokenRow[];
  /** Written a little before that, and unknown until now: only their names were read. */
  readonly late: readonly TokenName[];
  /** Whether there will be nothing to renew or to confirm for so many milliseconds. */
  readonly quietMs: number;
}

/** A token that was renewed, and the lease that it was renewed under. */
type Renewed = readonly [Lease, TokenUpdate];

type LookedAt =
  | (RawRow & { readonly part: 'fresh' })
  | (Pick<RawRow, 'name' | 'version'> & { readonly part: 'late' })
  | { readonly part: 'due' };

/** The tokens' rows. Every method is one short statement, or one short transaction; all instants are the database's (R3). */
@Injectable()
export class TokenStore {
  private readonly statements: Statements;
  private readonly renewals: WriteBatcher<Renewed, boolean>;

  constructor(
    private readonly sql: SqlRunner,
    private readonly sealing: Sealing,
    private readonly mapper: RowMapper,
    private readonly clock: Clock,
  ) {
    this.statements = statementsFor(sql.dialect);
    this.renewals = new WriteBatcher((all) => this.writeRenewed(all));
  }

  /** The row as it is now; undefined when there is none. @throws SealedValueError when its value does not open. */
  async read(name: TokenName): Promise<TokenRow | undefined> {
    const readAt = this.clock.now();
    const [raw] = await this.sql.rows<RawRow>(this.statements.read, [name]);
    return raw && this.mapper.toRow(raw, readAt);
  }

  /** Those of these rows that there are. */
  async readAll(names: readonly TokenName[]): Promise<ReadRows> {
    const readAt = this.clock.now();
    return this.mapper.toRows(await this.rawRows(names), readAt);
  }

  /** As {@link readAll}, but one that does not open comes as in a {@link page}. */
  async inspectAll(names: readonly TokenName[]): Promise<TokenRow[]> {
    const readAt = this.clock.now();
    const raw = await this.rawRows(names);
    return raw.map((row) => this.mapper.toShownRow(row, readAt));
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
    const raw = await this.sql.rows<RawRow>(this.statements.page, values);
    return raw.map((row) => this.mapper.toShownRow(row, readAt));
  }

  /**
   * R13: what was written within the last `sinceMs` milliseconds, and before that within the last `lateMs`, which a commit that
   * came late has made visible only now; as far as it `isNews`. And
   * for how long there is nothing to do, where stable tokens want a confirmation after `unconfirmedMs`.
   */
  async look(
    {
      sinceMs,
      lateMs,
      unconfirmedMs,
    }: { sinceMs: number; lateMs: number; unconfirmedMs: number },
    isNews: (name: TokenName, version: number) => boolean,
  ): Promise<TableLook> {
    const fresh = -Math.ceil(sinceMs);
    const values = [
      fresh,
      -Math.ceil(Math.max(sinceMs, lateMs)),
      fresh,
      LOOK_AHEAD_MS - unconfirmedMs,
    ];
    const readAt = this.clock.now();
    const found = await this.sql.rows<LookedAt>(this.statements.look, values);
    const news: RawRow[] = [];
    const late: TokenName[] = [];
    let quietMs = LOOK_AHEAD_MS;
    for (const row of found) {
      if (row.part === 'due') quietMs = 0;
      else if (isNews(row.name, Number(row.version)))
        if (row.part === 'fresh') news.push(row);
        else late.push(row.name);
    }
    const { rows } = this.mapper.toRows(news, readAt);
    return { news: rows, late, quietMs };
  }

  /** Makes the rows of tokens that were never fetched: due at once, expired, without a value. Leaves existing rows alone. */
  async insertMissing(
    tokens: readonly { readonly name: TokenName; readonly remark: string }[],
  ): Promise<void> {
    // In one order everywhere: replicas that make the same rows at once do not lock each other out.
    const inOrder = tokens.toSorted((one, other) =>
      one.name < other.name ? -1 : 1,
    );
    const list = inOrder.map(({ name, remark }) => ({
      of_name: name,
      new_remark: remark,
    }));
    await this.sql.change(this.statements.insertMissing, [jsonParameter(list)]);
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
    const claimed = await this.sql.change(this.statements.claim, values);
    return claimed === 0 ? undefined : leaseOn(row, durationMs, until);
  }

  /**
   * Writes what a renewal brought and gives the lease back; what others bring meanwhile is written with it. False when the
   * lease was lost: nothing is written then.
   */
  storeRenewed(lease: Lease, token: TokenUpdate): Promise<boolean> {
    return this.renewals.add([lease, token]);
  }

  /** R6, R8: leaves the token as it is, notes why it could not be renewed, and when any replica may try again. */
  async storeFailure(
    { name, version }: Lease,
    error: LastError,
    waitMs: number,
  ): Promise<boolean> {
    const failure = [Math.ceil(waitMs), jsonParameter(error)];
    const values = [...failure, name, version];
    return (await this.sql.change(this.statements.storeFailure, values)) > 0;
  }

  /** Gives the lease back with the row otherwise as it was. */
  async release({ name, version }: Lease): Promise<boolean> {
    const values = [name, version];
    return (await this.sql.change(this.statements.release, values)) > 0;
  }

  private rawRows(names: readonly TokenName[]): Promise<RawRow[]> {
    return this.sql.rows(this.statements.readAll, [namesParameter(names)]);
  }

  /**
   * R4: each is conditional on its lease's version, so a late answer never overwrites a newer token. A row that somebody has
   * locked is written by itself: the others, and those that come after them, do not wait for it (R14).
   */
  private async writeRenewed(
    renewals: readonly Renewed[],
  ): Promise<(boolean | Promise<boolean>)[]> {
    const [first] = renewals;
    if (renewals.length === 1 && first) return [await this.writeAlone(first)];
    const free = new Map<TokenName, number>();
    const written = new Set<Renewed>();
    const names = renewals.map(([{ name }]) => name);
    await this.sql.changeLocked<Pick<RawRow, 'name' | 'version'>>(
      { sql: this.statements.lock(names.length), values: names },
      (rows) => {
        free.clear();
        written.clear();
        for (const row of rows) free.set(row.name, Number(row.version));
        for (const renewed of renewals)
          if (free.get(renewed[0].name) === renewed[0].version)
            written.add(renewed);
        return written.size > 0 ? this.writeOf([...written]) : undefined;
      },
    );
    return renewals.map((renewed) =>
      written.has(renewed) || free.has(renewed[0].name)
        ? written.has(renewed)
        : this.writeAlone(renewed),
    );
  }

  private async writeAlone(renewed: Renewed): Promise<boolean> {
    const { sql, values } = this.writeOf([renewed]);
    return (await this.sql.change(sql, values)) > 0;
  }

  private writeOf(renewals: readonly Renewed[]) {
    const list = renewals.map(([{ name, version, durationMs }, token]) => ({
      of_name: name,
      of_version: version,
      new_value: token.unchanged ? null : this.sealing.seal(name, token.value),
      new_source: token.source,
      new_credential_id: token.credentialId,
      back_to_claim_ms: -durationMs,
      refresh_ms: token.refreshAfterMs - durationMs,
      expires_ms: token.expiresAfterMs - durationMs,
    }));
    return { sql: this.statements.storeRenewed, values: [jsonParameter(list)] };
  }
}
