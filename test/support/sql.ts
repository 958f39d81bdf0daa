import type { DataSource } from 'typeorm';
import { numbered } from '../../src/wechat-token/store/connections/sql-statement.js';

export type InstantColumn =
  | 'issued_at'
  | 'refresh_at'
  | 'expires_at'
  | 'updated_at'
  | 'lease_until'
  | 'next_attempt_at'
  | 'next_at';

export const INSTANTS: Readonly<Record<string, readonly string[]>> = {
  system_var: [
    'issued_at',
    'refresh_at',
    'expires_at',
    'updated_at',
    'lease_until',
    'next_attempt_at',
    'next_at',
  ] satisfies InstantColumn[],
  token_event: ['at'],
};

/** What tests write in SQL of their own, on each family of databases. */
export interface Words {
  /** The database's clock. */
  readonly now: string;
  /** `instant` moved by an SQL expression of milliseconds. */
  readonly plus: (instant: string, ms: string) => string;
  /** An instant as `YYYY-MM-DD HH:MM:SS.mmm`, in UTC as stored, whatever time zones are set. */
  readonly text: (instant: string) => string;
  /** Milliseconds from 1970-01-01 UTC. */
  readonly epochMs: (instant: string) => string;
  /** The SHA-256 of a text, in hexadecimal digits; not on SQLite. */
  readonly sha256: (text: string) => string;
  /** Counts what the planner goes by. */
  readonly analyze: string;
  readonly isPostgres: boolean;
}

const WORDS: Readonly<Record<'sqlite' | 'mysql' | 'postgres', Words>> = {
  sqlite: {
    now: "strftime('%Y-%m-%d %H:%M:%f', 'now')",
    plus: (instant, ms) =>
      `strftime('%Y-%m-%d %H:%M:%f', ${instant}, ((${ms}) / 1000.0) || ' seconds')`,
    text: (instant) => instant,
    epochMs: (instant) => `(julianday(${instant}) - 2440587.5) * 86400000`,
    sha256: (text) => `sha256(${text})`,
    analyze: 'ANALYZE',
    isPostgres: false,
  },
  mysql: {
    now: 'UTC_TIMESTAMP(3)',
    plus: (instant, ms) => `(${instant} + INTERVAL 1000 * (${ms}) MICROSECOND)`,
    text: (instant) =>
      `LEFT(DATE_FORMAT(${instant}, '%Y-%m-%d %H:%i:%s.%f'), 23)`,
    epochMs: (instant) =>
      `TIMESTAMPDIFF(MICROSECOND, '1970-01-01', ${instant}) / 1000`,
    sha256: (text) => `SHA2(${text}, 256)`,
    analyze: 'ANALYZE TABLE system_var, token_event, token_hour',
    isPostgres: false,
  },
  postgres: {
    now: "(statement_timestamp() AT TIME ZONE 'UTC')::timestamp(3)",
    plus: (instant, ms) =>
      `(${instant} + (${ms})::double precision * INTERVAL '1 millisecond')`,
    text: (instant) => `to_char(${instant}, 'YYYY-MM-DD HH24:MI:SS.MS')`,
    epochMs: (instant) => `EXTRACT(EPOCH FROM ${instant}) * 1000`,
    sha256: (text) => `encode(sha256(convert_to(${text}, 'UTF8')), 'hex')`,
    analyze: 'ANALYZE system_var, token_event, token_hour',
    isPostgres: true,
  },
};

export function familyOf({ options }: DataSource): keyof typeof WORDS {
  if (options.type === 'better-sqlite3') return 'sqlite';
  return options.type === 'postgres' ? 'postgres' : 'mysql';
}

export function words(dataSource: DataSource): Words {
  return WORDS[familyOf(dataSource)];
}

/** Runs a statement whose parameters are question marks, on every database. */
export function query<Row>(
  dataSource: DataSource,
  text: string,
  values: readonly unknown[] = [],
): Promise<Row[]> {
  const isPostgres = familyOf(dataSource) === 'postgres';
  return dataSource.query(isPostgres ? numbered(text) : text, [...values]);
}

/**
 * All that the store knows of the database's clock are differences to the instants in the rows, so to move those back is to
 * let time pass.
 */
export async function passTime(
  dataSource: DataSource,
  ms: number,
): Promise<void> {
  const { plus } = words(dataSource);
  for (const [table, columns] of Object.entries(INSTANTS)) {
    const moved = columns.map((c) => `${c} = ${plus(c, String(-ms))}`);
    await query(dataSource, `UPDATE ${table} SET ${moved.join(', ')}`);
  }
}

export function isSqlite(dataSource: DataSource): boolean {
  return familyOf(dataSource) === 'sqlite';
}
