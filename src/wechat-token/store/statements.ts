import type { Dialect } from './dialect.js';

/** Every statement on `system_var` and `token_event`, by name. Each is one short, autocommitted round trip. */
export type Statements = ReturnType<typeof statementsFor>;

export function statementsFor(sql: Dialect) {
  const { now, after, msUntil, epochMs } = sql;
  const idle = `(lease_until IS NULL OR lease_until <= ${now}) AND (next_attempt_at IS NULL OR next_attempt_at <= ${now})`;
  const row = `name, value, version, source, credential_id AS credentialId,
    ${msUntil('issued_at')} AS issuedInMs, ${msUntil('refresh_at')} AS refreshInMs,
    ${msUntil('expires_at')} AS expiresInMs, ${msUntil('updated_at')} AS updatedInMs,
    lease_owner AS leaseOwner, ${msUntil('lease_until')} AS leaseInMs,
    failure_count AS failureCount, ${msUntil('next_attempt_at')} AS nextAttemptInMs,
    last_error AS lastError, ${epochMs(now)} AS databaseNow`;
  // The lease began before the request was sent, on the database's clock: lives counted from there are never too long (R3).
  const leaseEnd = after('lease_until');

  return {
    // (name)
    read: `SELECT ${row} FROM system_var WHERE name = ?`,

    // (after name, before name, limit): a page of tokens in order of name, plain variables left out
    page: `SELECT ${row} FROM system_var
      WHERE name > ? AND name < ? AND expires_at IS NOT NULL ORDER BY name LIMIT ?`,

    // (-window ms): what was written within the window, and a little before, so that a late commit is not missed (R13)
    changedSince: `SELECT ${row} FROM system_var WHERE updated_at > ${after(now)} AND expires_at IS NOT NULL`,

    // (-confirm ms, after name, limit): past refresh_at, or stable and not confirmed for a while (R7). The planner must not
    // walk through all rows in order of name to save the sorting of the few that are due (R14).
    due: `SELECT name FROM (
        SELECT name FROM system_var ${sql.byIndex('IDX_system_var_refresh_at')}
          WHERE refresh_at <= ${now} AND ${idle}
        UNION
        SELECT name FROM system_var ${sql.byIndex('IDX_system_var_source_updated_at')}
          WHERE source = 'stable' AND updated_at <= ${after(now)} AND ${idle}
      ) due WHERE name > ? ORDER BY name LIMIT ?`,

    // (name, remark): the version begins at the clock, so that a row which was deleted and made anew is the newer one
    insertMissing: `INSERT INTO system_var (name, remark, version, refresh_at, expires_at, updated_at, failure_count)
      VALUES (?, ?, ${epochMs(now)}, ${now}, ${now}, ${now}, 0) ${sql.unlessPresent}`,

    // (owner, lease ms, name, version)
    claim: `UPDATE system_var
      SET version = version + 1, lease_owner = ?, lease_until = ${after(now)}
      WHERE name = ? AND version = ? AND (lease_until IS NULL OR lease_until <= ${now})`,

    // (value, -lease ms, source, credential id, refresh − lease ms, expires − lease ms, name, version)
    storeRenewed: `UPDATE system_var
      SET value = ?, issued_at = ${leaseEnd}, source = ?, credential_id = ?,
        refresh_at = ${leaseEnd}, expires_at = ${leaseEnd}, updated_at = ${now},
        version = version + 1, failure_count = 0, next_attempt_at = NULL, last_error = NULL,
        lease_owner = NULL, lease_until = NULL
      WHERE name = ? AND version = ?`,

    // (source, credential id, refresh − lease ms, expires − lease ms, name, version): the platform gave the same token back
    storeUnchanged: `UPDATE system_var
      SET source = ?, credential_id = ?,
        refresh_at = ${leaseEnd}, expires_at = ${leaseEnd}, updated_at = ${now},
        version = version + 1, failure_count = 0, next_attempt_at = NULL, last_error = NULL,
        lease_owner = NULL, lease_until = NULL
      WHERE name = ? AND version = ?`,

    // (wait ms, last error, name, version): the value and its life stay as they are (R6)
    storeFailure: `UPDATE system_var
      SET failure_count = failure_count + 1, next_attempt_at = ${after(now)}, last_error = ${sql.jsonWithTime},
        version = version + 1, lease_owner = NULL, lease_until = NULL
      WHERE name = ? AND version = ?`,

    // (name, version)
    release: `UPDATE system_var
      SET version = version + 1, lease_owner = NULL, lease_until = NULL
      WHERE name = ? AND version = ?`,

    // (name, type, actor, fingerprint, latency, detail)
    recordEvent: `INSERT INTO token_event (name, at, type, actor, fingerprint, latency, detail)
      VALUES (?, ${now}, ?, ?, ?, ?, ?)`,

    // (name, type, -window ms): newest first, as milliseconds from now (negative)
    recentEvents: `SELECT ${msUntil('at')} AS atInMs FROM token_event
      WHERE name = ? AND type = ? AND at > ${after(now)} ORDER BY at DESC`,

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
      VALUES (?, ?, ?, 0, ${now}, 0) ${sql.unlessPresent}`,
  };
}
