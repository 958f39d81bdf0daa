import type { TokenName } from '../common/token-name.js';
import type { Dialect } from './dialect.js';
import { compile, compileWithNames } from './sql-statement.js';

/** Every statement on `system_var` and `token_event`, by name. Each is one short round trip. */
export type Statements = ReturnType<typeof statementsFor>;

/** A poll finds what becomes due within this time. */
export const POLL_AHEAD_MS = 1500;
/** A token that expired this long ago belongs to an account that was removed. */
const LONG_EXPIRED_MS = 24 * 3600 * 1000;
/** The columns of a row besides its name and version. */
const DETAILS = 13;

/** The statements' parameters: `:name` in a statement is the field `name`. */
interface ParameterTypes {
  readonly name: TokenName;
  readonly names: readonly TokenName[];
  readonly version: number;
  readonly value: string;
  readonly oldValue: string;
  readonly remark: string | null;
  readonly after: TokenName;
  readonly before: TokenName;
  readonly beforeId: number;
  readonly since: string;
  readonly limit: number;
  readonly owner: string;
  readonly type: string;
  readonly durationMs: number;
  readonly keptMs: number;
  readonly lateMs: number;
  readonly sinceMs: number;
  readonly unconfirmedMs: number;
  readonly waitMs: number;
  readonly windowMs: number;
  readonly error: object;
  readonly missing: readonly { name: TokenName; remark: string }[];
  readonly renewals: readonly RenewedRow[];
  readonly events: readonly EventRow[];
}

/** What a renewal writes; the times are milliseconds from the end of its lease. */
interface RenewedRow {
  readonly name: TokenName;
  readonly version: number;
  /** Null when WeChat returned the stored token again: only the times are written. */
  readonly value: string | null;
  readonly source: string;
  readonly credentialId: string;
  readonly issuedMs: number;
  readonly refreshMs: number;
  readonly expiresMs: number;
}

interface EventRow {
  readonly name: TokenName;
  readonly type: string;
  readonly actor: string;
  readonly fingerprint: string | null;
  readonly latency: number | null;
  readonly detail: string | null;
}

function statement<Name extends keyof ParameterTypes>(text: string) {
  return compile<Pick<ParameterTypes, Name>>(text);
}

function statementOnNames<Name extends keyof ParameterTypes = never>(
  text: string,
) {
  return compileWithNames<Pick<ParameterTypes, Name | 'names'>>(text);
}

