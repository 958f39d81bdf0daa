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
