import type { Dialect } from '../dialects/dialect.js';

/** What a statement selects of a token's row, in order to read all of it. */
export function rowColumns({ msUntil, epochMs, now }: Dialect): string {
  return `name, version, value, source, credential_id AS "credentialId", app_id AS "appId",
    ${msUntil('issued_at')} AS "issuedInMs", ${msUntil('refresh_at')} AS "refreshInMs",
    ${msUntil('expires_at')} AS "expiresInMs", ${msUntil('updated_at')} AS "updatedInMs",
    lease_owner AS "leaseOwner", ${msUntil('lease_until')} AS "leaseInMs",
    failure_count AS "failureCount", ${msUntil('next_attempt_at')} AS "nextAttemptInMs",
    ${msUntil('next_at')} AS "nextInMs", last_error AS "lastError", ${epochMs(now)} AS "databaseNow"`;
}

/** `system_var`, whose rows are found by their names. */
export function tokenRows(sql: Dialect): string {
  return `system_var ${sql.byPrimaryKey}`;
}

/** The rows of a table for the names of a list, which has the column `list_name`. */
export function byNames(
  sql: Dialect,
  table: string,
  list: string = sql.nameList(':names'),
): string {
  return sql.listJoin(list, table, 'name = list_name');
}
