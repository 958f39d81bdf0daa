import { Socket } from 'node:net';
import type { DataSource } from 'typeorm';
import {
  SERVER_TIMEOUT_MS,
  STATEMENT_TIMEOUT_MS,
} from '../../common/timing.js';
import { driverError } from './executor.js';
import { type DriverPool, MAX_CONNECTIONS } from './own-pool.js';
import { refusalOfPostgres } from './server-version.js';
import { numbered, type SqlStatement, type SqlValue } from './sql-statement.js';

/** The parts of TypeORM's driver and of pg that are used here. */
interface PostgresDriver {
  readonly postgres: { Pool: new (options: object) => Pool };
  readonly options: Writer & {
    readonly replication?: { readonly master: Writer };
    readonly schema?: string;
    readonly connectTimeoutMS?: number;
    readonly extra?: { readonly stream?: () => Socket };
  };
  escape(name: string): string;
}
interface Writer {
  readonly url?: string;
  readonly host?: string;
  readonly port?: number;
  readonly username?: string;
  readonly password?: unknown;
  readonly database?: string;
  readonly ssl?: unknown;
  readonly applicationName?: string;
}
interface Pool {
  on(event: 'connect' | 'error', listener: (client: Client) => void): void;
  connect(): Promise<Client>;
  end(): Promise<void>;
}
interface Client {
  on(event: 'error', listener: () => void): void;
  query(
    options: { readonly text: string; readonly values: readonly SqlValue[] },
    done: (error: Error | null, result: Result) => void,
  ): void;
  /** At most once; `true` ends the connection. */
  release(end?: boolean): void;
  /** Not that of pg-native. */
  readonly connection?: { readonly stream: Socket };
}
interface Result {
  readonly fields: readonly unknown[];
  readonly rows: unknown[];
  readonly rowCount: number | null;
}

/** What an app may have set for its own pool and would change ours. */
const POOL_OPTIONS = {
  max: MAX_CONNECTIONS,
  min: 0,
  maxUses: undefined,
  allowExitOnIdle: false,
  // More than a poll takes to come again.
  idleTimeoutMillis: 60_000,
  keepAlive: true,
  binary: false,
  types: undefined,
  pipeline: false,
  query_timeout: STATEMENT_TIMEOUT_MS,
};

/**
 * No lock is waited for longer than a second, and the server ends what takes too long, since nobody waits for it any more. PostgreSQL
 * has no hints: what reads more of a table than the rows that are asked for is not among the plans that its planner compares.
 */
const SESSION = `SET lock_timeout = 1000; SET statement_timeout = ${SERVER_TIMEOUT_MS};
  SET idle_in_transaction_session_timeout = ${STATEMENT_TIMEOUT_MS};
  SET idle_session_timeout = 0; SET client_encoding = 'UTF8'; SET TimeZone = 'UTC';
  SET default_transaction_isolation = 'read committed';
  SET enable_seqscan = off; SET enable_bitmapscan = off; SET enable_hashjoin = off; SET enable_mergejoin = off; SET jit = off;
  SET enable_indexscan = on; SET enable_indexonlyscan = on; SET enable_nestloop = on;
  SELECT set_config(name, '0', false) FROM pg_settings WHERE name = 'transaction_timeout'`;

const TIMEOUT = /time-?out/i;

/** Connections of pg to the database of the app's DataSource. None is made yet. */
export function postgresConnections(
  dataSource: DataSource,
): DriverPool<Client> {
  const driver = dataSource.driver as unknown as PostgresDriver;
  const { options } = driver;
  const writer = options.replication?.master ?? options;
  const newSocket = options.extra?.stream ?? (() => new Socket());
  const open = new Set<Socket>();
  const dropped = new WeakSet<Client>();
  const pool = new driver.postgres.Pool({
    connectionString: writer.url,
    host: writer.host,
    port: writer.port,
    user: writer.username,
    password: writer.password,
    database: writer.database,
    ssl: writer.ssl,
    application_name: writer.applicationName ?? options.applicationName,
    ...options.extra,
    ...POOL_OPTIONS,
    connectionTimeoutMillis: options.connectTimeoutMS ?? STATEMENT_TIMEOUT_MS,
    stream: () => {
      const socket = newSocket();
      open.add(socket);
      socket.once('close', () => open.delete(socket));
      return socket;
    },
  });
  // A connection that is lost must not end the process, idle or not.
  pool.on('error', () => undefined);
  pool.on('connect', (client) => client.on('error', () => undefined));
  const path = options.schema
    ? `; SET search_path = ${driver.escape(options.schema)}`
    : '';
  const drop = (client: Client) => {
    if (dropped.has(client)) return;
    dropped.add(client);
    client.release(true);
    // pg alone would wait until the server has closed its side.
    client.connection?.stream.destroy();
  };
  return {
    refusalOf: refusalOfPostgres,
    session: [{ sql: SESSION + path, values: [] }],
    acquire: () => pool.connect().catch(rethrow),
    run: async (client, statement) => {
      const result = await run(client, statement).catch((error: Error) => {
        if (TIMEOUT.test(error.message)) drop(client);
        return rethrow(error);
      });
      return result.fields?.length > 0
        ? result.rows
        : { changes: result.rowCount ?? 0 };
    },
    release: (client) => {
      if (!dropped.has(client)) client.release();
    },
    drop,
    end: () => pool.end(),
    destroy: () => {
      for (const socket of open) socket.destroy();
    },
  };
}

/** Errors of pg itself have no code. */
function rethrow(error: Error): never {
  if ('code' in error) throw error;
  throw driverError(
    TIMEOUT.test(error.message) ? 'TIMEOUT' : 'CONNECTION_LOST',
  );
}

function run(client: Client, { sql, values }: SqlStatement): Promise<Result> {
  return new Promise((resolve, reject) => {
    client.query({ text: numbered(sql), values }, (error, result) =>
      error ? reject(error) : resolve(result),
    );
  });
}
