import { QueryFailedError, type QueryRunner, TableColumn } from 'typeorm';
import { ConfigurationError } from '../../common/errors.js';
import { messages } from '../../common/messages.js';
import { isLocked } from '../connections/executor.js';
import { dialectOf } from '../dialects/dialects.js';
import { dataSourceOf, familyOn, pathOf, query } from './kind-of-database.js';
import { alter, faultsOf, repairOf, type TableFault } from './table-faults.js';
import { lookAtTables, type TableFacts } from './table-look.js';
import { trialRow } from './trial-row.js';
import { definitionOf, typeOf, wantedColumns } from './wanted-tables.js';

/** How many names an error lists. */
const NAMES = 5;

interface Unfit {
  readonly table: TableFacts;
  readonly faults: readonly TableFault[];
}

/**
 * Makes the tables that are there already hold what is written, where that loses nothing; columns are not added.
 * @returns the tables as they are then.
 * @throws ConfigurationError that lists all that has to be fixed first; nothing has been changed then.
 */
export async function fitTables(
  runner: QueryRunner,
): Promise<readonly TableFacts[]> {
  const tables = await lookAt(runner);
  const all = tables.map((table): Unfit => {
    const faults = faultsOf(familyOn(runner), table);
    return { table, faults: [...faults, ...lossesOf(runner, table, faults)] };
  });
  const unfit = all.filter(({ faults }) => faults.length > 0);
  // The migrations fix the others.
  const problems = unfit
    .map(({ table, faults }) => ({
      table,
      left: faults.filter(({ isSafe }) => !isSafe),
    }))
    .filter(({ left }) => left.length > 0)
    .map(({ table, left }) => refusalOf(runner, table, left));
  refuse(problems);
  if (unfit.some(({ table }) => table.name === 'system_var'))
    refuse(await repeatedNames(runner));
  for (const table of tables) refuse(await trial(runner, table));
  for (const { table, faults } of unfit) await repair(runner, table, faults);
  return unfit.length > 0 ? lookAt(runner) : tables;
}

function refuse(problems: readonly string[]): void {
  if (problems.length === 0) return;
  const faults = problems.map((problem) => ({ field: 'dataSource', problem }));
  throw new ConfigurationError(faults, messages.nothingMigrated(problems));
}

/** The tables that are there. */
export async function lookAt(runner: QueryRunner): Promise<TableFacts[]> {
  const { driver, options } = dataSourceOf(runner);
  const isFirst = options.type === 'postgres' && !options.schema;
  const tables = await lookAtTables(
    (sql) => runner.query(sql),
    familyOn(runner),
    (table) => (isFirst ? table : pathOf(runner, table)),
  );
  // Where a new table would be made, and hide the one that is there.
  for (const { name, schema } of tables)
    if (isFirst && schema !== driver.schema)
      refuse([messages.tableElsewhere(name, `${schema}`, `${driver.schema}`)]);
  return tables;
}

/** SQLite's table is made anew, without what TypeORM does not copy. */
function lossesOf(
  runner: QueryRunner,
  { name, triggers, hasChecks, isStrict, columns }: TableFacts,
  faults: readonly TableFault[],
): TableFault[] {
  const reasons = faults.filter(({ clause }) => clause === undefined);
  if (familyOn(runner) !== 'sqlite' || reasons.length === 0) return [];
  const parts = [
    triggers > 0 && 'its triggers',
    hasChecks && 'its CHECK constraints',
    isStrict && 'its option STRICT',
    columns.some(({ isComputed }) => isComputed) && 'its generated columns',
  ].filter((part) => part !== false);
  if (parts.length === 0) return [];
  const why = reasons.map(({ problem }) => problem).join('; ');
  const problem = `${name} would lose ${parts.join(' and ')} by being made anew (${why})`;
  return [{ problem, isSafe: false }];
}

function refusalOf(
  runner: QueryRunner,
  { name }: TableFacts,
  faults: readonly TableFault[],
): string {
  const path = pathOf(runner, name);
  return messages.tableUnfit(
    faults.map(({ problem }) => problem),
    repairOf(familyOn(runner), path, faults),
  );
}

/** Byte for byte, as the key is to compare them. */
async function repeatedNames(runner: QueryRunner): Promise<string[]> {
  const name = {
    mysql: 'CAST(name AS BINARY)',
    postgres: 'name',
    sqlite: 'name COLLATE BINARY',
  }[familyOn(runner)];
  const rows: { name: string | null }[] = await runner.query(
    `SELECT MIN(name) AS name FROM ${pathOf(runner, 'system_var')}
    GROUP BY ${name} HAVING COUNT(*) > 1 OR COUNT(name) = 0 LIMIT ${NAMES}`,
  );
  return rows.length > 0
    ? [messages.namesRepeated(rows.map((row) => JSON.stringify(row.name)))]
    : [];
}

