import type { Dialect } from './dialect.js';
import { mysql } from './mysql.js';
import { postgres } from './postgres.js';
import { sqlite } from './sqlite.js';

const DIALECTS: Readonly<Record<string, Dialect>> = {
  mysql,
  mariadb: mysql,
  postgres,
  'better-sqlite3': sqlite,
};

/** The dialect of a TypeORM connection type; undefined for a database that is not supported. */
export function dialectOf(type: string): Dialect | undefined {
  return DIALECTS[type];
}
