import type { DataSource } from 'typeorm';

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

/** SQL for an instant as `YYYY-MM-DD HH:MM:SS.mmm`, in UTC as stored, whatever time zones are set. */
export function instantText(dataSource: DataSource, column: string): string {
  return isSqlite(dataSource)
    ? column
    : `LEFT(DATE_FORMAT(${column}, '%Y-%m-%d %H:%i:%s.%f'), 23)`;
}

/** SQL for the database's clock. */
export function nowText(dataSource: DataSource): string {
  return isSqlite(dataSource)
    ? "strftime('%Y-%m-%d %H:%M:%f', 'now')"
    : 'UTC_TIMESTAMP(3)';
}

/**
 * All that the store knows of the database's clock are differences to the instants in the rows, so to move those back is to
 * let time pass.
 */
export async function passTime(
  dataSource: DataSource,
  ms: number,
): Promise<void> {
  const back = (column: string) =>
    isSqlite(dataSource)
      ? `strftime('%Y-%m-%d %H:%M:%f', ${column}, (-? / 1000.0) || ' seconds')`
      : `${column} - INTERVAL (1000 * ?) MICROSECOND`;
  for (const [table, columns] of Object.entries(INSTANTS))
    await dataSource.query(
      `UPDATE ${table} SET ${columns.map((c) => `${c} = ${back(c)}`).join(', ')}`,
      columns.map(() => ms),
    );
}

export function isSqlite(dataSource: DataSource): boolean {
  return dataSource.options.type === 'better-sqlite3';
}
