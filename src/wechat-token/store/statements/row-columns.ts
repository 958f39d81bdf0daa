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

/** The rows of a table whose names are in the parameter, a JSON array. */
export function byNames(sql: Dialect, table: string, names = ':names'): string {
  return sql.listJoin(sql.nameList(names), table, 'name = list_name');
}
