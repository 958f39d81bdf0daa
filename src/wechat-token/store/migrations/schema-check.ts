import {
  type DataSource,
  getMetadataArgsStorage,
  QueryFailedError,
} from 'typeorm';
import { ConfigurationError } from '../../common/errors.js';
import { messages } from '../../common/messages.js';
import type { SqlStatement } from '../connections/sql-statement.js';
import { wechatTokenEntities } from '../entities.js';
import { AddRenewalQueue1791000000000 } from './1791000000000-add-renewal-queue.js';
import { wechatTokenMigrations } from './index.js';
import { isTableMissing, type SqlRunner } from '../sql-runner.js';

/** What a database lacks of the module's tables. */
export interface SchemaGap {
  /** Such as `the columns next_at, app_id of system_var`. */
  readonly missing: string;
  /** The names of the migrations that add it, in their order. */
  readonly migrations: string;
}

/** Whether a statement fails because a table or a column is missing. */
type IsRefused = (statement: SqlStatement) => Promise<boolean>;

/** As the statements of this package name them, whatever naming strategy the app has. */
const TABLES = wechatTokenEntities.map((entity) => {
  const storage = getMetadataArgsStorage();
  const [table] = storage.filterTables(entity);
  const columns = storage.filterColumns(entity);
  return {
    name: table?.name ?? '',
    columns: columns.map(
      (column) => column.options.name ?? column.propertyName,
    ),
  };
});

/** The migrations of the columns that the first one has not added. */
const ADDED_LATER: Readonly<Record<string, Function>> = {
  next_at: AddRenewalQueue1791000000000,
  app_id: AddRenewalQueue1791000000000,
};

/** R12: one statement at the start. @throws ConfigurationError when a table or a column is missing; not when the database is away. */
export async function requireSchema(sql: SqlRunner): Promise<void> {
  const gap = await findGap((statement) => sql.lacks(statement));
  if (!gap) return;
  const problem = messages.schemaLacks(gap.missing, gap.migrations);
  throw new ConfigurationError([{ field: 'dataSource', problem }]);
}

/** What this database lacks of the module's tables, such as columns that another tool has dropped; undefined for nothing. */
export function findSchemaGap(
  dataSource: DataSource,
): Promise<SchemaGap | undefined> {
  // Without an end of its own, the transaction of a server with `autocommit = 0` would keep the next migration waiting.
  return findGap(({ sql }) =>
    dataSource
      .transaction((manager) => manager.query(sql))
      .then(
        () => false,
        (error: unknown) =>
          error instanceof QueryFailedError &&
          isTableMissing(error.driverError),
      ),
  );
}

async function findGap(isRefused: IsRefused): Promise<SchemaGap | undefined> {
  if (!(await isRefused(selectOf(TABLES)))) return undefined;
  const tables: string[] = [];
  const columns: string[] = [];
  for (const { name, columns: all } of TABLES) {
    const lost: string[] = [];
    for (const column of all)
      if (await isRefused(selectOf([{ name, columns: [column] }])))
        lost.push(column);
    columns.push(...lost);
    if (lost.length === all.length) tables.push(`the table ${name}`);
    else if (lost.length > 0)
      tables.push(`the columns ${lost.join(', ')} of ${name}`);
  }
  return { missing: tables.join(' and '), migrations: migrationsFrom(columns) };
}

/** Reads no row. */
function selectOf(tables: typeof TABLES): SqlStatement {
  const columns = tables.flatMap(({ name, columns }) =>
    columns.map((column) => `${name}.${column}`),
  );
  const names = tables.map(({ name }) => name);
  const sql = `SELECT ${columns.join(', ')} FROM ${names.join(', ')} WHERE 1 = 0`;
  return { sql, values: [] };
}

/** The migration that adds the first of these columns, and those after it, which may change what it makes. */
function migrationsFrom(columns: readonly string[]): string {
  const names = wechatTokenMigrations.map(({ name }) => name);
  const needed = columns.map((column) =>
    names.indexOf(ADDED_LATER[column]?.name ?? ''),
  );
  return names.slice(Math.max(0, Math.min(...needed))).join(', ');
}
