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

  /**
   * Returns the value of a variable, or of a token as it is stored; undefined when the row is missing or has no value.
   * @throws SealedValueError for a token that cannot be decrypted.
   */
  async get(name: string): Promise<string | undefined> {
    const { readValue } = this.#sql.statements;
    type Row = { value: string | null; isToken: unknown };
    const [row] = await this.#sql.rows<Row>(readValue({ name }));
    if (!row || row.value === null) return undefined;
    // Variables are plain text, for other programs.
    const isToken = Number(row.isToken) === 1;
    return isToken ? this.#sealing.open(name, row.value) : row.value;
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
