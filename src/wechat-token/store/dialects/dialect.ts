// How does each database say it?

import type { Storable } from '../connections/sql-statement.js';

/** The type of a field in a list parameter: a token's name, a short text, a text of any length, a whole number. */
export type ListColumn = 'name' | 'varchar' | 'text' | 'integer';

/** What MySQL, MariaDB, PostgreSQL and SQLite express differently: instants, lists of rows, locks and index hints. */
export interface Dialect {
  /** The database's clock: UTC, milliseconds. */
  readonly now: string;
  /** `instant` plus milliseconds, which may be negative. */
  readonly after: (instant: string, ms: string) => string;
  /** Milliseconds from now until `instant`, an integer; negative when it is past. */
  readonly msUntil: (instant: string) => string;
  /** Milliseconds from 1970-01-01 UTC to `instant`, an integer. */
  readonly epochMs: (instant: string) => string;
  /** `instant` as text that the database compares with instants. */
  readonly asText: (instant: string) => string;
  /** The beginning of the hour of `instant`. */
  readonly hourOf: (instant: string) => string;
  /** Whether a row comes after that place in the order of an instant and the name. */
  readonly isAfter: (instant: string, since: string, name: string) => string;
  /** The rows of a parameter, a JSON array of objects; the field `name` is the column `list_name`. */
  readonly listOf: (
    parameter: string,
    fields: Readonly<Record<string, ListColumn>>,
  ) => string;
  /** The rows of a parameter, a JSON array of names, with the column `list_name`. */
  readonly nameList: (parameter: string) => string;
  /** A list joined with a table, in this order whatever the planner estimates. */
  readonly listJoin: (list: string, table: string, on: string) => string;
  /** Updates the rows of `system_var` that join a list. */
  readonly updateFromList: (list: string, on: string, set: string) => string;
  /** The end of a SELECT that locks its rows until the transaction ends; rows that another transaction has locked are skipped. */
  readonly lockingFreeRows: string;
  /** A JSON object parameter, with the database's clock added as `at`, in ISO 8601. */
  readonly jsonWithTime: (parameter: string) => string;
  /** A text within JSON. No database accepts a lone surrogate, and PostgreSQL and SQLite no NUL. */
  readonly storable: Storable;
  /** `column` equals a text parameter byte for byte: case and trailing blanks count in every collation. */
  readonly sameText: (column: string, parameter: string) => string;
  /** After a table's name: the planner must use this index. Nothing on PostgreSQL, whose session leaves it no other choice. */
  readonly byIndex: (index: string) => string;
  /** After a table's name: the planner must use the primary key. */
  readonly byPrimaryKey: string;
  /** Deletes the rows of a condition with ORDER BY and LIMIT. */
  readonly deleteFirst: (table: string, condition: string) => string;
  /** The end of an INSERT … SELECT that leaves an existing row of that name as it is; any other error is still raised. */
  readonly unlessPresent: string;
  /** The end of an INSERT … SELECT that adds these columns to those of an existing row of that primary key. */
  readonly addToPresent: (
    table: string,
    key: readonly string[],
    columns: readonly string[],
  ) => string;
}
