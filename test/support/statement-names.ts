import type { SqlStatement } from '../../src/wechat-token/store/connections/sql-statement.js';
import type { Statements } from '../../src/wechat-token/store/statements/statements.js';

export type StatementName = keyof Statements;

/** The statements' names by their SQL; without `lock` and `lockDue`, whose SQL depends on the number of names. */
export function statementNames(
  statements: Statements,
): ReadonlyMap<string, StatementName> {
  return new Map(
    Object.entries(statements).map(([name, statement]) => {
      const withoutValues = statement as (parameters: object) => SqlStatement;
      return [withoutValues({ names: [] }).sql, name as StatementName];
    }),
  );
}