export function statementsFor(sql: Dialect) {
  const { now, after, msUntil, epochMs } = sql;
  const ago = (ms: string, instant = now) => after(instant, `-${ms}`);
  const isPast = (column: string, instant: string) =>
    `(${column} IS NULL OR ${column} <= ${instant})`;
  /** Not leased, and not waiting after a failure. */
  const isFreeAt = (instant: string) =>
    `${isPast('lease_until', instant)} AND ${isPast('next_attempt_at', instant)}`;
  const isDueAt = (instant: string) => `refresh_at <= ${instant}`;
  /** R7: stable, and not confirmed for a while. */
  const isUnconfirmedAt = (instant: string) =>
    `source = 'stable' AND updated_at <= ${ago(':unconfirmedMs', instant)}`;
  const soon = after(now, String(POLL_AHEAD_MS));
  const longAgo = ago(String(LONG_EXPIRED_MS));
  // Not renewed, and no attempt either: a failed attempt sets next_attempt_at.
  const isLongExpired = `expires_at <= ${longAgo} AND ${isFreeAt(longAgo)}`;
  const byRefreshAt = `system_var ${sql.byIndex('IDX_system_var_refresh_at')}`;
  const bySource = `system_var ${sql.byIndex('IDX_system_var_source_updated_at')}`;
  const row = `name, version, value, source, credential_id AS credentialId,
    ${msUntil('issued_at')} AS issuedInMs, ${msUntil('refresh_at')} AS refreshInMs,
    ${msUntil('expires_at')} AS expiresInMs, ${msUntil('updated_at')} AS updatedInMs,
    lease_owner AS leaseOwner, ${msUntil('lease_until')} AS leaseInMs,
    failure_count AS failureCount, ${msUntil('next_attempt_at')} AS nextAttemptInMs,
    last_error AS lastError, ${epochMs(now)} AS databaseNow`;
  const noDetails = Array(DETAILS).fill('NULL').join(', ');
  const byNames = (table: string) =>
    sql.listJoin(sql.nameList(':names'), table, 'name = list_name');
  // R3: the lease began before the call was sent, on the database's clock: a lifetime that is counted from there is never too long.
  const afterLease = (ms: string) => after('lease_until', ms);
  const endLease =
    'version = version + 1, lease_owner = NULL, lease_until = NULL';
  const pageBy = (instant: string) =>
    `${instant} >= :since AND (${instant} > :since OR name > :name) ORDER BY ${instant}, name LIMIT :limit`;

  return {
    read: statement<'name'>(`SELECT ${row} FROM system_var WHERE name = :name`),

    readAll: statement<'names'>(`SELECT ${row} FROM ${byNames('system_var')}`),

    /** Tokens in order of name, without plain variables. */
    page: statement<'after' | 'before' | 'limit'>(`
      SELECT ${row} FROM system_var
      WHERE name > :after AND name < :before AND expires_at IS NOT NULL ORDER BY name LIMIT :limit`),

    /**
     * R13: everything that a replica asks once a second. `changed`: recent writes, whole rows. `late`: writes a little older, which
     * a late commit may have made visible since, versions only. `due`: whether a token is due, or will be before the next poll.
     * Reads no row that has not changed, whatever the size of the table.
     */
    poll: statement<'sinceMs' | 'lateMs' | 'unconfirmedMs'>(`
      SELECT 'changed' AS part, ${row} FROM system_var
        WHERE updated_at > ${ago(':sinceMs')} AND expires_at IS NOT NULL
      UNION ALL SELECT 'late', name, version, ${noDetails} FROM system_var
        WHERE updated_at > ${ago(':lateMs')} AND updated_at <= ${ago(':sinceMs')} AND expires_at IS NOT NULL
      UNION ALL SELECT 'due', NULL, NULL, ${noDetails}
        WHERE EXISTS (SELECT 1 FROM ${byRefreshAt} WHERE ${isDueAt(soon)} AND ${isFreeAt(soon)})
        OR EXISTS (SELECT 1 FROM ${bySource} WHERE ${isUnconfirmedAt(soon)} AND ${isFreeAt(soon)})`),

    /** R14: tokens past refresh_at that are free, the oldest first. */
    due: statement<'since' | 'name' | 'limit'>(`
      SELECT name, ${sql.asText('refresh_at')} AS since, ${isLongExpired} AS isLongExpired FROM ${byRefreshAt}
      WHERE ${isDueAt(now)} AND ${isFreeAt(now)} AND ${pageBy('refresh_at')}`),

    /** The same for tokens that need a confirmation. */
    unconfirmed: statement<'unconfirmedMs' | 'since' | 'name' | 'limit'>(`
      SELECT name, ${sql.asText('updated_at')} AS since FROM ${bySource}
      WHERE ${isUnconfirmedAt(now)} AND ${isFreeAt(now)} AND ${pageBy('updated_at')}`),

    /** Long-expired tokens are not due any more. The next renewal by name sets both columns again. */
    unschedule: statement<'names'>(
      sql.updateFromList(
        sql.nameList(':names'),
        `name = list_name AND ${isLongExpired}`,
        'refresh_at = NULL, source = NULL, version = version + 1',
      ),
    ),

    /** The version starts at the clock: a row that was deleted and inserted again is newer than the deleted one. */
    insertMissing: statement<'missing'>(`
      INSERT INTO system_var (name, remark, version, refresh_at, expires_at, updated_at, failure_count)
      SELECT list_name, list_remark, ${epochMs(now)}, ${now}, ${now}, ${now}, 0
      FROM ${sql.listOf(':missing', { name: 'name', remark: 'varchar' })} ${sql.unlessPresent}`),

    claim: statement<'name' | 'version' | 'owner' | 'durationMs'>(`
      UPDATE system_var
      SET version = version + 1, lease_owner = :owner, lease_until = ${after(now, ':durationMs')}
      WHERE name = :name AND version = :version AND ${isPast('lease_until', now)}`),

    /** Locks those of these rows that are still due or unconfirmed, and free, for {@link claimAll}. */
    lockDue: statementOnNames<'unconfirmedMs'>(`
      SELECT ${row} FROM system_var ${sql.byPrimaryKey}
      WHERE name IN (:...names) AND ${isFreeAt(now)} AND (${isDueAt(now)} OR ${isUnconfirmedAt(now)})
      ${sql.lockingFreeRows}`),

    claimAll: statement<'names' | 'owner' | 'durationMs'>(
      sql.updateFromList(
        sql.nameList(':names'),
        'name = list_name',
        `version = version + 1, lease_owner = :owner, lease_until = ${after(now, ':durationMs')}`,
      ),
    ),

    /** Locks those of these rows that no other transaction has locked, for {@link storeRenewed}. */
    lock: statementOnNames(`
      SELECT name, version FROM system_var ${sql.byPrimaryKey}
      WHERE name IN (:...names) ${sql.lockingFreeRows}`),

    storeRenewed: statement<'renewals'>(
      sql.updateFromList(
        sql.listOf(':renewals', {
          name: 'name',
          version: 'integer',
          value: 'text',
          source: 'varchar',
          credentialId: 'varchar',
          issuedMs: 'integer',
          refreshMs: 'integer',
          expiresMs: 'integer',
        }),
        'name = list_name AND version = list_version',
        `value = COALESCE(list_value, value),
        issued_at = CASE WHEN list_value IS NULL THEN issued_at ELSE ${afterLease('list_issuedMs')} END,
        source = list_source, credential_id = list_credentialId,
        refresh_at = ${afterLease('list_refreshMs')}, expires_at = ${afterLease('list_expiresMs')}, updated_at = ${now},
        failure_count = 0, next_attempt_at = NULL, last_error = NULL, ${endLease}`,
      ),
    ),

    /** R6: the value and its times do not change. */
    storeFailure: statement<'name' | 'version' | 'error' | 'waitMs'>(`
      UPDATE system_var
      SET failure_count = failure_count + 1, next_attempt_at = ${after(now, ':waitMs')},
        last_error = ${sql.jsonWithTime(':error')}, ${endLease}
      WHERE name = :name AND version = :version`),

    release: statement<'name' | 'version'>(
      `UPDATE system_var SET ${endLease} WHERE name = :name AND version = :version`,
    ),

    recordEvents: statement<'events'>(`
      INSERT INTO token_event (name, at, type, actor, fingerprint, latency, detail)
      SELECT list_name, ${now}, list_type, list_actor, list_fingerprint, list_latency, list_detail
      FROM ${sql.listOf(':events', {
        name: 'name',
        type: 'varchar',
        actor: 'varchar',
        fingerprint: 'varchar',
        latency: 'integer',
        detail: 'varchar',
      })}`),

    /** The newest first, as milliseconds from now (negative). */
    recentEvents: statement<'name' | 'type' | 'windowMs'>(`
      SELECT ${msUntil('at')} AS atInMs FROM token_event
      WHERE name = :name AND type = :type AND at > ${ago(':windowMs')} ORDER BY at DESC`),

    countEvents: statement<'names' | 'type' | 'windowMs'>(`
      SELECT name, COUNT(*) AS count FROM ${byNames('token_event')}
      WHERE type = :type AND at > ${ago(':windowMs')} GROUP BY name`),

    /** The newest first. */
    events: statement<'name' | 'beforeId' | 'limit'>(`
      SELECT id, ${epochMs('at')} AS at, type, actor, fingerprint, latency AS latencyMs, detail
      FROM token_event WHERE name = :name AND id < :beforeId ORDER BY id DESC LIMIT :limit`),

    purgeEvents: statement<'keptMs' | 'limit'>(
      sql.deleteFirst(
        'token_event',
        `at < ${ago(':keptMs')} ORDER BY at LIMIT :limit`,
      ),
    ),

    /** Tokens that have a value, in order of name. */
    storedValues: statement<'after' | 'limit'>(`
      SELECT name, value FROM system_var
      WHERE name > :after AND expires_at IS NOT NULL AND value IS NOT NULL ORDER BY name LIMIT :limit`),

    /**
     * The token is the same, encrypted with another key. R4: the version stays, so a lease on the row stays valid. R13: updated_at
     * stays, since replicas have nothing to read.
     */
    replaceValue: statement<'name' | 'value' | 'oldValue'>(
      `UPDATE system_var SET value = :value WHERE name = :name AND ${sql.sameText('value', ':oldValue')}`,
    ),

    readValue: statement<'name'>(
      'SELECT value FROM system_var WHERE name = :name',
    ),

    /** Never overwrites a token. Without a remark the stored one stays. */
    updateVariable: statement<'name' | 'value' | 'remark'>(`
      UPDATE system_var
      SET value = :value, remark = COALESCE(:remark, remark), updated_at = ${now}, version = version + 1
      WHERE name = :name AND expires_at IS NULL`),

    insertVariable: statement<'name' | 'value' | 'remark'>(`
      INSERT INTO system_var (name, value, remark, version, updated_at, failure_count)
      SELECT :name, :value, COALESCE(:remark, ''), 0, ${now}, 0 ${sql.unlessPresent}`),
  };
}
