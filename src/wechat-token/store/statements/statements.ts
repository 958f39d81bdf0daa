// What is the database asked?

import type { Dialect } from '../dialects/dialect.js';
import { hourStatementsFor } from './hour-statements.js';
import { listStatementsFor } from './list-statements.js';
import { byNames, rowColumns, tokenRows } from './row-columns.js';
import type { ParameterTypes } from './statement-parameters.js';
import { compile, compileWithNames } from '../connections/sql-statement.js';

/** Every statement on the module's tables, by name. Each is one short round trip. */
export type Statements = ReturnType<typeof statementsFor>;

/** A poll finds what becomes due within this time. */
export const POLL_AHEAD_MS = 1500;
/** A row may be in the queue this much later than its other instants say: times are rounded. */
export const PLACE_SLACK_MS = 2000;

export function statementsFor(sql: Dialect) {
  const statement = <Name extends keyof ParameterTypes>(text: string) =>
    compile<Pick<ParameterTypes, Name>>(text, sql.storable);
  const statementOnNames = (text: string) =>
    compileWithNames<Pick<ParameterTypes, 'names'>>(text, sql.storable);
  const { now, after, msUntil, epochMs } = sql;
  const ago = (ms: string, instant = now) => after(instant, `-${ms}`);
  const isPast = (column: string, instant: string) =>
    `(${column} IS NULL OR ${column} <= ${instant})`;
  const isFreeAt = (instant: string) => isPast('lease_until', instant);
  const isDue = isPast('refresh_at', now);
  const soon = after(now, String(POLL_AHEAD_MS));
  const queue = `system_var ${sql.byIndex('IDX_system_var_next_at')}`;
  const news = `system_var ${sql.byIndex('IDX_system_var_updated_at_name')}`;
  const rows = tokenRows(sql);
  const events = `token_event ${sql.byIndex('IDX_token_event_name_type_at')}`;
  const row = rowColumns(sql);
  // R3: the lease began before the call was sent, on the database's clock: a lifetime that is counted from there is never too long.
  const afterLease = (ms: string) => after('lease_until', ms);
  const leaseEnd = after(now, ':durationMs');
  /** Should the holder die, the queue has the row again when its lease has expired. */
  const takeLease = `lease_owner = :owner, lease_until = ${leaseEnd}, next_at = ${leaseEnd}`;
  const endLease =
    'version = version + 1, lease_owner = NULL, lease_until = NULL';
  /** A page in the order of an instant and the name, after the row with these two. */
  const pageBy = (instant: string) =>
    `${sql.isAfter(instant, ':since', ':name')} ORDER BY ${instant}, name LIMIT :limit`;
  /** The queue as deep as it has rows. */
  const inQueue = `next_at >= ${ago(':depthMs')} AND next_at <=`;
  // Version 0.1 inserts rows without a place in the queue, and renews stopped ones without another place.
  const isMisplaced = `(next_at IS NULL
    OR (next_at > ${after('refresh_at', String(PLACE_SLACK_MS))} AND next_attempt_at IS NULL AND lease_until IS NULL))`;
  const change = `name, version, ${sql.asText('updated_at')} AS since, ${isMisplaced} AS "isMisplaced"`;
  const place = `name, version, app_id AS "appId", credential_id AS "credentialId",
    ${sql.asText('next_at')} AS since, ${msUntil('next_at')} AS "nextInMs",
    ${msUntil('refresh_at')} AS "refreshInMs", ${msUntil('expires_at')} AS "expiresInMs",
    ${msUntil('next_attempt_at')} AS "nextAttemptInMs", last_error AS "lastError"`;

  return {
    ...hourStatementsFor(sql),
    ...listStatementsFor(sql),

    read: statement<'name'>(`SELECT ${row} FROM system_var WHERE name = :name`),

    readAll: statement<'names'>(`SELECT ${row} FROM ${byNames(sql, rows)}`),

    /** Tokens in order of name, without plain variables. */
    page: statement<'after' | 'before' | 'limit'>(`
      SELECT ${row} FROM ${rows}
      WHERE name > :after AND name < :before AND expires_at IS NOT NULL ORDER BY name LIMIT :limit`),

    /**
     * R13: all that a replica asks once a second. `changed`: the first page of recent writes, without their values. `due`: the first
     * token in the queue that is due, or will be before the next poll, and since when. `lost`: which of these tokens that the replica
     * holds have no row, an empty one or an older one. Reads the rows of those, and no other that has not changed, whatever the size
     * of the table.
     */
    poll: statement<'sinceMs' | 'limit' | 'depthMs' | 'held'>(`
      SELECT * FROM (SELECT 'changed' AS part, ${change}, 0 AS "firstInMs" FROM ${news}
        WHERE updated_at > ${ago(':sinceMs')} AND expires_at IS NOT NULL ORDER BY updated_at, name LIMIT :limit) changed
      UNION ALL SELECT 'due', NULL, NULL, NULL, NULL, ${msUntil('next_at')} FROM (SELECT next_at FROM ${queue}
        WHERE ${inQueue} ${soon} AND ${isFreeAt(soon)} ORDER BY next_at LIMIT 1) due
      UNION ALL SELECT 'lost', list_name, NULL, NULL, NULL, NULL
        FROM ${sql.listOf(':held', { name: 'name', version: 'integer' })}
        LEFT JOIN ${rows} ON name = list_name
        WHERE version IS NULL OR version < list_version OR expires_at IS NULL OR COALESCE(value, '') = ''`),

    /** The next page of recent writes. */
    changedAfter: statement<'since' | 'name' | 'limit'>(`
      SELECT ${change} FROM ${news} WHERE expires_at IS NOT NULL AND ${pageBy('updated_at')}`),

    versions: statement<'names'>(`SELECT ${change} FROM ${byNames(sql, rows)}`),

    /** R14: a page of the queue: tokens past refresh_at that are not leased, the longest waiting first. */
    due: statement<'since' | 'name' | 'limit' | 'depthMs'>(`
      SELECT ${place} FROM ${queue} WHERE ${inQueue} ${now} AND ${isDue} AND ${isFreeAt(now)} AND ${pageBy('next_at')}`),

    /** R7: the same for tokens that are in the queue to be confirmed. */
    unconfirmed: statement<'since' | 'name' | 'limit' | 'depthMs'>(`
      SELECT ${place} FROM ${queue} WHERE ${inQueue} ${now} AND refresh_at > ${now} AND ${isFreeAt(now)} AND ${pageBy('next_at')}`),

    /** Tokens without a place in the queue, such as rows that version 0.1 has inserted; plain variables, by their names, are not read. */
    unplaced: statement<'after' | 'before' | 'limit'>(`
      SELECT ${place} FROM ${queue}
      WHERE next_at IS NULL AND name >= :after AND name < :before AND expires_at IS NOT NULL
      ORDER BY next_at, name LIMIT :limit`),

    /** Moves rows in the queue that are as they were read and not leased. The version stays: a claim of the row is still valid. */
    place: statement<'places'>(
      sql.updateFromList(
        sql.listOf(':places', {
          name: 'name',
          version: 'integer',
          nextMs: 'integer',
        }),
        `name = list_name AND version = list_version AND ${isFreeAt(now)}`,
        `next_at = ${after(now, 'list_nextMs')}`,
      ),
    ),

    /** The version starts at the clock: a row that was deleted and inserted again is newer than the deleted one. */
    insertMissing: statement<'missing'>(`
      INSERT INTO system_var (name, remark, version, refresh_at, expires_at, next_at, failure_count)
      SELECT list_name, list_remark, ${epochMs(now)}, ${now}, ${now}, ${now}, 0
      FROM ${sql.listOf(':missing', { name: 'name', remark: 'varchar' })} ${sql.unlessPresent}`),

    claim: statement<
      'name' | 'version' | 'claimedVersion' | 'owner' | 'durationMs'
    >(`
      UPDATE system_var
      SET version = :claimedVersion, ${takeLease}
      WHERE name = :name AND version = :version AND ${isFreeAt(now)}`),

    /** Locks those of these rows that are still in the queue and not leased, for {@link claimAll}. Not by the queue's index. */
    lockDue: statementOnNames(`
      SELECT ${row} FROM ${rows}
      WHERE name IN (:...names) AND ${after('next_at', '0')} <= ${now} AND ${isFreeAt(now)}
      ${sql.lockingFreeRows}`),

    claimAll: statement<'claims' | 'owner' | 'durationMs'>(
      sql.updateFromList(
        sql.listOf(':claims', { name: 'name', version: 'integer' }),
        'name = list_name',
        `version = list_version, ${takeLease}`,
      ),
    ),

    /** Locks those of these rows that no other transaction has locked, for {@link storeRenewed}. */
    lock: statementOnNames(`
      SELECT name, version FROM ${rows}
      WHERE name IN (:...names) ${sql.lockingFreeRows}`),

    storeRenewed: statement<'renewals'>(
      sql.updateFromList(
        sql.listOf(':renewals', {
          name: 'name',
          version: 'integer',
          value: 'text',
          source: 'varchar',
          credentialId: 'varchar',
          appId: 'varchar',
          issuedMs: 'integer',
          refreshMs: 'integer',
          expiresMs: 'integer',
          nextMs: 'integer',
        }),
        'name = list_name AND version = list_version',
        `value = COALESCE(list_value, value),
        issued_at = CASE WHEN list_value IS NULL THEN issued_at ELSE ${afterLease('list_issuedMs')} END,
        source = list_source, credential_id = list_credentialId, app_id = list_appId,
        updated_at = CASE WHEN list_expiresMs IS NULL THEN updated_at ELSE ${now} END,
        expires_at = CASE WHEN list_expiresMs IS NULL THEN expires_at ELSE ${afterLease('list_expiresMs')} END,
        refresh_at = ${afterLease('list_refreshMs')}, next_at = ${afterLease('list_nextMs')},
        failure_count = 0, next_attempt_at = NULL, last_error = NULL, ${endLease}`,
      ),
    ),

    /** R6: the value and its times do not change. */
    storeFailure: statement<
      'name' | 'version' | 'error' | 'waitMs' | 'nextMs'
    >(`
      UPDATE system_var
      SET failure_count = failure_count + 1, next_attempt_at = ${after(now, ':waitMs')}, next_at = ${after(now, ':nextMs')},
        last_error = ${sql.jsonWithTime(':error')}, ${endLease}
      WHERE name = :name AND version = :version`),

    release: statement<'name' | 'version' | 'nextMs'>(`
      UPDATE system_var SET next_at = ${after(now, ':nextMs')}, ${endLease}
      WHERE name = :name AND version = :version`),

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

    /** The newest first; `atInMs` is milliseconds from now (negative). By `id + 0`: see {@link events}. */
    recentEvents: statement<'names' | 'type' | 'windowMs' | 'limit'>(`
      SELECT name, ${msUntil('at')} AS "atInMs", actor, fingerprint, latency AS "latencyMs" FROM ${byNames(sql, events)}
      WHERE type = :type AND at > ${ago(':windowMs')} ORDER BY id + 0 DESC LIMIT :limit`),

    /** R9: the time until the next forced renewal counts from the answer. */
    postponeEvent: statement<'name' | 'type' | 'windowMs'>(`
      UPDATE ${events} SET at = ${now}
      WHERE name = :name AND type = :type AND at > ${ago(':windowMs')}`),

    countEvents: statement<'names' | 'type' | 'windowMs'>(`
      SELECT name, COUNT(*) AS count FROM ${byNames(sql, events)}
      WHERE type = :type AND at > ${ago(':windowMs')} GROUP BY name`),

    /** The newest first. By `id + 0`: a planner would read all events backwards to find those of one token in order of the key. */
    events: statement<'name' | 'beforeId' | 'limit'>(`
      SELECT id, ${epochMs('at')} AS at, type, actor, fingerprint, latency AS "latencyMs", detail
      FROM ${events}
      WHERE name = :name AND id + 0 < :beforeId ORDER BY id + 0 DESC LIMIT :limit`),

    purgeEvents: statement<'keptMs' | 'limit'>(
      sql.deleteFirst(
        'token_event',
        `at < ${ago(':keptMs')} ORDER BY at LIMIT :limit`,
      ),
    ),

    /** Tokens that have a value, in order of name. */
    storedValues: statement<'after' | 'limit'>(`
      SELECT name, value FROM ${rows}
      WHERE name > :after AND expires_at IS NOT NULL AND value IS NOT NULL ORDER BY name LIMIT :limit`),

    /**
     * The token is the same, encrypted with another key. R4: the version stays, so a lease on the row stays valid. R13: updated_at
     * stays, since replicas have nothing to read.
     */
    replaceValue: statement<'name' | 'value' | 'oldValue'>(
      `UPDATE system_var SET value = :value WHERE name = :name AND ${sql.sameText('value', ':oldValue')}`,
    ),

    readValue: statement<'name'>(
      'SELECT value, CASE WHEN expires_at IS NULL THEN 0 ELSE 1 END AS "isToken" FROM system_var WHERE name = :name',
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
