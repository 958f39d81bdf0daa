import mysql, { type RowDataPacket } from 'mysql2/promise';
import pg from 'pg';
import { numbered } from '../../src/wechat-token/store/connections/sql-statement.js';

/** A connection of the test's own to a server of either family, without any code under test. */
export interface TestConnection extends AsyncDisposable {
  /** The parameters are question marks. */
  query<Row = Record<string, unknown>>(
    sql: string,
    values?: readonly unknown[],
  ): Promise<Row[]>;
  end(): Promise<void>;
}

const TIMEOUT_MS = 10_000;

/** Connects to the database in the URL's path, or to the server as such. */
export function connect(
  url: string,
  timeoutMs = TIMEOUT_MS,
): Promise<TestConnection> {
  return isPostgresUrl(url)
    ? connectPostgres(url, timeoutMs)
    : connectMysql(url, timeoutMs);
}

export function isPostgresUrl(url: string): boolean {
  return /^postgres(ql)?:/.test(url);
}

/** One statement on a connection of its own. */
export async function queryOnce<Row = Record<string, unknown>>(
  url: string,
  sql: string,
  values: readonly unknown[] = [],
): Promise<Row[]> {
  await using connection = await connect(url);
  return await connection.query<Row>(sql, values);
}

async function connectMysql(
  uri: string,
  timeout: number,
): Promise<TestConnection> {
  const connection = await mysql.createConnection({
    uri,
    connectTimeout: timeout,
  });
  // A server that dies is reported by the query.
  connection.on('error', () => undefined);
  const end = () => connection.end().catch(() => connection.destroy());
  return {
    query: async <Row>(sql: string, values: readonly unknown[] = []) => {
      const options = { sql, values: [...values], timeout };
      return (await connection.query<RowDataPacket[]>(options))[0] as Row[];
    },
    end,
    [Symbol.asyncDispose]: end,
  };
}

async function connectPostgres(
  url: string,
  timeout: number,
): Promise<TestConnection> {
  const client = new pg.Client({
    connectionString: withDefaultDatabase(url),
    connectionTimeoutMillis: timeout,
    query_timeout: timeout,
  });
  client.on('error', () => undefined);
  await client.connect();
  const end = () => client.end().catch(() => undefined);
  return {
    query: async <Row>(sql: string, values: readonly unknown[] = []) =>
      (await client.query(numbered(sql), [...values])).rows as Row[],
    end,
    [Symbol.asyncDispose]: end,
  };
}

/** PostgreSQL connects to a database only. */
function withDefaultDatabase(url: string): string {
  const changed = new URL(url);
  if (changed.pathname.length <= 1) changed.pathname = '/postgres';
  return changed.href;
}
