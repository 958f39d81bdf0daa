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

/** Runs a statement whose parameters are question marks on every database. */
export function query(
  runner: QueryRunner,
  sql: string,
  values: readonly unknown[] = [],
) {
  return runner.query(isPostgres(runner) ? numbered(sql) : sql, [...values]);
}
