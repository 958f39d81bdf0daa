import type { Dialect } from './dialect.js';

/** Every statement on `system_var` and `token_event`, by name. Each is one short round trip. */
export type Statements = ReturnType<typeof statementsFor>;

/** A replica that finds nothing due for so long need not ask again before. */
export const LOOK_AHEAD_MS = 1500;
/** An expired token whose account no replica has known for so long was given up. */
const LONG_OVER_MS = 24 * 3600 * 1000;
/** What a row has beside its name and its version, as it is read. */
const DETAILS = 13;

export function statementsFor(sql: Dialect) {
  const { now, after, msUntil, epochMs } = sql;
  const idleAt = (instant: string) =>
    `(lease_until IS NULL OR lease_until <= ${instant}) AND (next_attempt_at IS NULL OR next_attempt_at <= ${instant})`;
  const idle = idleAt(now);
  const due = `refresh_at <= ${now}`;
  const soon = after(now, String(LOOK_AHEAD_MS));
  // Stable, and not confirmed for a while (R7).
  const unconfirmed = `source = 'stable' AND updated_at <= ${after(now)}`;
  const longAgo = after(now, String(-LONG_OVER_MS));
  // Nobody has even tried: whoever the platform refuses leaves an instant at each failure.
  const longOver = `expires_at <= ${longAgo} AND (lease_until IS NULL OR lease_until <= ${longAgo})
    AND (next_attempt_at IS NULL OR next_attempt_at <= ${longAgo})`;
  const byRefreshAt = `system_var ${sql.byIndex('IDX_system_var_refresh_at')}`;
  const bySource = `system_var ${sql.byIndex('IDX_system_var_source_updated_at')}`;
  const row = `name, version, value, source, credential_id AS credentialId,
    ${msUntil('issued_at')} AS issuedInMs, ${msUntil('refresh_at')} AS refreshInMs,
    ${msUntil('expires_at')} AS expiresInMs, ${msUntil('updated_at')} AS updatedInMs,
    lease_owner AS leaseOwner, ${msUntil('lease_until')} AS leaseInMs,
    failure_count AS failureCount, ${msUntil('next_attempt_at')} AS nextAttemptInMs,
    last_error AS lastError, ${epochMs(now)} AS databaseNow`;
  const noDetails = Array(DETAILS).fill('NULL').join(', ');
  // The lease began before the request was sent, on the database's clock: lives counted from there are never too long (R3).
  const leaseEnd = (ms: string) => after('lease_until', ms);
  const ofNames = (table: string) =>
    sql.listJoin(sql.listOf({ of_name: 'name' }), table, 'name = of_name');
  /** A page, from behind an instant and, among those of that instant, from behind a name. */
  const pageBy = (instant: string) =>
    `${instant} >= ? AND (${instant} > ? OR name > ?) ORDER BY ${instant}, name LIMIT ?`;

  return {
    // (name)
    read: `SELECT ${row} FROM system_var WHERE name = ?`,

    // (list of names)
    readAll: `SELECT ${row} FROM ${ofNames('system_var')}`,

    // (after name, before name, limit): a page of tokens in order of name, plain variables left out
    page: `SELECT ${row} FROM system_var
      WHERE name > ? AND name < ? AND expires_at IS NOT NULL ORDER BY name LIMIT ?`,

    // (-fresh ms, -late ms, -fresh ms, -confirm ms): all that a replica asks about once a second, in one statement (R13):
    // what was written lately, whole; what was written a little before, so that a late commit is not missed, by its version; and
    // whether anything is due, or will be before the next look. Of what nobody has touched it looks at nothing, however many rows there are.
    look: `SELECT 'fresh' AS part, ${row} FROM system_var
        WHERE updated_at > ${after(now)} AND expires_at IS NOT NULL
      UNION ALL SELECT 'late', name, version, ${noDetails} FROM system_var
        WHERE updated_at > ${after(now)} AND updated_at <= ${after(now)} AND expires_at IS NOT NULL
      UNION ALL SELECT 'due', NULL, NULL, ${noDetails}
        WHERE EXISTS (SELECT 1 FROM ${byRefreshAt} WHERE refresh_at <= ${soon} AND ${idleAt(soon)})
        OR EXISTS (SELECT 1 FROM ${bySource} WHERE ${unconfirmed} AND ${idleAt(soon)})`,

    // (from instant, from instant, after name, limit): past refresh_at and nobody is at it; the oldest first (R14)
    due: `SELECT name, ${sql.asText('refresh_at')} AS since, ${longOver} AS isLongOver FROM ${byRefreshAt}
      WHERE ${due} AND ${idle} AND ${pageBy('refresh_at')}`,

    // (-confirm ms, from instant, from instant, after name, limit): the same for those that want a confirmation
    unconfirmed: `SELECT name, ${sql.asText('updated_at')} AS since FROM ${bySource}
      WHERE ${unconfirmed} AND ${idle} AND ${pageBy('updated_at')}`,

    // (list of names): tokens that nobody has renewed for long leave the order of those that are due; whoever asks for one of
    // them by its name renews it, and it is back
    setAside: sql.updateFromList(
      sql.listOf({ of_name: 'name' }),
      'system_var',
      `name = of_name AND ${longOver}`,
      'refresh_at = NULL, source = NULL, version = version + 1',
    ),

    // (list of name, remark): the version begins at the clock, so that a row which was deleted and made anew is the newer one
    insertMissing: `INSERT INTO system_var (name, remark, version, refresh_at, expires_at, updated_at, failure_count)
      SELECT of_name, new_remark, ${epochMs(now)}, ${now}, ${now}, ${now}, 0
      FROM ${sql.listOf({ of_name: 'name', new_remark: 'varchar' })} ${sql.unlessPresent}`,

    // (owner, lease ms, name, version)
    claim: `UPDATE system_var
      SET version = version + 1, lease_owner = ?, lease_until = ${after(now)}
      WHERE name = ? AND version = ? AND (lease_until IS NULL OR lease_until <= ${now})`,

    // (names…, -confirm ms): those of so many names that are still due and that nobody is at, locked for claimAll
    lockDue: (
      names: number,
    ) => `SELECT ${row} FROM system_var ${sql.byPrimaryKey}
      WHERE name IN (${Array(names).fill('?').join(', ')}) AND ${idle} AND (${due} OR ${unconfirmed})
      ${sql.lockingFreeRows}`,

    // (list of name, owner, lease ms): of rows that lockDue has locked
    claimAll: sql.updateFromList(
      sql.listOf({
        of_name: 'name',
        new_owner: 'varchar',
        lease_ms: 'integer',
      }),
      'system_var',
      'name = of_name',
      `version = version + 1, lease_owner = new_owner, lease_until = ${after(now, 'lease_ms')}`,
    ),

    // (list of name, version, value, source, credential id; lease, refresh − lease and expires − lease, each ms). Without a
    // value the platform has given the same token back, and only its life is written.
    storeRenewed: sql.updateFromList(
      sql.listOf({
        of_name: 'name',
        of_version: 'integer',
        new_value: 'text',
        new_source: 'varchar',
        new_credential_id: 'varchar',
        back_to_claim_ms: 'integer',
        refresh_ms: 'integer',
        expires_ms: 'integer',
      }),
      'system_var',
      'name = of_name AND version = of_version',
      `value = COALESCE(new_value, value),
        issued_at = CASE WHEN new_value IS NULL THEN issued_at ELSE ${leaseEnd('back_to_claim_ms')} END,
        source = new_source, credential_id = new_credential_id,
        refresh_at = ${leaseEnd('refresh_ms')}, expires_at = ${leaseEnd('expires_ms')}, updated_at = ${now},
        version = version + 1, failure_count = 0, next_attempt_at = NULL, last_error = NULL,
        lease_owner = NULL, lease_until = NULL`,
    ),

    // (names…): those of so many rows that nobody has locked, locked for storeRenewed
    lock: (
      names: number,
    ) => `SELECT name, version FROM system_var ${sql.byPrimaryKey}
      WHERE name IN (${Array(names).fill('?').join(', ')}) ${sql.lockingFreeRows}`,

    // (wait ms, last error, name, version): the value and its life stay as they are (R6)
    storeFailure: `UPDATE system_var
      SET failure_count = failure_count + 1, next_attempt_at = ${after(now)}, last_error = ${sql.jsonWithTime},
        version = version + 1, lease_owner = NULL, lease_until = NULL
      WHERE name = ? AND version = ?`,

    // (name, version)
    release: `UPDATE system_var
      SET version = version + 1, lease_owner = NULL, lease_until = NULL
      WHERE name = ? AND version = ?`,

    // (list of name, type, actor, fingerprint, latency, detail)
    recordEvents: `INSERT INTO token_event (name, at, type, actor, fingerprint, latency, detail)
      SELECT of_name, ${now}, new_type, new_actor, new_fingerprint, new_latency, new_detail
      FROM ${sql.listOf({
        of_name: 'name',
        new_type: 'varchar',
        new_actor: 'varchar',
        new_fingerprint: 'varchar',
        new_latency: 'integer',
        new_detail: 'varchar',
      })}`,

    // (name, type, -window ms): newest first, as milliseconds from now (negative)
    recentEvents: `SELECT ${msUntil('at')} AS atInMs FROM token_event
      WHERE name = ? AND type = ? AND at > ${after(now)} ORDER BY at DESC`,

    // (list of name, type, -window ms)
    countEvents: `SELECT name, COUNT(*) AS count FROM ${ofNames('token_event')}
      WHERE type = ? AND at > ${after(now)} GROUP BY name`,

    // (name, before id, limit): newest first
    events: `SELECT id, ${epochMs('at')} AS at, type, actor, fingerprint, latency AS latencyMs, detail
      FROM token_event WHERE name = ? AND id < ? ORDER BY id DESC LIMIT ?`,

    // (-kept ms, limit)
    purgeEvents: sql.deleteFirst('token_event', `at < ${after(now)}`, 'at'),

    // (after name, limit): tokens that have a value, in order of name
    storedValues: `SELECT name, value FROM system_var
      WHERE name > ? AND expires_at IS NOT NULL AND value IS NOT NULL ORDER BY name LIMIT ?`,

    // (new value, name, old value): to those who use the token nothing happens: no version, so that a lease on the row holds
    // and its holder's write wins (R4), and no updated_at, since there is no news (R13)
    resealValue: `UPDATE system_var SET value = ? WHERE name = ? AND ${sql.sameText('value')}`,

    // (name)
    variable: `SELECT value FROM system_var WHERE name = ?`,

    // (value, remark or null to keep it, name): a token is never overwritten as a variable
    updateVariable: `UPDATE system_var
      SET value = ?, remark = COALESCE(?, remark), updated_at = ${now}, version = version + 1
      WHERE name = ? AND expires_at IS NULL`,

    // (name, value, remark)
    insertVariable: `INSERT INTO system_var (name, value, remark, version, updated_at, failure_count)
      SELECT ?, ?, ?, 0, ${now}, 0 ${sql.unlessPresent}`,
  };
}
