import { compile } from '../connections/sql-statement.js';
import type { Dialect } from '../dialects/dialect.js';
import type { ParameterTypes } from './statement-parameters.js';

const HOUR_MS = 3600 * 1000;

/** Every statement on `token_hour`. */
export function hourStatementsFor(sql: Dialect) {
  const statement = <Name extends keyof ParameterTypes>(text: string) =>
    compile<Pick<ParameterTypes, Name>>(text, sql.storable);
  const { now, after, epochMs } = sql;
  const thisHour = sql.hourOf(now);
  const hours = `(SELECT list_ago FROM ${sql.listOf(':hours', { ago: 'integer' })}) hours`;
  const names = `(SELECT list_name FROM ${sql.nameList(':names')}) names`;
  const table = `token_hour ${sql.byPrimaryKey}`;
  const inHour = `hour = ${after(thisHour, `(-${HOUR_MS} * list_ago)`)}`;
  const sums = `SUM(count) AS count, SUM(latency_sum) AS "latencySum", ${epochMs(now)} AS "databaseNow"`;

  return {
    /** Adds to what was counted in this hour. */
    countHours: statement<'counts'>(`
      INSERT INTO token_hour (hour, name, outcome, class, count, latency_sum)
      SELECT ${thisHour}, list_name, list_outcome, list_class, list_count, list_latency
      FROM ${sql.listOf(':counts', {
        name: 'name',
        outcome: 'varchar',
        class: 'varchar',
        count: 'integer',
        latency: 'integer',
      })} ${sql.addToPresent('token_hour', ['hour', 'name', 'outcome', 'class'], ['count', 'latency_sum'])}`),

    /** What was counted under these names together, so many hours ago; one row without an outcome for an hour in which nothing was. */
    hoursOfNames: statement<'names' | 'hours'>(`
      SELECT list_ago AS ago, outcome, class, ${sums}
      FROM ${hours} CROSS JOIN ${names} LEFT JOIN ${table} ON ${inHour} AND name = list_name
      GROUP BY list_ago, outcome, class`),

    /** The same under each name that begins with `@`: those of replicas. */
    hoursOfReplicas: statement<'hours'>(`
      SELECT list_ago AS ago, name, outcome, class, ${sums}
      FROM ${hours} LEFT JOIN ${table} ON ${inHour} AND name >= '@' AND name < 'A'
      GROUP BY list_ago, name, outcome, class`),

    purgeHours: statement<'keptMs' | 'limit'>(
      sql.deleteFirst(
        'token_hour',
        `hour < ${after(now, '-:keptMs')} ORDER BY hour LIMIT :limit`,
      ),
    ),
  };
}
