import { Injectable } from '@nestjs/common';
import { ManagedVariableError } from '../common/errors.js';
import { messages } from '../common/messages.js';
import { Sealing } from './sealing.js';
import { SqlRunner } from './sql-runner.js';
import { type Statements, statementsFor } from './statements.js';

/** The general variables of the table `system_var`. */
@Injectable()
export class SystemVarStore {
  private readonly statements: Statements;

  constructor(
    private readonly sql: SqlRunner,
    private readonly sealing: Sealing,
  ) {
    this.statements = statementsFor(sql.dialect);
  }

  /** The value of a variable, or of a token as it is stored now; undefined when there is no such row or it has no value. */
  async get(name: string): Promise<string | undefined> {
    const [row] = await this.sql.rows<{ value: string | null }>(
      this.statements.variable,
      [name],
    );
    if (!row || row.value === null) return undefined;
    return this.sealing.open(name, row.value);
  }

  /**
   * Writes a variable, or makes it. Without `remark` an existing remark stays.
   * @throws ManagedVariableError when the row is a token: only the refresher writes those.
   */
  async save(name: string, value: string, remark?: string): Promise<void> {
    const { updateVariable, insertVariable } = this.statements;
    const update = [value, remark ?? null, name];
    if (await this.sql.change(updateVariable, update)) return;
    await this.sql.change(insertVariable, [name, value, remark ?? '']);
    // Once more: another process may have been faster, and what is there now may be a token.
    if (await this.sql.change(updateVariable, update)) return;
    throw new ManagedVariableError(messages.isAToken(name));
  }
}
