import type { Clock } from '../../common/clock.js';
import { withDeadline } from '../../common/deadline.js';
import { STATEMENT_TIMEOUT_MS } from '../../common/timing.js';
import {
  driverCode,
  driverError,
  type Executor,
  type Next,
} from './executor.js';
import { type RefusalOf, requireServer, VERSION } from './server-version.js';
import type { SqlStatement } from './sql-statement.js';

/** A pool of one driver's connections. */
export interface DriverPool<Connection> {
  /** Whether the statements run on the server; it is looked at once, before anything else. */
  readonly refusalOf: RefusalOf;
  /** The session that the statements rely on, whatever a server's own settings are; run once on each connection. */
  readonly session: readonly SqlStatement[];
  acquire(): Promise<Connection>;
  /** The rows, or how many were changed. Drops the connection when no answer comes in time: it may still arrive. */
  run(connection: Connection, statement: SqlStatement): Promise<unknown>;
  /** Nothing when the connection was dropped. */
  release(connection: Connection): void;
  /** Ends a connection without waiting for the server. */
  drop(connection: Connection): void;
  end(): Promise<void>;
  /** Closes the sockets that are open all the same. */
  destroy(): void;
}

export const MAX_CONNECTIONS = 4;
const MAX_ATTEMPTS = 5;
const CLOSE_TIMEOUT_MS = 1000;

/** After a failover the old writer answers so, and the address leads to the new one. */
const CANNOT_WRITE = [
  // It is read-only, or its InnoDB or the schema is.
  /^(ER_OPTION_PREVENTS_STATEMENT|ER_CANT_EXECUTE_IN_READ_ONLY_TRANSACTION|ER_READ_ONLY_MODE|25006)$/,
  /^(ER_INNODB_READ_ONLY|ER_OPEN_AS_READONLY|ER_SCHEMA_READ_ONLY)$/,
  // It stops, or the line to it has ended.
  /^(ER_SERVER_SHUTDOWN|ER_SERVER_OFFLINE_MODE|57P0\d|08[0-9A-Z]{3})$/,
  // It is out of its cluster: Galera's, or that of group replication.
  /^(ER_UNKNOWN_COM_ERROR|ER_RUN_HOOK_ERROR|ER_GR_HOLD_MEMBER_STATUS_ERROR|ER_GRP_TRX_CONSISTENCY_\w+)$/,
];
/** The server has rolled the whole transaction back: a retry is safe. */
const ROLLED_BACK =
  /^(ER_LOCK_DEADLOCK|ER_TRANSACTION_ROLLBACK_DURING_COMMIT|40P01|40001)$/;

/** R14: a small pool of the engine's own, made from the app's DataSource at the first statement. */
export class OwnPool<Connection extends object> implements Executor {
  private pool: DriverPool<Connection> | undefined;
  private closed = false;
  private isServerKnown = false;
  /** Of each connection whose session is set. */
  private readonly generations = new WeakMap<Connection, number>();
  /** Older connections are dropped. */
  private generation = 0;

  constructor(
    private readonly create: () => DriverPool<Connection>,
    private readonly clock: Clock,
  ) {}

  async execute(statement: SqlStatement, next?: Next): Promise<unknown> {
    for (let attempt = 1; ; attempt++) {
      try {
        return await this.executeOnce(statement, next);
      } catch (error) {
        const code = driverCode(error);
        if (CANNOT_WRITE.some((one) => one.test(code))) this.reconnect();
        if (!ROLLED_BACK.test(code) || attempt === MAX_ATTEMPTS) throw error;
      }
    }
  }

  /** Drops all connections, each when it is asked for next. */
  reconnect(): void {
    this.generation++;
  }

  /** R12: bounded, since a server that does not answer closes no connection. */
  async close(): Promise<void> {
    if (this.closed) return;
    this.closed = true;
    const { pool } = this;
    if (!pool) return;
    await withDeadline(pool.end(), this.clock, {
      timeoutMs: CLOSE_TIMEOUT_MS,
      timedOut: () => driverError('TIMEOUT'),
    }).catch(() => undefined);
    pool.destroy();
  }

  private async executeOnce(
    statement: SqlStatement,
    next?: Next,
  ): Promise<unknown> {
    if (this.closed) throw driverError('POOL_CLOSED');
    const pool = (this.pool ??= this.create());
    const connecting = this.connect(pool);
    try {
      // An exhausted pool waits without a limit of its own.
      const connection = await withDeadline(connecting, this.clock, {
        timeoutMs: STATEMENT_TIMEOUT_MS,
        timedOut: () => driverError('TIMEOUT'),
      });
      return await (next
        ? inTransaction(pool, connection, statement, next)
        : pool.run(connection, statement));
    } finally {
      // Also a connection that arrives after the timeout.
      connecting.then(
        (connection) => pool.release(connection),
        () => undefined,
      );
    }
  }

  /** A connection whose session is set. */
  private async connect(pool: DriverPool<Connection>): Promise<Connection> {
    for (;;) {
      const { generation } = this;
      const connection = await pool.acquire();
      const known = this.generations.get(connection);
      if (known === generation) return connection;
      if (known === undefined) {
        try {
          await this.prepare(pool, connection);
        } catch (error) {
          pool.drop(connection);
          throw error;
        }
        this.generations.set(connection, generation);
        return connection;
      }
      pool.drop(connection);
    }
  }

  /** @throws ConfigurationError for a server on which the statements do not run. */
  private async prepare(
    pool: DriverPool<Connection>,
    connection: Connection,
  ): Promise<void> {
    if (!this.isServerKnown)
      requireServer(pool.refusalOf, await pool.run(connection, VERSION));
    this.isServerKnown = true;
    for (const statement of pool.session) await pool.run(connection, statement);
  }
}

async function inTransaction<Connection>(
  pool: DriverPool<Connection>,
  connection: Connection,
  statement: SqlStatement,
  next: Next,
): Promise<void> {
  const send = (sql: string) => pool.run(connection, { sql, values: [] });
  try {
    // The connection queues both and sends the second without waiting for the event loop of a busy process.
    const begin = send('START TRANSACTION');
    const [rows] = await Promise.all([pool.run(connection, statement), begin]);
    const change = next(rows);
    // If the change fails, the COMMIT queued behind it has nothing to commit.
    const changed = change && pool.run(connection, change);
    await Promise.all([changed, send('COMMIT')]);
  } catch (error) {
    // The connection must not return to the pool with an open transaction.
    await send('ROLLBACK').catch(() => pool.drop(connection));
    throw error;
  }
}
