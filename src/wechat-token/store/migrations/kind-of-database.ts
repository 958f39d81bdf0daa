import type { DataSource, QueryRunner } from 'typeorm';
import { numbered, type SqlValue } from '../connections/sql-statement.js';

/** MariaDB is a MySQL here. */
export type Family = 'mysql' | 'postgres' | 'sqlite';

/** By the name that TypeORM 0.3 and 1 have in common; `dataSource` is that of 1 alone. */
export function dataSourceOf({ connection }: QueryRunner): DataSource {
  return connection;
}

/** Of a TypeORM connection type. */
export function familyOf(type: string): Family {
  if (type === 'postgres') return type;
  return type === 'better-sqlite3' ? 'sqlite' : 'mysql';
}

export function familyOn(runner: QueryRunner): Family {
  return familyOf(dataSourceOf(runner).options.type);
}

/** A table's name as TypeORM writes it: with the `schema` of the DataSource, on PostgreSQL. */
export function pathIn({ driver }: DataSource, table: string): string {
  const parts = driver.schema ? [driver.schema, table] : [table];
  return parts.map((part) => driver.escape(part)).join('.');
}

export function pathOf(runner: QueryRunner, table: string): string {
  return pathIn(dataSourceOf(runner), table);
}

/**
 * Runs a statement whose parameters are question marks on every database. mysql2 would quote a text for a mode and a character set
 * that its session may not have: there a text is hexadecimal digits.
 */
export function query(
  runner: QueryRunner,
  sql: string,
  values: readonly SqlValue[],
) {
  const family = familyOn(runner);
  if (family !== 'mysql')
    return runner.query(family === 'postgres' ? numbered(sql) : sql, [
      ...values,
    ]);
  const literals = values.map((value) =>
    typeof value === 'string'
      ? `_utf8mb4 X'${Buffer.from(value).toString('hex')}'`
      : String(value ?? 'NULL'),
  );
  return runner.query(sql.replaceAll('?', () => literals.shift() ?? 'NULL'));
}
