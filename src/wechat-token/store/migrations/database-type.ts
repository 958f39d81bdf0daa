import type { QueryRunner } from 'typeorm';

/** The runner's kind of database, by the name that both TypeORM 0.3 and 1 know; the newer one is `dataSource`. */
export function databaseType({ connection }: QueryRunner): string {
  return connection.options.type;
}
