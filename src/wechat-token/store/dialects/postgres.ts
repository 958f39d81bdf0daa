import type { Dialect } from './dialect.js';

// Exact to the millisecond, and not later than the clock, as those of MySQL and SQLite.
const postgresNow =
  "date_trunc('milliseconds', statement_timestamp() AT TIME ZONE 'UTC')";
const postgresMs = (interval: string) =>
  `(EXTRACT(EPOCH FROM ${interval}) * 1000)::bigint`;

/** PostgreSQL and SQLite. */
export const addToPresent: Dialect['addToPresent'] = (table, key, columns) =>
  `WHERE TRUE ON CONFLICT (${key.join(', ')}) DO UPDATE SET ${columns.map((column) => `${column} = ${table}.${column} + excluded.${column}`).join(', ')}`;

export const postgres: Dialect = {
  now: postgresNow,
  after: (instant, ms) =>
    `(${instant} + ${ms}::double precision * INTERVAL '1 millisecond')`,
  msUntil: (instant) => postgresMs(`${instant} - ${postgresNow}`),
  epochMs: postgresMs,
  // Not a cast, whose result depends on the session's DateStyle.
  asText: (instant) => `to_char(${instant}, 'YYYY-MM-DD HH24:MI:SS.MS')`,
  hourOf: (instant) => `date_trunc('hour', ${instant})`,
  isAfter: (instant, since, name) => `(${instant}, name) > (${since}, ${name})`,
  listOf: (parameter, fields) => {
    const names = Object.keys(fields);
    const columns = names.map((name) => `"${name}" AS list_${name}`);
    const types = Object.entries(fields).map(
      ([name, type]) => `"${name}" ${type === 'integer' ? 'bigint' : 'text'}`,
    );
    return `(SELECT ${columns.join(', ')} FROM jsonb_to_recordset(${parameter}::jsonb) AS json (${types.join(', ')})) list`;
  },
  nameList: (parameter) =>
    `jsonb_array_elements_text(${parameter}::jsonb) AS list (list_name)`,
  listJoin: (list, table, on) => `${list} JOIN ${table} ON ${on}`,
  updateFromList: (list, on, set) =>
    `UPDATE system_var SET ${set} FROM ${list} WHERE ${on}`,
  lockingFreeRows: 'FOR UPDATE SKIP LOCKED',
  jsonWithTime: (parameter) =>
    `(${parameter}::jsonb || jsonb_build_object('at', to_char(${postgresNow}, 'YYYY-MM-DD"T"HH24:MI:SS.MS"Z"')))::text`,
  storable: (text) => text.toWellFormed().replaceAll('\0', '\uFFFD'),
  sameText: (column, parameter) => `${column} = ${parameter}`,
  byIndex: () => '',
  byPrimaryKey: '',
  deleteFirst: (table, condition) =>
    `DELETE FROM ${table} WHERE ctid = ANY (ARRAY(SELECT ctid FROM ${table} WHERE ${condition}))`,
  unlessPresent: 'WHERE TRUE ON CONFLICT (name) DO NOTHING',
  addToPresent,
};
