import type { DataSource, QueryRunner } from 'typeorm';

/** By the name that TypeORM 0.3 and 1 have in common; `dataSource` is that of 1 alone. */
export function dataSourceOf({ connection }: QueryRunner): DataSource {
  return connection;
}

export function isSqlite(runner: QueryRunner): boolean {
  return dataSourceOf(runner).options.type === 'better-sqlite3';
}
