import { ConfigurationError } from '../../common/errors.js';
import { messages } from '../../common/messages.js';
import type { SqlStatement } from './sql-statement.js';

/** Why the statements do not run on the server that calls itself so; undefined for one on which they do. */
export type RefusalOf = (version: string) => string | undefined;

/** With a LIMIT of its own, `sql_select_limit` does not count. */
export const VERSION: SqlStatement = {
  sql: 'SELECT VERSION() AS version LIMIT 1',
  values: [],
};

/** The oldest with SKIP LOCKED and JSON_TABLE: the first release of MySQL 8.0 for production has both. */
const OLDEST = { MySQL: [8, 0, 11], MariaDB: [10, 6], PostgreSQL: [14] };

/** They give the version of the MySQL that they are like, and their own name. */
const LIKE_MYSQL = /TiDB|OceanBase|Vitess|PlanetScale/i;
/** As others than PostgreSQL itself, it has no `ctid`. */
const LIKE_POSTGRES = /-YB-|Yugabyte/i;

/** Of MySQL and MariaDB, by `VERSION()`; `5.5.5-` before MariaDB's own number is for old replicas. */
export const refusalOfMysql: RefusalOf = (version) => {
  const own = version.replace(/^5\.5\.5-(?=\d)/, '');
  const [kin] = LIKE_MYSQL.exec(own) ?? [];
  if (kin) return messages.serverLacks(`${kin} (${own})`);
  const product = /mariadb/i.test(own) ? 'MariaDB' : 'MySQL';
  return isFrom(own, OLDEST[product])
    ? undefined
    : messages.serverLacks(`${product} ${own}`);
};

/** Of PostgreSQL, by `version()`, such as `PostgreSQL 15.14 (Debian 15.14-0) on x86_64-pc-linux-gnu, compiled by …`. */
export const refusalOfPostgres: RefusalOf = (version) => {
  const [found = ''] = /^.*?(?= \(| on |, |$)/.exec(version) ?? [];
  const [, number] = /^PostgreSQL (\d.*)/.exec(found) ?? [];
  if (number === undefined || LIKE_POSTGRES.test(version))
    return messages.serverNotPostgres(found);
  return isFrom(number, OLDEST.PostgreSQL)
    ? undefined
    : messages.serverTooOld(found);
};

/** @throws ConfigurationError for a server on which the statements do not run. */
export function requireServer(refusalOf: RefusalOf, rows: unknown): void {
  const [row] = rows as readonly { readonly version: string }[];
  const problem = refusalOf(row?.version ?? '');
  if (problem !== undefined)
    throw new ConfigurationError([{ field: 'dataSource', problem }]);
}

/** A number that is not said, as in Amazon's `8.0.mysql_aurora.3.04.0`, is new enough. */
function isFrom(version: string, oldest: readonly number[]): boolean {
  const [said = ''] = /^\d+(\.\d+)*/.exec(version) ?? [];
  if (said === '') return false;
  for (const [index, number] of said.split('.').map(Number).entries()) {
    const least = oldest[index];
    if (least === undefined || number > least) return true;
    if (number < least) return false;
  }
  return true;
}
