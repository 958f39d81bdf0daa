import type { DataSource } from 'typeorm';
import { MonotonicClock } from '../../common/clock.js';
import { ConfigurationError } from '../../common/errors.js';
import { messages } from '../../common/messages.js';
import type { Role } from '../../common/settings.js';
import { SqlRunner } from '../sql-runner.js';
import { AddRenewalQueue1791000000000 } from './1791000000000-add-renewal-queue.js';
import { AddTokenHours1792000000000 } from './1792000000000-add-token-hours.js';
import { wechatTokenMigrations } from './index.js';
import { type Family, familyOf, pathIn } from './kind-of-database.js';
import { faultsOf, repairOf } from './table-faults.js';
import { lookAtTables, type TableFacts } from './table-look.js';
import { trialRow } from './trial-row.js';
import { WANTED } from './wanted-tables.js';

/** What a database lacks of the module's tables. */
export interface SchemaGap {
  /** Such as `the columns next_at, app_id of system_var`. */
  readonly missing: string;
  /** The names of the migrations that add it, in their order. */
  readonly migrations: string;
}

/** Of tables, columns and indexes that the first migration has not added. */
const ADDED_LATER: Readonly<Record<string, Function>> = {
  next_at: AddRenewalQueue1791000000000,
  app_id: AddRenewalQueue1791000000000,
  IDX_system_var_next_at: AddRenewalQueue1791000000000,
  IDX_system_var_updated_at_name: AddRenewalQueue1791000000000,
  token_hour: AddTokenHours1792000000000,
  hour: AddTokenHours1792000000000,
  outcome: AddTokenHours1792000000000,
  class: AddTokenHours1792000000000,
  count: AddTokenHours1792000000000,
  latency_sum: AddTokenHours1792000000000,
};

/** That statements name; PostgreSQL's name none. */
const NAMED_INDEXES: Readonly<Record<string, readonly string[]>> = {
  system_var: ['IDX_system_var_next_at', 'IDX_system_var_updated_at_name'],
  token_event: ['IDX_token_event_name_type_at'],
};

/**
 * R12: one statement at the start, and for one who writes an INSERT into each table, which is taken back.
 * @throws ConfigurationError when a table, a column or an index is missing, or cannot hold what is written; not when the database is
 * away.
 */
export async function requireSchema(sql: SqlRunner, role: Role): Promise<void> {
  const { family } = sql;
  const tables = await sql.tables();
  if (!tables) return;
  const gap = gapIn(family, tables);
  if (gap) refuse([messages.schemaLacks(gap.missing, gap.migrations)]);
  refuse(tables.flatMap((table) => problemsOf(family, table)));
  if (role === 'reader') return;
  for (const table of tables) {
    const reason = await sql.refusal(trialRow(sql.dialect, table).insert);
    if (reason !== undefined) refuse([messages.rowRefused(table.name, reason)]);
  }
}

/**
 * Looks at the tables as the module does when it starts, by connections of its own, which are closed again. A `refresher` also writes a
 * row into each, which is taken back.
 * @throws ConfigurationError when a table, a column or an index is missing, or cannot hold what is written.
 */
export async function requireTables(
  dataSource: DataSource,
  role: Role,
): Promise<void> {
  const sql = new SqlRunner(dataSource, new MonotonicClock());
  try {
    await requireSchema(sql, role);
  } finally {
    await sql.close();
  }
}

function refuse(problems: readonly string[]): void {
  if (problems.length === 0) return;
  throw new ConfigurationError(
    problems.map((problem) => ({ field: 'dataSource', problem })),
  );
}

/** What this database lacks of the module's tables, such as columns that another tool has dropped; undefined for nothing. */
export async function findSchemaGap(
  dataSource: DataSource,
): Promise<SchemaGap | undefined> {
  const family = familyOf(dataSource.options.type);
  // Without an end of its own, the transaction of a server with `autocommit = 0` would keep the next migration waiting.
  const tables = await dataSource
    .transaction((manager) =>
      lookAtTables(
        (sql) => manager.query(sql),
        family,
        (table) => pathIn(dataSource, table),
      ),
    )
    .catch(() => undefined);
  return tables && gapIn(family, tables);
}

function problemsOf(family: Family, table: TableFacts): string[] {
  const faults = faultsOf(family, table);
  if (faults.length === 0) return [];
  const repairs = repairOf(family, table.name, faults);
  const problems = faults.map(({ problem }) => problem);
  return [messages.tableUnfit(problems, repairs)];
}

function gapIn(
  family: Family,
  tables: readonly TableFacts[],
): SchemaGap | undefined {
  const missing: string[] = [];
  const lost: string[] = [];
  for (const { name, columns } of WANTED) {
    const table = tables.find((found) => found.name === name);
    const lostColumns = without(
      columns.map((column) => column.name),
      table?.columns,
    );
    const named = family === 'postgres' ? [] : (NAMED_INDEXES[name] ?? []);
    const lostIndexes = without(named, table?.indexes);
    lost.push(...(table ? [...lostColumns, ...lostIndexes] : [name]));
    if (!table) missing.push(`the table ${name}`);
    else if (lostColumns.length > 0)
      missing.push(`the columns ${lostColumns.join(', ')} of ${name}`);
    else if (lostIndexes.length > 0 && table.kind === 'table')
      missing.push(`the indexes ${lostIndexes.join(', ')} of ${name}`);
  }
  if (missing.length === 0) return undefined;
  return { missing: missing.join(' and '), migrations: migrationsFrom(lost) };
}

function without(
  wanted: readonly string[],
  parts: readonly { readonly name: string }[] = [],
): string[] {
  const names = new Set(parts.map(({ name }) => name));
  return wanted.filter((name) => !names.has(name));
}

/** The migration that adds the first of these, and those after it, which may change what it makes. */
function migrationsFrom(lost: readonly string[]): string {
  const names = wechatTokenMigrations.map(({ name }) => name);
  const needed = lost.map((part) =>
    names.indexOf(ADDED_LATER[part]?.name ?? ''),
  );
  return names.slice(Math.max(0, Math.min(...needed))).join(', ');
}
