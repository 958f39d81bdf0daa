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
  /** The beginning of an INSERT that leaves an existing row alone. */
  readonly insertIfAbsent: string;
}

const mysql: Dialect = {
  now: 'UTC_TIMESTAMP(3)',
  after: (instant) => `TIMESTAMPADD(MICROSECOND, 1000 * ?, ${instant})`,
  msUntil: (instant) =>
    `TIMESTAMPDIFF(MICROSECOND, UTC_TIMESTAMP(3), ${instant}) DIV 1000`,
  epochMs: (instant) =>
    `TIMESTAMPDIFF(MICROSECOND, '1970-01-01', ${instant}) DIV 1000`,
  insertIfAbsent: 'INSERT IGNORE INTO',
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
  insertIfAbsent: 'INSERT OR IGNORE INTO',
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
