import type { Clock } from '../../common/clock.js';
import type { Observers } from '../../common/observers.js';
import type { Executor, Next } from './executor.js';
import type { SqlStatement } from './sql-statement.js';

/** Reports each statement that has a name, and the time that it took; a transaction by the name of what it changes. */
export class ObservedExecutor implements Executor {
  constructor(
    private readonly executor: Executor,
    private readonly clock: Clock,
    private readonly observers: Observers,
  ) {}

  async execute(statement: SqlStatement, next?: Next): Promise<unknown> {
    if (statement.name === undefined)
      return this.executor.execute(statement, next);
    let name = statement.name;
    const changing = (rows: unknown) => {
      const change = next?.(rows);
      name = change?.name ?? name;
      return change;
    };
    const startedAt = this.clock.now();
    let outcome: 'ok' | 'failed' = 'failed';
    try {
      const result = await this.executor.execute(statement, next && changing);
      outcome = 'ok';
      return result;
    } finally {
      const ms = this.clock.now() - startedAt;
      this.observers.report('statement', { name, outcome, ms });
    }
  }

  reconnect(): void {
    this.executor.reconnect();
  }

  close(): Promise<void> {
    return this.executor.close();
  }
}
