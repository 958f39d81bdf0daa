import { setTimeout as sleep } from 'node:timers/promises';
import { Logger } from '@nestjs/common';
import type { DataSource } from 'typeorm';
import { LogLine, requireTables } from '../wechat-token/index.js';
import { messages } from './config.messages.js';
import {
  connectLike,
  createDataSource,
  openDatabase,
  tlsWarning,
} from './database.js';
import type { AppSettings } from './settings.js';
import { DatabaseAwayError } from './start-error.js';

const FIRST_WAIT_MS = 1000;
const LONGEST_WAIT_MS = 30_000;

/** The app's database at its start. */
export interface StartDatabase {
  /** Not connected while the database is away. */
  readonly dataSource: DataSource;
  /** Why it is not connected. */
  readonly away?: DatabaseAwayError;
}

/** Opens the database, or finds that it is away. @throws StartError for what a retry does not fix. */
export async function openAtStart({
  database,
  migrate,
}: AppSettings): Promise<StartDatabase> {
  try {
    return { dataSource: await openDatabase(database, migrate) };
  } catch (error) {
    if (!(error instanceof DatabaseAwayError)) throw error;
    return { dataSource: createDataSource(database), away: error };
  }
}

/**
 * Tries to open a database that is away, after 1 s and then less and less often, every 30 s at the latest, and connects the DataSource
 * once the migrations have run.
 * @param ended Ends it; then the DataSource may be left unconnected.
 * @throws StartError, ConfigurationError for what a retry does not fix.
 */
export async function openWhenBack(
  { dataSource, away }: StartDatabase,
  settings: AppSettings,
  ended: AbortSignal,
): Promise<void> {
  const logger = new Logger('Database');
  let problem = away;
  for (let waitMs = FIRST_WAIT_MS; problem; waitMs *= 2) {
    const wait = Math.min(waitMs, LONGEST_WAIT_MS);
    const detail = `${problem.message} ${messages.databaseAwaited(wait / 1000)}`;
    logger.error(new LogLine('database not open yet', { detail }));
    await sleep(wait, undefined, { signal: ended, ref: false }).catch(() => {});
    if (ended.aborted) return;
    problem = await connect(dataSource, settings);
  }
  const warning = tlsWarning(settings.database, dataSource);
  if (warning)
    logger.warn(
      new LogLine('database connection at risk', { detail: warning }),
    );
  logger.log(new LogLine('database open', {}));
}

/**
 * By a DataSource of its own up to the last step: the engine must not see tables before their migrations.
 * @returns why the database is still away.
 */
async function connect(
  dataSource: DataSource,
  { database, migrate, wechatToken }: AppSettings,
): Promise<DatabaseAwayError | undefined> {
  try {
    const opened = await openDatabase(database, migrate);
    try {
      await requireTables(opened, wechatToken.role ?? 'refresher');
      await connectLike(opened, dataSource, database);
    } finally {
      await opened.destroy();
    }
    return undefined;
  } catch (error) {
    if (error instanceof DatabaseAwayError) return error;
    throw error;
  }
}
