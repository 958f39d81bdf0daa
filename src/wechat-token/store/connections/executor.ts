// How does a statement reach the database?

import type { SqlStatement } from './sql-statement.js';

/** Returns the statement that follows in the same transaction, if any. */
export type Next = (rows: unknown) => SqlStatement | undefined;

/** Runs statements on one kind of database. Its errors are the driver's, or have a code as those do. */
export interface Executor {
  /** One statement; with `next` a short transaction, whose first statement it is. */
  execute(statement: SqlStatement, next?: Next): Promise<unknown>;
  /** Statements from now on go to whom the database's address names by then. */
  reconnect(): void;
  /** Ends the connections that are the executor's own. */
  close(): Promise<void>;
}

export function driverError(code: string): Error {
  return Object.assign(new Error(), { code });
}

export function driverCode(error: unknown): string {
  if (!(error instanceof Error)) return 'UNKNOWN';
  const { code, errno } = error as NodeJS.ErrnoException;
  if (typeof code === 'string') return code;
  // mysql2 has no names for the newest errors of MySQL.
  return errno === undefined ? error.name : `ERRNO_${errno}`;
}

/** Another transaction has locked the row, or the whole SQLite file. */
const LOCKED =
  /^(ER_LOCK_WAIT_TIMEOUT|ER_LOCK_DEADLOCK|SQLITE_BUSY|55P03$|40P01$)/;

export function isLocked(error: unknown): boolean {
  return LOCKED.test(driverCode(error));
}

/** The database works, and what is to be written violates a constraint, a trigger, a column's type or a privilege. */
export function isRefusal(error: unknown): error is Error {
  if (!(error instanceof Error)) return false;
  const code = driverCode(error);
  // MySQL's driver has the state beside a name, PostgreSQL's has it alone.
  const { sqlState = code } = error as { sqlState?: string };
  return (
    /^(22|23|42|44|45|P0)[0-9A-Z]{3}$/.test(sqlState) ||
    /^(SQLITE_CONSTRAINT|ER_NO_DEFAULT_FOR_FIELD|ER_CHECK_CONSTRAINT_VIOLATED)/.test(
      code,
    )
  );
}
