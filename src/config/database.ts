import { closeSync, existsSync, mkdirSync, openSync } from 'node:fs';
import { dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { DataSource, type DataSourceOptions } from 'typeorm';
import {
  findSchemaGap,
  isConfigurationError,
  runMigrationsExclusively,
  wechatTokenEntities,
  wechatTokenMigrations,
} from '../wechat-token/index.js';
import { messages } from './config.messages.js';
import { certificateProblem, lacksTls, sslOption } from './database-tls.js';
import { type Database, describeDatabase, isLocal } from './database-url.js';
import { DatabaseAwayError, StartError } from './start-error.js';

const CONNECT_TIMEOUT_MS = 5000;
const CLOSE_TIMEOUT_MS = 2000;
/** SQLite waits for another process's lock in the event loop: the module itself waits longer, without blocking it. */
const BUSY_TIMEOUT_MS = 50;

/** R12: without a time limit destroy() would wait for a server that does not respond, and keep the process alive. */
class ClosingDataSource extends DataSource {
  override async destroy(): Promise<void> {
    const timeout = sleep(CLOSE_TIMEOUT_MS, undefined, { ref: false });
    await Promise.race([this.close(), timeout]);
  }

  private async close(): Promise<void> {
    // libsql leaves the journal beside the file: a copy of the file alone would lack what is in it.
    if (this.options.type === 'better-sqlite3' && this.isInitialized)
      await this.query('PRAGMA wal_checkpoint(TRUNCATE)').catch(() => {});
    await super.destroy();
  }
}

/** TypeORM's options for the app's tables, plain where TLS is only preferred; the query log stays off, since it would contain the values (R15). */
export function dataSourceOptions(database: Database): DataSourceOptions {
  const common = {
    entities: [...wechatTokenEntities],
    migrations: [...wechatTokenMigrations],
    logging: false,
  };
  switch (database.type) {
    case 'better-sqlite3':
      return {
        ...common,
        type: database.type,
        database: database.path,
        enableWAL: true,
        // Here and not above: an app on another database does without it.
        driver: require('libsql') as typeof import('libsql'),
      };
    case 'postgres': {
      const { type, server } = database;
      const ssl = sslOption(database.tls);
      const connectTimeoutMS = CONNECT_TIMEOUT_MS;
      return { ...common, ...server, type, ssl, connectTimeoutMS };
    }
    default:
      return {
        ...common,
        ...database.server,
        type: database.type,
        ssl: sslOption(database.tls),
        timezone: 'Z',
        connectTimeout: CONNECT_TIMEOUT_MS,
      };
  }
}

/** The network's, Node's and mysql2's codes, and those of a server that starts, stops or has no connection left. */
const AWAY = [
  /^(ECONNREFUSED|ECONNRESET|ECONNABORTED|EPIPE|ETIMEDOUT|ENOTFOUND|EAI_AGAIN|E(HOST|NET)(UNREACH|DOWN))$/,
  /^(PROTOCOL_CONNECTION_LOST|ER_CON_COUNT_ERROR|ER_SERVER_SHUTDOWN|ER_SERVER_OFFLINE_MODE)$/,
  /^(57P0\d|53300|08[0-9A-Z]{3})$/,
];
/** pg has no code for a server that does not answer, or no longer. */
const AWAY_IN_PG = /time-?out|^Connection terminated/i;

/** The DataSource of the app, not connected. */
export function createDataSource(database: Database): DataSource {
  return new ClosingDataSource(dataSourceOptions(database));
}

/**
 * Connects to the database, runs the migrations if `migrate` is true, and checks that it has the tables with all columns.
 * @throws StartError that names the setting and what to do; DatabaseAwayError when nobody has to do anything but wait.
 */
export async function openDatabase(
  database: Database,
  migrate: boolean,
): Promise<DataSource> {
  const where = describeDatabase(database);
  const dataSource = await openConnection(database);
  try {
    if (migrate) await runMigrationsExclusively(dataSource);
    const gap = await findSchemaGap(dataSource);
    if (gap) {
      const { missing, migrations } = gap;
      throw new StartError(messages.schemaLacks(where, missing, migrations));
    }
    // Not before: many processes may connect and migrate at the same time.
    if (database.type === 'better-sqlite3')
      await dataSource.query(`PRAGMA busy_timeout = ${BUSY_TIMEOUT_MS}`);
    return dataSource;
  } catch (error) {
    await dataSource.destroy();
    if (error instanceof StartError) throw error;
    if (isConfigurationError(error))
      throw new StartError(messages.databaseRefused(where, error.faults));
    const problem = messages.migrationFailed(where, codeOf(error));
    throw isAway(error)
      ? new DatabaseAwayError(problem)
      : new StartError(problem);
  }
}

/**
 * Connects to a database that must contain the tables; without them nothing is changed.
 * @throws StartError that names the setting and what to do.
 */
export async function openTables(database: Database): Promise<DataSource> {
  const where = describeDatabase(database);
  // SQLite would create an empty file.
  if (database.type === 'better-sqlite3' && !existsSync(database.path))
    throw new StartError(messages.tablesNotFound(where));
  const dataSource = await openConnection(database);
  if (!(await findSchemaGap(dataSource))) return dataSource;
  await dataSource.destroy();
  throw new StartError(messages.tablesNotFound(where));
}

/**
 * Whoever reads the file has the tokens: a folder and a file that are made here are this user's alone, and SQLite makes its
 * journals as the file is. What is there already stays as it is.
 */
function makePrivate(file: string): void {
  mkdirSync(dirname(file), { recursive: true, mode: 0o700 });
  if (!existsSync(file)) closeSync(openSync(file, 'a', 0o600));
}

/**
 * Connects, without a look at the tables. Neither driver has a `prefer`: the `ssl` of its options is what was found.
 * @throws StartError, DatabaseAwayError as {@link openDatabase}
 */
export async function openConnection(database: Database): Promise<DataSource> {
  const isPreferred =
    database.type !== 'better-sqlite3' && database.tls.mode === 'prefer';
  try {
    return await connect(
      isPreferred ? { ...database, tls: { mode: 'require' } } : database,
    );
  } catch (error) {
    if (isPreferred && lacksTls(error))
      return openConnection({ ...database, tls: { mode: 'off' } });
    throw startError(database, error);
  }
}

function connect(database: Database): Promise<DataSource> {
  const dataSource = createDataSource(database);
  if (database.type === 'better-sqlite3' && database.path !== ':memory:')
    makePrivate(database.path);
  return dataSource.initialize();
}

/**
 * Connects a DataSource of {@link createDataSource} to the same database as the other one, with TLS if that has it.
 * @throws as {@link openConnection}
 */
export async function connectLike(
  opened: DataSource,
  dataSource: DataSource,
  database: Database,
): Promise<void> {
  const ssl = 'ssl' in opened.options ? opened.options.ssl : undefined;
  // The driver has made itself a copy of the options.
  for (const options of [dataSource.options, dataSource.driver.options])
    Object.assign(options, { ssl });
  try {
    await dataSource.initialize();
  } catch (error) {
    throw startError(database, error);
  }
}

/** What is to be said at the start when nothing was set of TLS and others may be on the line; undefined for nothing. */
export function tlsWarning(
  database: Database,
  dataSource: DataSource,
): string | undefined {
  if (database.type === 'better-sqlite3' || database.tls.mode !== 'prefer')
    return undefined;
  const { host } = database.server;
  if (isLocal(host)) return undefined;
  const found = 'ssl' in dataSource.options && dataSource.options.ssl;
  return messages.tlsNotSet(
    host,
    found ? 'encrypted, but its certificate is not checked' : 'not encrypted',
  );
}

function startError(database: Database, error: unknown): StartError {
  const where = describeDatabase(database);
  if (lacksTls(error)) return new StartError(messages.databaseLacksTls(where));
  const problem = certificateProblem(error);
  if (problem)
    return new StartError(messages.databaseDistrusted(where, problem));
  const plain =
    database.type !== 'better-sqlite3' && database.tls.mode === 'off';
  const line = plain ? 'plain' : 'any';
  const message = messages.databaseUnreachable(where, codeOf(error), line);
  return isAway(error)
    ? new DatabaseAwayError(message)
    : new StartError(message);
}

function isAway(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  if (!('code' in error)) return AWAY_IN_PG.test(error.message);
  return AWAY.some((codes) => codes.test(String(error.code)));
}

/** The driver's error code; its message may contain the URL with the password. */
export function codeOf(error: unknown): string {
  if (!(error instanceof Error)) return 'unknown';
  if (!('code' in error)) return error.name;
  // libsql's code for a file that it cannot open is an empty string.
  return String(error.code) || 'SQLITE_CANTOPEN';
}
