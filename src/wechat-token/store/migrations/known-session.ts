import type { QueryRunner } from 'typeorm';
import { NO_LIMIT } from '../connections/mysql-connections.js';
import {
  type RefusalOf,
  refusalOfMysql,
  refusalOfPostgres,
  requireServer,
  VERSION,
} from '../connections/server-version.js';
import { familyOn } from './kind-of-database.js';

/** Settings of a session by their names, as a server says and takes them. */
type Settings = Readonly<Record<string, string>>;

/** A family of servers. */
interface Family {
  readonly refusalOf: RefusalOf;
  /** What the statements rely on; a server knows some of them only. */
  readonly needed: Settings;
  readonly read: (runner: QueryRunner) => Promise<Settings>;
  readonly write: (settings: Settings) => string;
}

const COMMON: Settings = {
  autocommit: '1',
  completion_type: 'NO_CHAIN',
  sql_mode: 'STRICT_ALL_TABLES',
  sql_safe_updates: '0',
  sql_select_limit: NO_LIMIT,
  sql_big_selects: '1',
};
const OF_MARIADB: Settings = {
  max_statement_time: '0',
  tx_isolation: 'REPEATABLE-READ',
  tx_read_only: '0',
};
const OF_MYSQL: Settings = {
  max_execution_time: '0',
  transaction_isolation: 'REPEATABLE-READ',
  transaction_read_only: '0',
};

const mysqlFamily: Family = {
  refusalOf: refusalOfMysql,
  needed: { ...COMMON, ...OF_MARIADB, ...OF_MYSQL },
  read: async (runner) => {
    const columns = (settings: Settings) =>
      Object.keys(settings).map((name) => `CAST(@@${name} AS CHAR) AS ${name}`);
    const [row] = await runner.query(
      `SELECT ${columns(COMMON).join()} /*M!100600 ,${columns(OF_MARIADB).join()} */ /*!50700 ,${columns(OF_MYSQL).join()} */ LIMIT 1`,
    );
    return row;
  },
  write: (settings) => {
    const values = Object.entries(settings).map(([name, value]) =>
      // A number in quotes is refused.
      /^[\d.]+$/.test(value) ? `${name} = ${value}` : `${name} = '${value}'`,
    );
    return `SET ${values.join(', ')}`;
  },
};

const postgresFamily: Family = {
  refusalOf: refusalOfPostgres,
  needed: {
    default_table_access_method: 'heap',
    default_transaction_isolation: 'read committed',
    idle_in_transaction_session_timeout: '0',
    idle_session_timeout: '0',
    statement_timeout: '0',
    transaction_timeout: '0',
  },
  read: async (runner) => {
    const names = Object.keys(postgresFamily.needed);
    const rows: { name: string; setting: string }[] = await runner.query(
      `SELECT name, setting FROM pg_settings WHERE name IN ('${names.join("', '")}')`,
    );
    return Object.fromEntries(rows.map(({ name, setting }) => [name, setting]));
  },
  write: (settings) => {
    const values = Object.entries(settings).map(
      ([name, value]) => `set_config('${name}', '${value}', false)`,
    );
    return `SELECT ${values.join(', ')}`;
  },
};

/**
 * Runs that work on a connection of the app with the settings that its statements rely on, whatever the server's own are, and gives
 * the connection back as it was.
 * @throws ConfigurationError for a server on which the statements do not run.
 */
export async function inKnownSession(
  runner: QueryRunner,
  work: () => Promise<void>,
): Promise<void> {
  const kind = familyOn(runner);
  if (kind === 'sqlite') return work();
  const family = kind === 'postgres' ? postgresFamily : mysqlFamily;
  requireServer(family.refusalOf, await runner.query(VERSION.sql));
  const before = await family.read(runner);
  const needed = Object.entries(family.needed);
  const known = needed.filter(([name]) => name in before);
  await runner.query(family.write(Object.fromEntries(known)));
  try {
    await work();
  } finally {
    // PostgreSQL refuses it in a transaction that has failed, and undoes the settings with that transaction.
    await runner.query(family.write(before)).catch(() => undefined);
  }
}
