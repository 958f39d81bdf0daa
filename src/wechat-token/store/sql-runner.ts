import type { DataSource } from 'typeorm';
import type { Clock } from '../common/clock.js';
import {
  ConfigurationError,
  isConfigurationError,
  OPEN_TRANSACTION,
  StoreError,
} from '../common/errors.js';
import { messages } from '../common/messages.js';
import { Observers } from '../common/observers.js';
import type { Dialect } from './dialects/dialect.js';
import { dialectOf } from './dialects/dialects.js';
import {
  driverCode,
  driverError,
  type Executor,
  isLocked,
  isRefusal,
  type Next,
} from './connections/executor.js';
import { ObservedExecutor } from './connections/observed-executor.js';
import { mysqlConnections } from './connections/mysql-connections.js';
import { OwnPool } from './connections/own-pool.js';
import { postgresConnections } from './connections/postgres-connections.js';
import { named, type SqlStatement } from './connections/sql-statement.js';
import { SqliteConnection } from './connections/sqlite-connection.js';
import { wechatTokenMigrations } from './migrations/index.js';
import { type Family, familyOf } from './migrations/kind-of-database.js';
import { refuseRivalEntities } from './migrations/rival-entities.js';
import { lookAtTables, type TableFacts } from './migrations/table-look.js';
import { type Statements, statementsFor } from './statements/statements.js';

/** Of a standby, or of a server that is to be left alone: not for us to change. */
const READ_ONLY =
  /^(ER_OPTION_PREVENTS_STATEMENT|ER_CANT_EXECUTE_IN_READ_ONLY_TRANSACTION|ER_READ_ONLY_MODE|25006)$/;

/**
 * Runs statements on the database of the app's DataSource: on a small pool of its own, or on SQLite on the app's connection. Not
 * through TypeORM's own query methods: those write the parameters, among them the token, to the app's query log and to the errors
 * they throw (R15).
 */
export class SqlRunner {
  /** Built once, in the database's dialect. */
  readonly statements: Statements;
  readonly family: Family;
  readonly dialect: Dialect;
  private readonly executor: Executor;

  /** @throws ConfigurationError for a database, or an option of the DataSource, that is not supported. */
  constructor(
    dataSource: DataSource,
    clock: Clock,
    observers = new Observers(),
  ) {
    const { type, entityPrefix } = dataSource.options;
    const dialect = dialectOf(type);
    if (!dialect) throw refused(messages.databaseUnsupported(type));
    if (entityPrefix) throw refused(messages.databasePrefixed());
    refuseRivalEntities(dataSource);
    this.statements = named(statementsFor(dialect));
    this.family = familyOf(type);
    this.dialect = dialect;
    const executor = executorOn(dataSource, clock);
    this.executor = new ObservedExecutor(executor, clock, observers);
  }

  async rows<Row>(statement: SqlStatement): Promise<Row[]> {
    return (await this.execute(statement)) as Row[];
  }

  /** Returns how many rows matched. */
  async change(statement: SqlStatement): Promise<number> {
    const result = (await this.execute(statement)) as {
      affectedRows?: number;
      changes?: number;
    };
    return result.affectedRows ?? result.changes ?? 0;
  }

  /** One short transaction: locks and reads rows, then runs the statement that `changing` returns for them. */
  async changeLocked<Row>(
    locking: SqlStatement,
    changing: (rows: readonly Row[]) => SqlStatement | undefined,
  ): Promise<void> {
    await this.execute(locking, (rows) => changing(rows as Row[]));
  }

  /**
   * The module's tables as they are defined, by one statement; undefined when the database does not respond.
   * @throws ConfigurationError for a server on which the statements do not run.
   */
  tables(): Promise<TableFacts[] | undefined> {
    const ask = (sql: string) => this.executor.execute({ sql, values: [] });
    return lookAtTables(ask, this.family).catch((error: unknown) => {
      if (isConfigurationError(error)) throw error;
      return undefined;
    });
  }

  /** Runs a statement and takes it back. Returns why the database refuses it; undefined also when it does not respond. */
  async refusal(statement: SqlStatement): Promise<string | undefined> {
    try {
      await this.executor.execute(statement, () => {
        throw new Error('taken back');
      });
    } catch (error) {
      if (isConfigurationError(error)) throw error;
      if (isRefusal(error)) return error.message;
    }
    return undefined;
  }

  /** Statements from now on go to whom the database's address names by then. */
  reconnect(): void {
    this.executor.reconnect();
  }

  /** Ends its connections, in a second at most; statements after that fail. The app's DataSource stays open. */
  close(): Promise<void> {
    return this.executor.close();
  }

  private async execute(
    statement: SqlStatement,
    next?: Next,
  ): Promise<unknown> {
    try {
      return await this.executor.execute(statement, next);
    } catch (error) {
      throw new StoreError(sentence(error), driverCode(error));
    }
  }
}

function executorOn(dataSource: DataSource, clock: Clock): Executor {
  /** Until the app has connected its DataSource, statements fail at once. */
  const whenOpen = <Pool>(create: (source: DataSource) => Pool) => {
    return () => {
      if (!dataSource.isInitialized) throw driverError('NOT_CONNECTED');
      return create(dataSource);
    };
  };
  switch (dataSource.options.type) {
    case 'better-sqlite3':
      return new SqliteConnection(dataSource, clock);
    case 'postgres':
      return new OwnPool(whenOpen(postgresConnections), clock);
    default:
      return new OwnPool(whenOpen(mysqlConnections), clock);
  }
}

function refused(problem: string): ConfigurationError {
  return new ConfigurationError([{ field: 'dataSource', problem }]);
}

function sentence(error: unknown): string {
  if (isConfigurationError(error)) return messages.serverRefused(error.faults);
  const code = driverCode(error);
  if (code === OPEN_TRANSACTION) return messages.transactionOpen();
  if (READ_ONLY.test(code)) return messages.databaseReadOnly(code);
  if (isLocked(error)) return messages.rowsLocked(code);
  if (!isTableMissing(error)) return messages.storeFailed(code);
  const migrations = wechatTokenMigrations.map(({ name }) => name).join(', ');
  return messages.tablesMissing(code, migrations);
}

/** SQLite has one code for every statement that it cannot prepare; only the message differs. */
function isTableMissing(error: unknown): boolean {
  const code = driverCode(error);
  const message = error instanceof Error ? error.message : '';
  return (
    /^(ER_NO_SUCH_TABLE|ER_BAD_FIELD_ERROR|42P01|42703)$/.test(code) ||
    (code === 'SQLITE_ERROR' && /^no such (table|column)/.test(message))
  );
}
