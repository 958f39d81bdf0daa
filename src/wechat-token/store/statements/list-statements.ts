import { compile } from '../connections/sql-statement.js';
import type { Dialect } from '../dialects/dialect.js';
import { byNames, rowColumns, tokenRows } from './row-columns.js';
import type { ParameterTypes } from './statement-parameters.js';

/**
 * Where a token is in the order of urgency, worst first. A token whose renewal fails keeps its place while another attempt is under
 * way, so that it does not move to and fro.
 */
const PLACE = `CASE WHEN status = 'expired' THEN 0 WHEN status = 'missing' THEN 1
  WHEN status = 'cooling-down' OR failure_count > 0 THEN 2 WHEN status = 'due' THEN 3 WHEN status = 'refreshing' THEN 4 ELSE 5 END`;

/** Statements that filter tokens by what an operator asks for. Those without names read every row of the table. */
export function listStatementsFor(sql: Dialect) {
  const statement = <Name extends keyof ParameterTypes>(text: string) =>
    compile<Pick<ParameterTypes, Name>>(text, sql.storable);
  const { now, msUntil } = sql;
  const left = msUntil('expires_at');
  /** As `statusOf` has it, which a test compares: of the last 10 s or twentieth of its life a token is not served. */
  const status = `CASE WHEN lease_until > ${now} THEN 'refreshing'
    WHEN COALESCE(value, '') = '' THEN 'missing'
    WHEN ${left} <= 0 OR (${left} <= 10000 AND 20 * ${left} <= ${left} - ${msUntil('issued_at')}) THEN 'expired'
    WHEN next_attempt_at > ${now} THEN 'cooling-down'
    WHEN refresh_at IS NULL OR refresh_at <= ${now} THEN 'due' ELSE 'valid' END`;
  const tokens = (rows: string) =>
    `(SELECT name, app_id, failure_count, ${status} AS status FROM ${rows} WHERE expires_at IS NOT NULL) tokens`;
  const isLike = (column: string) => `LOWER(${column}) LIKE :search ESCAPE '!'`;
  const isWanted = `status IN (SELECT list_name FROM ${sql.nameList(':statuses')})
    AND (name = :kind OR name LIKE :ofKind ESCAPE '!') AND (${isLike('name')} OR ${isLike('app_id')})`;
  const select = (rows: string, isAfter: string) => {
    const page = `(SELECT name AS list_name, place AS list_place FROM (
        SELECT name, ${PLACE} AS place FROM ${tokens(rows)} WHERE ${isWanted}) wanted
      WHERE ${isAfter} LIMIT :limit) page`;
    return `SELECT ${rowColumns(sql)}, list_place AS place FROM ${byNames(sql, tokenRows(sql), page)}`;
  };
  const byName = <Names extends 'owned' = never>(rows: string) =>
    statement<Filters | 'after' | Names>(
      `${select(rows, 'name > :after ORDER BY name')} ORDER BY name`,
    );
  const byUrgency = <Names extends 'owned' = never>(rows: string) =>
    statement<Filters | 'after' | 'place' | Names>(
      `${select(rows, '(place > :place OR (place = :place AND name > :after)) ORDER BY place, name')} ORDER BY list_place, name`,
    );
  const count = (rows: string) =>
    `SELECT status, COUNT(*) AS count FROM ${tokens(rows)} GROUP BY status`;
  const all = 'system_var';
  const own = byNames(sql, tokenRows(sql), sql.nameList(':owned'));

  return {
    listByName: byName(all),
    listByUrgency: byUrgency(all),
    listOwnByName: byName<'owned'>(own),
    listOwnByUrgency: byUrgency<'owned'>(own),
    countStatuses: statement<never>(count(all)),
    countOwnStatuses: statement<'owned'>(count(own)),
  };
}

type Filters = 'statuses' | 'kind' | 'ofKind' | 'search' | 'limit';
