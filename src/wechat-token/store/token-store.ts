// What does the table say?

import { Injectable } from '@nestjs/common';
import { Clock } from '../common/clock.js';
import type { TokenName } from '../common/token-name.js';
import { WriteBatcher } from './write-batcher.js';
import { type RawRow, type ReadRows, RowMapper } from './row-mapper.js';
import { Sealing } from './sealing.js';
import type { SqlStatement } from './sql-statement.js';
import { SqlRunner } from './sql-runner.js';
import { POLL_AHEAD_MS } from './statements.js';
import {
  type LastError,
  type Lease,
  leaseOn,
  type TokenUpdate,
  type TokenRow,
} from './token-row.js';

interface PollRange {
  readonly sinceMs: number;
  readonly lateMs: number;
  readonly unconfirmedMs: number;
}

/** The result of one poll. */
export interface Changes {
  /** Written within the last `sinceMs`, and new to this process. */
  readonly changed: readonly TokenRow[];
  /** Written before that, within the last `lateMs`, and new to this process: only their names were read. */
  readonly changedLate: readonly TokenName[];
  /** No token becomes due or unconfirmed for this long. */
  readonly idleMs: number;
}

/** A renewed token, and the lease of the renewal. */
type Renewed = readonly [Lease, TokenUpdate];

type PolledRow =
  | (RawRow & { readonly part: 'changed' })
  | (Pick<RawRow, 'name' | 'version'> & { readonly part: 'late' })
  | { readonly part: 'due' };

/** The tokens' rows. Every method is one short statement, or one short transaction, on the database's clock (R3). */
@Injectable()
export class TokenStore {
  private readonly renewals: WriteBatcher<Renewed, boolean>;

  constructor(
    private readonly sql: SqlRunner,
    private readonly sealing: Sealing,
    private readonly mapper: RowMapper,
    private readonly clock: Clock,
  ) {
    this.renewals = new WriteBatcher((batch) => this.writeRenewed(batch));
  }

  /** Reads a row; undefined when it is missing. @throws SealedValueError when its value cannot be decrypted. */
  async read(name: TokenName): Promise<TokenRow | undefined> {
    const readAt = this.clock.now();
    const { read } = this.sql.statements;
    const [raw] = await this.sql.rows<RawRow>(read({ name }));
    return raw && this.mapper.toRow(raw, readAt);
  }

  /** Reads these rows; missing names are omitted. */
  async readAll(names: readonly TokenName[]): Promise<ReadRows> {
    const readAt = this.clock.now();
    const { readAll } = this.sql.statements;
    return this.mapper.toRows(await this.sql.rows(readAll({ names })), readAt);
  }

  /** As {@link readAll}, for display: a row that cannot be decrypted has no value, and the reason as its last error. */
  inspectAll(names: readonly TokenName[]): Promise<TokenRow[]> {
    return this.displayRows(this.sql.statements.readAll({ names }));
  }

  /** Reads stored tokens between two names, exclusive, in order of name; for display, as {@link inspectAll}. */
  page(page: {
    after: TokenName;
    before: TokenName;
    limit: number;
  }): Promise<TokenRow[]> {
    return this.displayRows(this.sql.statements.page(page));
  }

  /**
   * R13: reads the rows that were written within the last `sinceMs` milliseconds, and the names of those written before that within
   * the last `lateMs`, which a late commit may have made visible since; both as far as they are `isNew`. Stable tokens need a
   * confirmation after `unconfirmedMs`.
   */
  async poll(
    range: PollRange,
    isNew: (name: TokenName, version: number) => boolean,
  ): Promise<Changes> {
    const readAt = this.clock.now();
    const polled = await this.sql.rows<PolledRow>(
      this.sql.statements.poll({
        sinceMs: Math.ceil(range.sinceMs),
        lateMs: Math.ceil(Math.max(range.sinceMs, range.lateMs)),
        unconfirmedMs: range.unconfirmedMs,
      }),
    );
    const changed: RawRow[] = [];
    const changedLate: TokenName[] = [];
    let idleMs = POLL_AHEAD_MS;
    for (const row of polled) {
      if (row.part === 'due') idleMs = 0;
      else if (isNew(row.name, Number(row.version)))
        if (row.part === 'changed') changed.push(row);
        else changedLate.push(row.name);
    }
    const { rows } = this.mapper.toRows(changed, readAt);
    return { changed: rows, changedLate, idleMs };
  }

