/** The type of a field in a list parameter: a token's name, a short text, a text of any length, a whole number. */
type ListColumn = 'name' | 'varchar' | 'text' | 'integer';

/** What MySQL, MariaDB and SQLite express differently: instants, lists of rows, locks and index hints. */
export interface Dialect {
  /** The database's clock: UTC, milliseconds. */
  readonly now: string;
  /** `instant` plus milliseconds, which may be negative. */
  readonly after: (instant: string, ms: string) => string;
  /** Milliseconds from now until `instant`, an integer; negative when it is past. */
  readonly msUntil: (instant: string) => string;
  /** Milliseconds from 1970-01-01 UTC to `instant`, an integer. */
  readonly epochMs: (instant: string) => string;
  /** `instant` as text that the database compares with instants. */
  readonly asText: (instant: string) => string;
  /** The rows of a parameter, a JSON array of objects; the field `name` is the column `list_name`. */
  readonly listOf: (
    parameter: string,
    fields: Readonly<Record<string, ListColumn>>,
  ) => string;
  /** The rows of a parameter, a JSON array of names, with the column `list_name`. */
  readonly nameList: (parameter: string) => string;
  /** A list joined with a table, in this order whatever the planner estimates. */
  readonly listJoin: (list: string, table: string, on: string) => string;
  /** Updates the rows of `system_var` that join a list. */
  readonly updateFromList: (list: string, on: string, set: string) => string;
  /** The end of a SELECT that locks its rows until the transaction ends; rows that another transaction has locked are skipped. */
  readonly lockingFreeRows: string;
  /** A JSON object parameter, with the database's clock added as `at`, in ISO 8601. */
  readonly jsonWithTime: (parameter: string) => string;
  /** `column` equals a text parameter byte for byte: case and trailing blanks count in every collation. */
  readonly sameText: (column: string, parameter: string) => string;
  /** After a table's name: the planner must use this index. */
  readonly byIndex: (index: string) => string;
  /** After a table's name: the planner must use the primary key. */
  readonly byPrimaryKey: string;
  /** Deletes the rows of a condition with ORDER BY and LIMIT. */
  readonly deleteFirst: (table: string, condition: string) => string;
  /** The end of an INSERT … SELECT that leaves an existing row of that name as it is; any other error is still raised. */
  readonly unlessPresent: string;
}

const utf8 = (type: string) => `${type} CHARACTER SET utf8mb4`;
// Longer than the columns of the tables: a value that is too long must fail there, not be truncated here.
const MYSQL_TYPES: Readonly<Record<ListColumn, string>> = {
  name: utf8('VARCHAR(192)'),
  varchar: utf8('VARCHAR(256)'),
  text: utf8('LONGTEXT'),
  integer: 'BIGINT',
};

const mysql: Dialect = {
  now: 'UTC_TIMESTAMP(3)',
  after: (instant, ms) => `TIMESTAMPADD(MICROSECOND, 1000 * ${ms}, ${instant})`,
  msUntil: (instant) =>
    `TIMESTAMPDIFF(MICROSECOND, UTC_TIMESTAMP(3), ${instant}) DIV 1000`,
  epochMs: (instant) =>
    `TIMESTAMPDIFF(MICROSECOND, '1970-01-01', ${instant}) DIV 1000`,
  asText: (instant) => `CAST(${instant} AS CHAR)`,
  listOf: (parameter, fields) =>
    `JSON_TABLE(${parameter}, '$[*]' COLUMNS (${Object.entries(fields)
      .map(
        ([name, type]) => `list_${name} ${MYSQL_TYPES[type]} PATH '$.${name}'`,
      )
      .join(', ')})) list`,
  nameList: (parameter) =>
    `JSON_TABLE(${parameter}, '$[*]' COLUMNS (list_name ${MYSQL_TYPES.name} PATH '$')) list`,
  listJoin: (list, table, on) => `${list} STRAIGHT_JOIN ${table} ON ${on}`,
  updateFromList: (list, on, set) =>
    `UPDATE ${list} STRAIGHT_JOIN system_var ON ${on} SET ${set}`,
  lockingFreeRows: 'FOR UPDATE SKIP LOCKED',
  jsonWithTime: (parameter) =>
    `JSON_SET(${parameter}, '$.at', CONCAT(LEFT(DATE_FORMAT(UTC_TIMESTAMP(3), '%Y-%m-%dT%H:%i:%s.%f'), 23), 'Z'))`,
  sameText: (column, parameter) =>
    `CAST(${column} AS BINARY) = CAST(${parameter} AS BINARY)`,
  byIndex: (index) => `FORCE INDEX (${index})`,
  byPrimaryKey: 'FORCE INDEX (PRIMARY)',
  // Not by a subquery: with one, MySQL reads and locks every row.
  deleteFirst: (table, condition) => `DELETE FROM ${table} WHERE ${condition}`,
  // Not INSERT IGNORE, which silently truncates a value that is too long.
  unlessPresent:
    'WHERE TRUE ON DUPLICATE KEY UPDATE version = system_var.version',
};

// SQLite stores instants as text, 'YYYY-MM-DD HH:MM:SS.SSS', which sorts chronologically.
const sqliteNow = "strftime('%Y-%m-%d %H:%M:%f', 'now')";
const sqliteMs = (from: string, to: string) =>
  `CAST(ROUND((julianday(${to}) - julianday(${from})) * 86400000) AS INTEGER)`;

const sqlite: Dialect = {
  now: sqliteNow,
  after: (instant, ms) =>
    `strftime('%Y-%m-%d %H:%M:%f', ${instant}, (${ms} / 1000.0) || ' seconds')`,
  msUntil: (instant) => sqliteMs("'now'", instant),
  epochMs: (instant) => sqliteMs("'1970-01-01'", instant),
  asText: (instant) => instant,
  listOf: (parameter, fields) =>
    `(SELECT ${Object.keys(fields)
      .map((name) => `value ->> '$.${name}' AS list_${name}`)
      .join(', ')} FROM json_each(${parameter})) list`,
  nameList: (parameter) =>
    `(SELECT value AS list_name FROM json_each(${parameter})) list`,
  listJoin: (list, table, on) => `${list} CROSS JOIN ${table} ON ${on}`,
  updateFromList: (list, on, set) =>
    `UPDATE system_var SET ${set} FROM ${list} WHERE ${on}`,
  // A write transaction locks the whole file.
  lockingFreeRows: '',
  jsonWithTime: (parameter) =>
    `json_set(${parameter}, '$.at', strftime('%Y-%m-%dT%H:%M:%fZ', 'now'))`,
  sameText: (column, parameter) => `${column} = ${parameter}`,
  byIndex: (index) => `INDEXED BY ${index}`,
  byPrimaryKey: '',
  deleteFirst: (table, condition) =>
    `DELETE FROM ${table} WHERE rowid IN (SELECT rowid FROM ${table} WHERE ${condition})`,
  unlessPresent: 'WHERE TRUE ON CONFLICT (name) DO NOTHING',
};

const dialects: Readonly<Record<string, Dialect>> = {
  mysql,
  mariadb: mysql,
  'better-sqlite3': sqlite,
};

/** The dialect of a TypeORM connection type; undefined for a database that is not supported. */
export function dialectOf(type: string): Dialect | undefined {
  return dialects[type];
}
