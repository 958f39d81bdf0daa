/** The few things that SQL says differently on MySQL, MariaDB and SQLite: instants, and inserting what is not there yet. */
export interface Dialect {
  /** The database's clock: UTC, milliseconds. */
  readonly now: string;
  /** `instant` plus a parameter of milliseconds (may be negative). */
  readonly after: (instant: string) => string;
  /** Milliseconds from now until `instant`, an integer; negative when it is past. */
  readonly msUntil: (instant: string) => string;
  /** Milliseconds from 1970-01-01 UTC to `instant`, an integer. */
  readonly epochMs: (instant: string) => string;
  /** A JSON text parameter, an object, with the database's clock in it as `at`, in ISO 8601. */
  readonly jsonWithTime: string;
  /** `column` holds a text parameter to the last byte: case and trailing blanks count, whatever the column's collation. */
  readonly sameText: (column: string) => string;
  /** After a table's name: its rows are found by this index, whatever the planner believes. */
  readonly byIndex: (index: string) => string;
  /** Deletes the first rows in `order` that meet `condition`, at most as many as a last parameter says. */
  readonly deleteFirst: (
    table: string,
    condition: string,
    order: string,
  ) => string;
  /** The end of an INSERT that leaves an existing row of that name alone; every other fault is still an error. */
  readonly unlessPresent: string;
}

const mysql: Dialect = {
  now: 'UTC_TIMESTAMP(3)',
  after: (instant) => `TIMESTAMPADD(MICROSECOND, 1000 * ?, ${instant})`,
  msUntil: (instant) =>
    `TIMESTAMPDIFF(MICROSECOND, UTC_TIMESTAMP(3), ${instant}) DIV 1000`,
  epochMs: (instant) =>
    `TIMESTAMPDIFF(MICROSECOND, '1970-01-01', ${instant}) DIV 1000`,
  jsonWithTime:
    "JSON_SET(?, '$.at', CONCAT(LEFT(DATE_FORMAT(UTC_TIMESTAMP(3), '%Y-%m-%dT%H:%i:%s.%f'), 23), 'Z'))",
  sameText: (column) => `CAST(${column} AS BINARY) = CAST(? AS BINARY)`,
  byIndex: (index) => `FORCE INDEX (${index})`,
  // Not by a subquery, for which it would look at every row, and lock it.
  deleteFirst: (table, condition, order) =>
    `DELETE FROM ${table} WHERE ${condition} ORDER BY ${order} LIMIT ?`,
  // Not INSERT IGNORE, which would cut a value that is too long, silently.
  unlessPresent: 'ON DUPLICATE KEY UPDATE version = version',
};

// SQLite keeps instants as text, 'YYYY-MM-DD HH:MM:SS.SSS', which sorts as time does.
const sqliteNow = "strftime('%Y-%m-%d %H:%M:%f', 'now')";
const sqliteMs = (from: string, to: string) =>
  `CAST(ROUND((julianday(${to}) - julianday(${from})) * 86400000) AS INTEGER)`;

const sqlite: Dialect = {
  now: sqliteNow,
  after: (instant) =>
    `strftime('%Y-%m-%d %H:%M:%f', ${instant}, (? / 1000.0) || ' seconds')`,
  msUntil: (instant) => sqliteMs("'now'", instant),
  epochMs: (instant) => sqliteMs("'1970-01-01'", instant),
  jsonWithTime: "json_set(?, '$.at', strftime('%Y-%m-%dT%H:%M:%fZ', 'now'))",
  sameText: (column) => `${column} = ?`,
  byIndex: (index) => `INDEXED BY ${index}`,
  deleteFirst: (table, condition, order) =>
    `DELETE FROM ${table} WHERE rowid IN (
      SELECT rowid FROM ${table} WHERE ${condition} ORDER BY ${order} LIMIT ?)`,
  unlessPresent: 'ON CONFLICT (name) DO NOTHING',
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
