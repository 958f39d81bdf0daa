import type { DataSource, QueryRunner } from 'typeorm';
import { numbered } from '../connections/sql-statement.js';

/** By the name that TypeORM 0.3 and 1 have in common; `dataSource` is that of 1 alone. */
export function dataSourceOf({ connection }: QueryRunner): DataSource {
  return connection;
}

export function isSqlite(runner: QueryRunner): boolean {
  return dataSourceOf(runner).options.type === 'better-sqlite3';
}

export function isPostgres(runner: QueryRunner): boolean {
  return dataSourceOf(runner).options.type === 'postgres';
}

/** MySQL or MariaDB. */
export function isMysql(runner: QueryRunner): boolean {
  return !isSqlite(runner) && !isPostgres(runner);
}

/** A table's name as TypeORM writes it: with the `schema` of the DataSource, on PostgreSQL. */
export function pathOf(runner: QueryRunner, table: string): string {
  const { driver } = dataSourceOf(runner);
  const parts = driver.schema ? [driver.schema, table] : [table];
  return parts.map((part) => driver.escape(part)).join('.');
}

/**
 * Runs a statement whose parameters are question marks on every database. mysql2 would quote a text for a mode and a character set
 * that its session may not have: there a text is hexadecimal digits.
 */
export function query(
  runner: QueryRunner,
  sql: string,
  values: readonly (string | number)[],
) {
  if (!isMysql(runner))
    return runner.query(isPostgres(runner) ? numbered(sql) : sql, [...values]);
  const literals = values.map((value) =>
    typeof value === 'number'
      ? String(value)
      : `_utf8mb4 X'${Buffer.from(value).toString('hex')}'`,
  );
  return runner.query(sql.replaceAll('?', () => literals.shift() ?? 'NULL'));
}
