import { Injectable } from '@nestjs/common';
import { ManagedVariableError } from '../common/errors.js';
import { messages } from '../common/messages.js';
import { Sealing } from './sealing.js';
import { SqlRunner } from './sql-runner.js';

/** The general variables of the table `system_var`. */
@Injectable()
export class SystemVarStore {
  readonly #sql: SqlRunner;
  readonly #sealing: Sealing;

  constructor(sql: SqlRunner, sealing: Sealing) {
    this.#sql = sql;
    this.#sealing = sealing;
  }

  /** Returns the value of a variable, or of a token as it is stored; undefined when the row is missing or has no value. */
  async get(name: string): Promise<string | undefined> {
    const [row] = await this.#sql.rows<{ value: string | null }>(
      this.#sql.statements.readValue({ name }),
    );
    if (!row || row.value === null) return undefined;
    return this.#sealing.open(name, row.value);
  }

  /**
   * Updates or inserts a variable. Without `remark` an existing remark stays.
   * @throws ManagedVariableError when the row is a token: only the refresher writes tokens.
   */
  async save(name: string, value: string, remark?: string): Promise<void> {
    const { updateVariable, insertVariable } = this.#sql.statements;
    const variable = { name, value, remark: remark ?? null };
    if (await this.#sql.change(updateVariable(variable))) return;
    await this.#sql.change(insertVariable(variable));
    // Again, because another process may have inserted the row first, or the row is a token.
    if (await this.#sql.change(updateVariable(variable))) return;
    throw new ManagedVariableError(messages.isAToken(name));
  }
}
