import type { Dialect } from '../../../src/wechat-token/store/dialects/dialect.js';
import { dialectOf } from '../../../src/wechat-token/store/dialects/dialects.js';
import { SqlRunner } from '../../../src/wechat-token/store/sql-runner.js';
import type { SqlStatement } from '../../../src/wechat-token/store/connections/sql-statement.js';
import { statementsFor } from '../../../src/wechat-token/store/statements/statements.js';
import {
  type StatementName,
  statementNames,
} from '../../support/statement-names.js';
import { StoreError } from '../../../src/wechat-token/common/errors.js';
import type { Gates } from './gates.js';
import type { ModelDatabase } from './model-database.js';
import { StandingClock } from './model-time.js';

export type { StatementName };

/** A fault that is built into the store to see whether the model finds it. */
export type Sabotage = (name: StatementName, sql: string) => string;

/** The statements of the protocol. Writes to the history change no renewal, and are not worth an interleaving. */
const GATED = new Set<StatementName>([
  'read',
  'insertMissing',
  'claim',
  'storeRenewed',
  'storeFailure',
  'release',
]);

export const sqliteDialect = dialectOf('better-sqlite3') as Dialect;

const names = statementNames(statementsFor(sqliteDialect));

export interface StatementWatcher {
  executed(replica: string, name: StatementName, changes: number): void;
}

/**
 * One replica's connection to the database: a gate before each statement, and one after the claim, since the claim's answer may
 * arrive when the lease has expired. Runs the store's statements as they are, without the real runner's deadlines.
 */
export class GatedRunner extends SqlRunner {
  constructor(
    private readonly database: ModelDatabase,
    private readonly gates: Gates,
    private readonly replica: string,
    private readonly watcher: StatementWatcher,
    private readonly sabotage: Sabotage = (_, sql) => sql,
  ) {
    super(database.forDialect, new StandingClock());
  }

  override async rows<Row>(statement: SqlStatement): Promise<Row[]> {
    return this.gated(statement, (result) => result as Row[]);
  }

  override async change(statement: SqlStatement): Promise<number> {
    return this.gated(
      statement,
      (result) => (result as { changes: number }).changes,
    );
  }

  private async gated<Result>(
    { sql, values }: SqlStatement,
    toResult: (result: unknown) => Result,
  ): Promise<Result> {
    const name = names.get(sql);
    if (!name) throw new Error(`a statement without a name: ${sql}`);
    const { gates, replica } = this;
    const passage = GATED.has(name) ? await gates.pass(replica, name) : 'done';
    if (passage === 'lost') throw noAnswer();
    const executed = this.database.execute(this.sabotage(name, sql), values);
    const result = toResult(executed);
    this.watcher.executed(replica, name, Number(result));
    if (passage === 'answer lost') throw noAnswer();
    gates.saw(replica, inShort(result, replica));
    if (name === 'claim') await gates.pass(replica, 'claim answered');
    return result;
  }
}

function noAnswer(): StoreError {
  return new StoreError('the database does not answer', 'TIMEOUT');
}

const MS_A_STEP = 10_000;

/**
 * What was read, without the milliseconds that the machine took: time of the model passes in steps of ten seconds. (The
 * database's clock is a real one.)
 */
export function inShort(result: unknown, replica?: string): string {
  return JSON.stringify(result, (key, value: unknown) => {
    if (key === 'databaseNow' || key === 'readAt') return undefined;
    if (key === 'leaseOwner') return value === replica;
    if (key === 'lastError') return value ? 'an error' : null;
    return key.endsWith('InMs') && value !== null
      ? Math.round(Number(value) / MS_A_STEP)
      : value;
  });
}