  /** Inserts the rows of tokens that were never issued: due, expired, without a value. Existing rows stay as they are. */
  async insertMissing(
    tokens: readonly { readonly name: TokenName; readonly remark: string }[],
  ): Promise<void> {
    // In one order: replicas that insert the same rows at the same time do not deadlock.
    const inOrder = tokens.toSorted((one, other) =>
      one.name < other.name ? -1 : 1,
    );
    const { insertMissing } = this.sql.statements;
    await this.sql.change(insertMissing({ missing: inOrder }));
  }

  /**
   * R4: takes the lease, unless the row is leased or has changed since it was read: a decision based on that row is still valid.
   * Undefined when another replica was faster.
   */
  async claim(
    row: TokenRow,
    owner: string,
    durationMs: number,
  ): Promise<Lease | undefined> {
    const until = this.clock.now() + durationMs;
    const { name, version } = row;
    const claimed = await this.sql.change(
      this.sql.statements.claim({ name, version, owner, durationMs }),
    );
    return claimed === 0 ? undefined : leaseOn(row, durationMs, until);
  }

  /** Writes a renewed token and ends the lease, in one statement with concurrent renewals. False, and no write, when the lease was lost. */
  storeRenewed(lease: Lease, token: TokenUpdate): Promise<boolean> {
    return this.renewals.add([lease, token]);
  }

  /** R6, R8: leaves the token as it is, stores the error and when the next attempt is allowed, and ends the lease. */
  async storeFailure(
    { name, version }: Lease,
    error: LastError,
    waitMs: number,
  ): Promise<boolean> {
    const failure = { name, version, error, waitMs: Math.ceil(waitMs) };
    const { storeFailure } = this.sql.statements;
    return (await this.sql.change(storeFailure(failure))) > 0;
  }

  /** Ends the lease and leaves the row otherwise as it was. */
  async release({ name, version }: Lease): Promise<boolean> {
    const { release } = this.sql.statements;
    return (await this.sql.change(release({ name, version }))) > 0;
  }

  private async displayRows(statement: SqlStatement): Promise<TokenRow[]> {
    const readAt = this.clock.now();
    const rows = await this.sql.rows<RawRow>(statement);
    return rows.map((row) => this.mapper.toDisplayRow(row, readAt));
  }

  /**
   * R4: each write is conditional on its lease's version, so a late answer never overwrites a newer token. R14: a row that another
   * transaction has locked is written alone: the other writes do not wait for it.
   */
  private async writeRenewed(
    renewals: readonly Renewed[],
  ): Promise<(boolean | Promise<boolean>)[]> {
    const [first] = renewals;
    if (renewals.length === 1 && first) return [await this.writeAlone(first)];
    const names = renewals.map(([{ name }]) => name);
    let versions = new Map<TokenName, number>();
    const holdsLease = ([{ name, version }]: Renewed) =>
      versions.get(name) === version;
    await this.sql.changeLocked<Pick<RawRow, 'name' | 'version'>>(
      this.sql.statements.lock({ names }),
      (rows) => {
        versions = new Map(rows.map((row) => [row.name, Number(row.version)]));
        const valid = renewals.filter(holdsLease);
        return valid.length > 0 ? this.writeOf(valid) : undefined;
      },
    );
    return renewals.map((renewed) =>
      versions.has(renewed[0].name)
        ? holdsLease(renewed)
        : this.writeAlone(renewed),
    );
  }

  private async writeAlone(renewed: Renewed): Promise<boolean> {
    return (await this.sql.change(this.writeOf([renewed]))) > 0;
  }

  private writeOf(renewals: readonly Renewed[]): SqlStatement {
    const rows = renewals.map(([{ name, version, durationMs }, token]) => ({
      name,
      version,
      value: token.unchanged ? null : this.sealing.seal(name, token.value),
      source: token.source,
      credentialId: token.credentialId,
      issuedMs: -durationMs,
      refreshMs: token.refreshAfterMs - durationMs,
      expiresMs: token.expiresAfterMs - durationMs,
    }));
    return this.sql.statements.storeRenewed({ renewals: rows });
  }
}
