/** What a column of a list holds: a token's name, a short text, a text of any length, a whole number. */
type ListColumn = 'name' | 'varchar' | 'text' | 'integer';

/** The few things that SQL says differently on MySQL, MariaDB and SQLite: instants, lists of rows, and locks. */
export interface Dialect {
  /** The database's clock: UTC, milliseconds. */
  readonly now: string;
  /** `instant` plus milliseconds (may be negative): a parameter, or a column. */
  readonly after: (instant: string, ms?: string) => string;
  /** Milliseconds from now until `instant`, an integer; negative when it is past. */
  readonly msUntil: (instant: string) => string;
  /** Milliseconds from 1970-01-01 UTC to `instant`, an integer. */
  readonly epochMs: (instant: string) => string;
  /** `instant` as a text that compares with instants as it does itself. */
  readonly asText: (instant: string) => string;
  /** The rows of a list: a parameter, a JSON array of objects with these fields. */
  readonly listOf: (columns: Readonly<Record<string, ListColumn>>) => string;
  /** A list and, for each of its rows, those of the table that belong to it: in this order, whatever the planner believes. */
  readonly listJoin: (list: string, table: string, on: string) => string;
  readonly updateFromList: (
    list: string,
    table: string,
    on: string,
    assignments: string,
  ) => string;
  /** The end of a SELECT whose rows are locked until the transaction ends; those that another has locked are left out. */
  readonly lockingFreeRows: string;
  /** A JSON text parameter, an object, with the database's clock in it as `at`, in ISO 8601. */
  readonly jsonWithTime: string;
  /** `column` holds a text parameter to the last byte: case and trailing blanks count, whatever the column's collation. */
  readonly sameText: (column: string) => string;
  /** After a table's name: its rows are found by this index, whatever the planner believes. */
  readonly byIndex: (index: string) => string;
  /** The same for the primary key. */
  readonly byPrimaryKey: string;
  /** Deletes the first rows in `order` that meet `condition`, at most as many as a last parameter says. */
  readonly deleteFirst: (
    table: string,
    condition: string,
    order: string,
  ) => string;
  /** The end of an INSERT … SELECT that leaves an existing row of that name alone; every other fault is still an error. */
  readonly unlessPresent: string;
}

const utf8 = (type: string) => `${type} CHARACTER SET utf8mb4`;
// Longer than the columns of the tables: what does not fit those must be refused there, not cut here.
const MYSQL_TYPES: Readonly<Record<ListColumn, string>> = {
  name: utf8('VARCHAR(192)'),
  varchar: utf8('VARCHAR(256)'),
  text: utf8('LONGTEXT'),
  integer: 'BIGINT',
};

const mysql: Dialect = {
  now: 'UTC_TIMESTAMP(3)',
  after: (instant, ms = '?') =>
    `TIMESTAMPADD(MICROSECOND, 1000 * ${ms}, ${instant})`,
  msUntil: (instant) =>
    `TIMESTAMPDIFF(MICROSECOND, UTC_TIMESTAMP(3), ${instant}) DIV 1000`,
  epochMs: (instant) =>
    `TIMESTAMPDIFF(MICROSECOND, '1970-01-01', ${instant}) DIV 1000`,
  asText: (instant) => `CAST(${instant} AS CHAR)`,
  listOf: (columns) =>
    `JSON_TABLE(?, '$[*]' COLUMNS (${Object.entries(columns)
      .map(([name, type]) => `${name} ${MYSQL_TYPES[type]} PATH '$.${name}'`)
      .join(', ')})) list`,
  listJoin: (list, table, on) => `${list} STRAIGHT_JOIN ${table} ON ${on}`,
  updateFromList: (list, table, on, assignments) =>
    `UPDATE ${list} STRAIGHT_JOIN ${table} ON ${on} SET ${assignments}`,
  lockingFreeRows: 'FOR UPDATE SKIP LOCKED',
  jsonWithTime:
    "JSON_SET(?, '$.at', CONCAT(LEFT(DATE_FORMAT(UTC_TIMESTAMP(3), '%Y-%m-%dT%H:%i:%s.%f'), 23), 'Z'))",
  sameText: (column) => `CAST(${column} AS BINARY) = CAST(? AS BINARY)`,
  byIndex: (index) => `FORCE INDEX (${index})`,
  byPrimaryKey: 'FORCE INDEX (PRIMARY)',
  // Not by a subquery, for which it would look at every row, and lock it.
  deleteFirst: (table, condition, order) =>
    `DELETE FROM ${table} WHERE ${condition} ORDER BY ${order} LIMIT ?`,
  // Not INSERT IGNORE, which would cut a value that is too long, silently.
  unlessPresent:
    'WHERE TRUE ON DUPLICATE KEY UPDATE version = system_var.version',
};

// SQLite keeps instants as text, 'YYYY-MM-DD HH:MM:SS.SSS', which sorts as time does.
const sqliteNow = "strftime('%Y-%m-%d %H:%M:%f', 'now')";
const sqliteMs = (from: string, to: string) =>
  `CAST(ROUND((julianday(${to}) - julianday(${from})) * 86400000) AS INTEGER)`;

const sqlite: Dialect = {
  now: sqliteNow,
  after: (instant, ms = '?') =>
    `strftime('%Y-%m-%d %H:%M:%f', ${instant}, (${ms} / 1000.0) || ' seconds')`,
  msUntil: (instant) => sqliteMs("'now'", instant),
  epochMs: (instant) => sqliteMs("'1970-01-01'", instant),
  asText: (instant) => instant,
  listOf: (columns) =>
    `(SELECT ${Object.keys(columns)
      .map((name) => `value ->> '$.${name}' AS ${name}`)
      .join(', ')} FROM json_each(?)) list`,
  listJoin: (list, table, on) => `${list} CROSS JOIN ${table} ON ${on}`,
  updateFromList: (list, table, on, assignments) =>
    `UPDATE ${table} SET ${assignments} FROM ${list} WHERE ${on}`,
  // One writer at a time has the whole file.
  lockingFreeRows: '',
  jsonWithTime: "json_set(?, '$.at', strftime('%Y-%m-%dT%H:%M:%fZ', 'now'))",
  sameText: (column) => `${column} = ?`,
  byIndex: (index) => `INDEXED BY ${index}`,
  byPrimaryKey: '',
  deleteFirst: (table, condition, order) =>
    `DELETE FROM ${table} WHERE rowid IN (
      SELECT rowid FROM ${table} WHERE ${condition} ORDER BY ${order} LIMIT ?)`,
  unlessPresent: 'WHERE TRUE ON CONFLICT (name) DO NOTHING',
};

const dialects: Readonly<Record<string, Dialect>> = {
  mysql,
  mariadb: mysql,
  'better-sqlite3': sqlite,
};

/** The dialect of a TypeORM connection type; undefined when this package does not know that database. */
export function dialectOf(type: string): Dialect | undefined {
  return dialects[type];
}
