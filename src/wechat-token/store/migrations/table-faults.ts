// Can the table hold what is written?

import type { Family } from './kind-of-database.js';
import {
  columnFaults,
  foreignFaults,
  quoted,
  refusal,
  type TableFault,
} from './column-faults.js';
import type { TableFacts } from './table-look.js';
import { wantedColumns } from './wanted-tables.js';

export type { TableFault };

/** MySQL: in its old row formats 767. */
const LONGEST_OLD_NAME = 191;

export function faultsOf(family: Family, table: TableFacts): TableFault[] {
  if (table.kind !== 'table')
    return [refusal(`${table.name} is a ${table.kind}, not a table`)];
  const wanted = wantedColumns(table.name);
  // The column of the key: nothing can be added to the rows of another program.
  const lost = wanted
    .slice(0, 1)
    .filter(({ name }) => !table.columns.some((has) => has.name === name));
  if (lost.length > 0)
    return lost.map(({ name }) =>
      refusal(
        `${table.name} has no column ${name}, so it is the table of another program`,
      ),
    );
  const ours = new Map(wanted.map((column) => [column.name, column]));
  return [
    ...engineFaults(table),
    ...table.columns.flatMap((facts) => {
      const column = ours.get(facts.name);
      const own = column
        ? columnFaults(family, table, column, facts)
        : foreignFaults(family, facts);
      return own.map((fault) => ({
        ...fault,
        problem: `the column ${facts.name} of ${table.name} ${fault.problem}`,
      }));
    }),
    ...(table.name === 'system_var' ? keyFaults(family, table) : []),
    ...table.references
      .filter((name) => ours.has(name))
      .map((name) =>
        refusal(
          `the column ${name} of ${table.name} must have its value in another table (a foreign key)`,
        ),
      ),
  ];
}

/** The SQL that fixes it. */
export function repairOf(
  family: Family,
  path: string,
  faults: readonly TableFault[],
): string[] {
  const clauses = faults.flatMap(({ clause }) => clause ?? []);
  return family === 'sqlite' ? clauses : alter(family, path, clauses);
}

/** One statement, for which a table is copied once, if at all; SQLite takes one clause at a time. */
export function alter(
  family: Family,
  path: string,
  clauses: readonly string[],
): string[] {
  if (clauses.length === 0) return [];
  const parts = family === 'sqlite' ? clauses : [clauses.join(', ')];
  return parts.map((part) => `ALTER TABLE ${path} ${part}`);
}

function engineFaults({ name, engine, rowFormat, columns }: TableFacts) {
  const faults: TableFault[] = [];
  if (engine && engine !== 'InnoDB') {
    const isSafe = ['MyISAM', 'Aria', 'MEMORY'].includes(engine);
    const problem = `${name} has the engine ${engine}, which has no transactions`;
    faults.push({ problem, clause: 'ENGINE=InnoDB', isSafe });
  }
  const length = columns.find((column) => column.name === 'name')?.length ?? 0;
  const isOld = rowFormat === 'compact' || rowFormat === 'redundant';
  if (isOld && length > LONGEST_OLD_NAME)
    faults.push({
      problem: `${name} has the row format ${rowFormat}, in which the column name is too long for an index`,
      clause: 'ROW_FORMAT=DYNAMIC',
      isSafe: true,
    });
  return faults;
}

function keyFaults(family: Family, table: TableFacts): TableFault[] {
  const keys = table.indexes.filter(
    ({ isUnique, columns }) => isUnique && columns.includes('name'),
  );
  const ofName = keys.filter(({ columns }) => columns.length === 1);
  const exact = ofName.filter(({ isExact }) => isExact);
  // MySQL's statements name the primary key.
  if (exact.some(({ isPrimary }) => isPrimary || family !== 'mysql')) return [];
  const kind = family === 'mysql' ? 'the primary key' : 'a unique key';
  const problem = `the column name of ${table.name} is not ${kind}`;
  // SQLite's key that takes no account of case is made anew with its column.
  if (family === 'sqlite' && ofName.some(({ isPrimary }) => isPrimary))
    return [{ problem, isSafe: true }];
  // A key with other columns, or of a part of the name, allows what the new one forbids.
  const isSafe = exact.length > 0 || keys.length === 0;
  return [{ problem, clause: keyClause(family, table), isSafe }];
}

function keyClause(family: Family, { name, indexes }: TableFacts): string {
  if (family === 'sqlite')
    return `CREATE UNIQUE INDEX IDX_${name}_name ON ${name} (name)`;
  const primary = indexes.find(({ isPrimary }) => isPrimary);
  if (!primary) return 'ADD PRIMARY KEY (name)';
  if (family === 'postgres') return 'ADD UNIQUE (name)';
  // What counts up has to be a key.
  const old = primary.columns.map(quoted).join(', ');
  return `DROP PRIMARY KEY, ADD UNIQUE KEY (${old}), ADD PRIMARY KEY (name)`;
}
