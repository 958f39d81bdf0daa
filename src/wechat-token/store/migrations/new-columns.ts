import type { QueryRunner } from 'typeorm';
import { dataSourceOf, familyOn } from './kind-of-database.js';

/**
 * MySQL compares without regard to case by default; `shop` and `Shop` are two accounts. PostgreSQL orders by the database's language,
 * and the names of a kind are found by their order.
 */
export function nameOf(runner: QueryRunner) {
  if (familyOn(runner) === 'sqlite') return { isNullable: false };
  const collation = familyOn(runner) === 'postgres' ? 'C' : 'utf8mb4_bin';
  return { isNullable: false, collation };
}

/** Columns that may be null. Texts are utf8mb4 whatever the database's default is: MariaDB's may be latin1. */
export function typesOf(runner: QueryRunner) {
  const charset = familyOn(runner) === 'mysql' ? { charset: 'utf8mb4' } : {};
  const optional = { isNullable: true };
  return {
    varchar: (name: string, length: number) => {
      const type = { type: 'varchar', length: String(length) };
      return { name, ...type, ...charset, ...optional };
    },
    text: (name: string) => ({ name, type: 'text', ...charset, ...optional }),
    int: (name: string) => {
      const type = familyOn(runner) === 'sqlite' ? 'integer' : 'int';
      return { name, type, ...optional };
    },
  };
}

export function instant(runner: QueryRunner, name: string) {
  const type = dataSourceOf(runner).driver.normalizeType({ type: Date });
  return { name, type, precision: 3, isNullable: true };
}