/** Inserts, changes and reads a row, and takes it back. */
async function trial(
  runner: QueryRunner,
  table: TableFacts,
): Promise<string[]> {
  const { name, engine } = table;
  const dialect = dialectOf(dataSourceOf(runner).options.type);
  // Without transactions the row would stay.
  if (!dialect || (engine !== null && engine !== 'InnoDB')) return [];
  const family = familyOn(runner);
  const { insert, touch, find } = trialRow(
    dialect,
    table,
    pathOf(runner, name),
  );
  // By TypeORM's count a transaction may be open that MySQL has ended at a change of a table.
  const [begin, end] =
    family === 'mysql'
      ? [
          () => runner.query('START TRANSACTION'),
          () => runner.query('ROLLBACK'),
        ]
      : [() => runner.startTransaction(), () => runner.rollbackTransaction()];
  await begin();
  try {
    if (family === 'postgres')
      await runner.query('SET CONSTRAINTS ALL IMMEDIATE');
    for (const { sql, values } of [insert, touch])
      await query(runner, sql, values);
    const [kept] = await query(runner, find.sql, find.values);
    return Number(kept?.count) === 1 ? [] : [messages.rowNotKept(name)];
  } catch (error) {
    if (!(error instanceof QueryFailedError)) throw error;
    if (isLocked(error.driverError)) throw error;
    return [messages.rowRefused(name, error.message)];
  } finally {
    await end();
  }
}

async function repair(
  runner: QueryRunner,
  table: TableFacts,
  faults: readonly TableFault[],
): Promise<void> {
  const { name } = table;
  const attempt = (how: string, work: Promise<unknown>) =>
    work.catch((error: unknown) => {
      if (!(error instanceof QueryFailedError)) throw error;
      refuse([messages.notConverted(name, how, error.message)]);
    });
  if (faults.some(({ clause }) => clause === undefined))
    await attempt('making it anew', makeAnew(runner, name));
  const path = pathOf(runner, name);
  for (const sql of repairOf(familyOn(runner), path, faults))
    await attempt(sql, runner.query(sql));
}

/** On SQLite, which changes no column. */
async function makeAnew(runner: QueryRunner, name: string): Promise<void> {
  const table = await runner.getTable(name);
  const changes = wantedColumns(name).flatMap((column) => {
    const oldColumn = table?.findColumnByName(column.name);
    if (!oldColumn) return [];
    const { isPrimary, isGenerated, generationStrategy } = oldColumn;
    const mayBeNull = oldColumn.isNullable && column.holds === 'text';
    const newColumn = new TableColumn({
      name: oldColumn.name,
      type: typeOf('sqlite', column),
      default: column.default,
      isNullable: column.isNullable || mayBeNull,
      isPrimary,
      isGenerated,
      generationStrategy,
    });
    return [{ oldColumn, newColumn }];
  });
  if (table) await runner.changeColumns(table, changes);
}

/** Adds what the table lacks of these columns. Not by TypeORM, which copies a table of SQLite for each. */
export async function addColumns(
  runner: QueryRunner,
  table: TableFacts,
  names: readonly string[],
): Promise<void> {
  const words = table.isStrict ? 'strict' : familyOn(runner);
  const missing = wantedColumns(table.name).filter(
    ({ name }) => names.includes(name) && !hasColumn(table, name),
  );
  await change(
    runner,
    table,
    missing.map((column) => `ADD COLUMN ${definitionOf(words, column)}`),
  );
}

export async function dropColumns(
  runner: QueryRunner,
  table: TableFacts,
  names: readonly string[],
): Promise<void> {
  const existing = names.filter((name) => hasColumn(table, name));
  await change(
    runner,
    table,
    existing.map((name) => `DROP COLUMN ${name}`),
  );
}

function hasColumn({ columns }: TableFacts, name: string): boolean {
  return columns.some((column) => column.name === name);
}

async function change(
  runner: QueryRunner,
  { name }: TableFacts,
  clauses: readonly string[],
): Promise<void> {
  for (const sql of alter(familyOn(runner), pathOf(runner, name), clauses))
    await runner.query(sql);
}

/** Makes it anew when it has other columns: on MySQL a column that was dropped has left the rest of its index. */
export async function addIndex(
  runner: QueryRunner,
  table: TableFacts,
  name: string,
  columns: readonly string[],
): Promise<void> {
  const existing = table.indexes.find((index) => index.name === name);
  const has = new Set(existing?.columns);
  if (columns.every((column) => has.has(column))) return;
  await dropIndex(runner, table, name);
  await runner.query(
    `CREATE INDEX ${dataSourceOf(runner).driver.escape(name)} ON ${pathOf(runner, table.name)} (${columns.join(', ')})`,
  );
}

export async function dropIndex(
  runner: QueryRunner,
  table: TableFacts,
  name: string,
): Promise<void> {
  if (!table.indexes.some((index) => index.name === name)) return;
  const isMysql = familyOn(runner) === 'mysql';
  await runner.query(
    isMysql
      ? `DROP INDEX ${name} ON ${pathOf(runner, table.name)}`
      : `DROP INDEX ${pathOf(runner, name)}`,
  );
}
