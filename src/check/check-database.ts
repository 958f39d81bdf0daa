import { accessSync, constants, existsSync } from 'node:fs';
import { dirname } from 'node:path';
import type { DataSource } from 'typeorm';
import { messages as app } from '../config/config.messages.js';
import { codeOf, openConnection, tlsWarning } from '../config/database.js';
import { type Database, describeDatabase } from '../config/database-url.js';
import type { AppSettings } from '../config/settings.js';
import { StartError } from '../config/start-error.js';
import {
  findSchemaGap,
  isConfigurationError,
  requireTables,
} from '../wechat-token/index.js';
import type { CheckLine } from './check-line.js';
import { messages } from './check.messages.js';

const MAX_CLOCK_OFFSET_MS = 5000;

/** The version, and milliseconds since 1970. */
const ABOUT_SERVER = {
  mysql: 'SELECT VERSION() AS version, UNIX_TIMESTAMP(NOW(3)) * 1000 AS now',
  postgres:
    'SELECT version() AS version, extract(epoch FROM clock_timestamp()) * 1000 AS now',
  'better-sqlite3': "SELECT 'SQLite ' || sqlite_version() AS version",
};

/** Looks at the database as it is; no migration runs, and what is written to try the rights is taken back. */
export async function checkDatabase(
  settings: AppSettings,
): Promise<CheckLine[]> {
  const { database } = settings;
  if (database.type === 'better-sqlite3' && !existsSync(database.path))
    return [checkFolder(database.path, describeDatabase(database))];
  try {
    const dataSource = await openConnection(database);
    try {
      return [
        ...(await checkServer(database, dataSource)),
        await checkTables(settings, dataSource),
      ];
    } finally {
      await dataSource.destroy();
    }
  } catch (error) {
    const detail =
      error instanceof StartError
        ? error.message
        : messages.failed(codeOf(error));
    return [{ subject: 'database', finding: 'fault', detail }];
  }
}

/** A file that the app would make. */
function checkFolder(path: string, where: string): CheckLine {
  const subject = 'database';
  let folder = dirname(path);
  while (!existsSync(folder)) folder = dirname(folder);
  try {
    // The dot makes a file an error.
    accessSync(`${folder}/.`, constants.W_OK);
    return { subject, finding: 'ok', detail: messages.fileToBeMade(where) };
  } catch (error) {
    const detail = messages.folderClosed(where, codeOf(error));
    return { subject, finding: 'fault', detail };
  }
}

async function checkServer(
  database: Database,
  dataSource: DataSource,
): Promise<CheckLine[]> {
  const isServer = database.type !== 'better-sqlite3';
  const kind = database.type === 'mariadb' ? 'mysql' : database.type;
  const before = Date.now();
  const [{ version, now }] = await dataSource.query(ABOUT_SERVER[kind]);
  const offset = Number(now) - (before + Date.now()) / 2;
  const opened: CheckLine = {
    subject: 'database',
    finding: 'ok',
    detail: messages.databaseOpened(
      describeDatabase(database),
      productOf(String(version)),
    ),
  };
  if (!isServer) return [opened];
  const warning = tlsWarning(database, dataSource);
  const isEncrypted = 'ssl' in dataSource.options && dataSource.options.ssl;
  const isApart = Math.abs(offset) > MAX_CLOCK_OFFSET_MS;
  return [
    opened,
    {
      subject: 'database TLS',
      finding: warning === undefined ? 'ok' : 'warning',
      detail:
        warning ?? (isEncrypted ? messages.tlsUsed() : messages.tlsNotUsed()),
    },
    {
      subject: 'database clock',
      finding: isApart ? 'warning' : 'ok',
      detail: isApart ? messages.clockApart(offset) : messages.clock(offset),
    },
  ];
}

/** By what it says of itself: MySQL and MariaDB give a number, PostgreSQL its build as well. */
function productOf(version: string): string {
  if (!/^\d/.test(version)) return version.replace(/ on .*/s, '');
  return `${/mariadb/i.test(version) ? 'MariaDB' : 'MySQL'} ${version}`;
}

/** What the app would find at its start. */
async function checkTables(
  { database, migrate, wechatToken: { role = 'refresher' } }: AppSettings,
  dataSource: DataSource,
): Promise<CheckLine> {
  const subject = 'database tables';
  const where = describeDatabase(database);
  const gap = await findSchemaGap(dataSource);
  try {
    if (gap) {
      const { missing, migrations } = gap;
      return migrate
        ? {
            subject,
            finding: 'ok',
            detail: messages.tablesPending(missing, migrations),
          }
        : {
            subject,
            finding: 'fault',
            detail: app.schemaLacks(where, missing, migrations),
          };
    }
    await requireTables(dataSource, role);
    const detail = messages.tablesFit(role !== 'reader');
    return { subject, finding: 'ok', detail };
  } catch (error) {
    if (!isConfigurationError(error)) throw error;
    const detail = app.databaseRefused(where, error.faults);
    return { subject, finding: 'fault', detail };
  }
}
