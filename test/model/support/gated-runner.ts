import {
  type Dialect,
  dialectOf,
} from '../../../src/wechat-token/store/dialect.js';
import {
  SqlRunner,
  type SqlValue,
} from '../../../src/wechat-token/store/sql-runner.js';
import {
  type Statements,
  statementsFor,
} from '../../../src/wechat-token/store/statements.js';
import { StoreError } from '../../../src/wechat-token/common/errors.js';
import type { Gates } from './gates.js';
import type { ModelDatabase } from './model-database.js';
import { StandingClock } from './model-time.js';

export type StatementName = keyof Statements;

/** A fault that is built into the store to see whether the model finds it. */
export type Sabotage = (name: StatementName, sql: string) => string;

/** Those that the protocol consists of. What is written to the history changes no renewal, and is not worth an interleaving. */
const GATED = new Set<StatementName>([
  'read',
  'insertMissing',
  'claim',
  'storeRenewed',
  'storeFailure',
  'release',
]);

export const sqliteDialect = dialectOf('better-sqlite3') as Dialect;

const names = new Map(
  Object.entries(statementsFor(sqliteDialect)).map(
    ([name, sql]) => [String(sql), name as StatementName] as const,
  ),
);

export interface StatementWatcher {
  executed(replica: string, name: StatementName, changes: number): void;
}

/**
 * One replica's way to the database: a gate before each statement, and one behind the claim, since the claim's answer may come
 * when the lease has lapsed. Runs the store's statements as they are; the real session's deadlines have no part in the protocol.
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

  override async rows<Row>(
    sql: string,
    values: readonly SqlValue[],
  ): Promise<Row[]> {
    return this.gated(sql, values, (result) => result as Row[]);
  }

  override async change(
    sql: string,
    values: readonly SqlValue[],
  ): Promise<number> {
    return this.gated(
      sql,
      values,
      (result) => (result as { changes: number }).changes,
    );
  }

  private async gated<Result>(
    sql: string,
    values: readonly SqlValue[],
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
