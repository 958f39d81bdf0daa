import { randomUUID } from 'node:crypto';
import type { SqlStatement, SqlValue } from '../connections/sql-statement.js';
import type { Dialect } from '../dialects/dialect.js';
import type { TableFacts } from './table-look.js';
import { wantedColumns } from './wanted-tables.js';

/** Longer than most tokens. */
const LENGTH = 2000;

/** A row like those of the engine, of the columns that the table has. */
export interface TrialRow {
  readonly insert: SqlStatement;
  /** Changes nothing in it. */
  readonly touch: SqlStatement;
  /** `count` is 1 when it is there as it was written. */
  readonly find: SqlStatement;
}

/** What no definition says, such as a trigger or a CHECK, this row finds; it is not to stay. */
export function trialRow(
  { now }: Dialect,
  { name, columns }: TableFacts,
  path = name,
): TrialRow {
  const id = randomUUID();
  const text = (room: number) =>
    (room < 64 ? id : `access_token:${id}`).padEnd(LENGTH, 'x').slice(0, room);
  const names: string[] = [];
  const fields: string[] = [];
  const values: SqlValue[] = [];
  const texts: string[] = [];
  for (const { name: column, holds, length, isGenerated } of wantedColumns(
    name,
  )) {
    const facts = columns.find((found) => found.name === column);
    if (!facts || isGenerated) continue;
    names.push(column);
    if (holds === 'instant') fields.push(now);
    else if (holds === 'int' || holds === 'bigint') fields.push('1');
    else {
      fields.push('?');
      values.push(text(Math.min(length, facts.length ?? length)));
      texts.push(`${column} = ?`);
    }
  }
  const isRow = texts.join(' AND ');
  const statement = (sql: string) => ({ sql, values });
  return {
    insert: statement(
      `INSERT INTO ${path} (${names.join(', ')}) VALUES (${fields.join(', ')})`,
    ),
    touch: statement(`UPDATE ${path} SET name = name WHERE ${isRow}`),
    find: statement(`SELECT COUNT(*) AS count FROM ${path} WHERE ${isRow}`),
  };
}
