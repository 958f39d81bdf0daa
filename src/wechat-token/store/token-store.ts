// What does the table say?

import { Injectable } from '@nestjs/common';
import { Clock } from '../common/clock.js';
import { StoreError } from '../common/errors.js';
import { messages } from '../common/messages.js';
import type { TokenName } from '../common/token-name.js';
import { WriteBatcher } from './connections/write-batcher.js';
import { type RawRow, type ReadRows, RowMapper } from './row-mapper.js';
import { Sealing } from './sealing.js';
import type { SqlStatement } from './connections/sql-statement.js';
import { SqlRunner } from './sql-runner.js';
import {
  type LastError,
  type Lease,
  leaseOn,
  type TokenUpdate,
  type TokenRow,
} from './token-row.js';

/** A renewed token, and the lease of the renewal. */
type Renewed = readonly [Lease, TokenUpdate];

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
    this.renewals = new WriteBatcher<Renewed, boolean>((batch) =>
      this.writeRenewed(batch),
    );
  }

  /** Reads a row; undefined when it is missing. @throws SealedValueError when its value cannot be decrypted. */
  async read(name: TokenName): Promise<TokenRow | undefined> {
    const readAt = this.clock.now();
    const { read } = this.sql.statements;
    const [raw] = await this.sql.rows<RawRow>(read({ name }));
    return raw && this.mapper.toRow(raw, readAt);
  }

  /** As {@link read}; a missing row is inserted, as by {@link insertMissing}. */
  async readOrInsert(name: TokenName, remark: string): Promise<TokenRow> {
    for (;;) {
      const row = await this.read(name);
      if (row) return row;
      await this.insertMissing([{ name, remark }]);
    }
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
    const lease = leaseOn(row, durationMs, until);
    const { name, version } = row;
    const { version: claimedVersion } = lease;
    const claim = { name, version, claimedVersion, owner, durationMs };
    const claimed = await this.sql.change(this.sql.statements.claim(claim));
    return claimed === 0 ? undefined : lease;
  }

  /** Writes a renewed token and ends the lease, in one statement with concurrent renewals. False, and no write, when the lease was lost. */
  storeRenewed(lease: Lease, token: TokenUpdate): Promise<boolean> {
    return this.renewals.add([lease, token]);
  }

  /**
   * R6, R8: leaves the token as it is, stores the error, and ends the lease.
   * @param waitMs No replica calls the platform for this token before.
   * @param nextMs When a refresher looks at the row again.
   */
  async storeFailure(
    { name, version }: Lease,
    error: LastError,
    waitMs: number,
    nextMs: number = waitMs,
  ): Promise<boolean> {
    const wait = { waitMs: Math.ceil(waitMs), nextMs: Math.ceil(nextMs) };
    const { storeFailure } = this.sql.statements;
    const failure = storeFailure({ name, version, error, ...wait });
    return (await this.sql.change(failure)) > 0;
  }

  /** Ends the lease and leaves the token as it was; a refresher looks at the row again after `nextMs` milliseconds. */
  async release({ name, version }: Lease, nextMs = 0): Promise<boolean> {
    const { release } = this.sql.statements;
    const released = release({ name, version, nextMs: Math.ceil(nextMs) });
    return (await this.sql.change(released)) > 0;
  }

  private async displayRows(statement: SqlStatement): Promise<TokenRow[]> {
    const readAt = this.clock.now();
    const rows = await this.sql.rows<RawRow>(statement);
    return rows.map((row) => this.mapper.toDisplayRow(row, readAt));
  }

  /**
   * R4: each write is conditional on its lease's version, so a late answer never overwrites a newer token. R14: nobody waits for a
   * row that another transaction has locked: it is not stored yet, and is written again soon.
   */
  private async writeRenewed(
    renewals: readonly Renewed[],
  ): Promise<(boolean | StoreError)[]> {
    if (renewals.length === 1)
      return [(await this.sql.change(this.writeOf(renewals))) > 0];
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
    const locked = await this.versionsOf(
      names.filter((name) => !versions.has(name)),
    );
    return renewals.map((renewed) => {
      const [{ name, version }] = renewed;
      return locked.get(name) === version ? rowLocked() : holdsLease(renewed);
    });
  }

  /** As they were committed last, whoever has locked the rows; missing names are omitted. */
  private async versionsOf(
    names: readonly TokenName[],
  ): Promise<Map<TokenName, number>> {
    if (names.length === 0) return new Map();
    const { versions } = this.sql.statements;
    const rows = await this.sql.rows<Pick<RawRow, 'name' | 'version'>>(
      versions({ names }),
    );
    return new Map(rows.map(({ name, version }) => [name, Number(version)]));
  }

  private writeOf(renewals: readonly Renewed[]): SqlStatement {
    const rows = renewals.map(([{ name, version, durationMs }, token]) => ({
      name,
      version,
      value: token.unchanged ? null : this.sealing.seal(name, token.value),
      source: token.source,
      credentialId: token.credentialId,
      appId: token.appId,
      issuedMs: (token.issuedAfterMs ?? 0) - durationMs,
      refreshMs: token.refreshAfterMs - durationMs,
      expiresMs: token.sameEnd ? null : token.expiresAfterMs - durationMs,
      nextMs: token.nextAfterMs - durationMs,
    }));
    return this.sql.statements.storeRenewed({ renewals: rows });
  }
}

function rowLocked(): StoreError {
  const code = 'ROW_LOCKED';
  return new StoreError(messages.rowsLocked(code), code);
}
