import { openDatabase } from '../../../src/config/database.js';
import { connect, isPostgresUrl, queryOnce } from '../../support/connect.js';
import type { DatabaseServer } from '../../support/database-server.js';
import { startOwnServer } from '../../support/find-database-servers.js';
import type { DatabaseKind } from '../../support/fresh-database.js';
import { parsed } from '../../support/open-store.js';
import type { ChaosDatabase } from './chaos-database.js';
import { TcpProxy } from './tcp-proxy.js';

const DATABASE = 'tokens';
/** Unlike the superuser, it cannot write to a server of the MySQL family that is read-only. */
const USER = 'app';

/** Two servers, and one address that leads new connections to the writer of the two. Both have the tables. */
export class FailoverPair implements AsyncDisposable {
  private constructor(
    private writer: DatabaseServer,
    private other: DatabaseServer,
    private readonly line: TcpProxy,
  ) {}

  static async start(): Promise<FailoverPair> {
    const started = await Promise.allSettled([
      startOwnServer(),
      startOwnServer(),
      TcpProxy.start(),
    ]);
    const [writer, other, line] = started;
    if (
      writer.status === 'rejected' ||
      other.status === 'rejected' ||
      line.status === 'rejected'
    )
      throw new AggregateError(started, 'two servers and a line to them');
    const pair = new FailoverPair(writer.value, other.value, line.value);
    try {
      await Promise.all([writer.value, other.value].map(createTables));
      pair.line.leadTo(writer.value.url);
      return pair;
    } catch (error) {
      await pair[Symbol.asyncDispose]();
      throw error;
    }
  }

  get kind(): DatabaseKind {
    return this.writer.kind;
  }

  /** By way of the address, whoever is the writer. */
  get database(): ChaosDatabase {
    const { kind, version } = this.writer;
    return {
      url: this.line.through(urlOf(this.writer)),
      title: `two ${kind} ${version.replace(/-.*/, '')}`,
    };
  }

  /** The writer is read-only from now on, and goes on answering all its connections; the other one has its rows and is the writer. */
  async failOver(): Promise<void> {
    const [old, next] = [this.writer, this.other];
    await setReadOnly(old, 'on');
    await setReadOnly(next, 'off');
    await copyRows(urlOf(old), urlOf(next));
    this.line.leadTo(next.url);
    [this.writer, this.other] = [next, old];
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.line[Symbol.asyncDispose]();
    await Promise.all([this.writer.stop(), this.other.stop()]);
  }
}

function urlOf({ url }: DatabaseServer): string {
  const changed = new URL(url);
  changed.pathname = `/${DATABASE}`;
  if (!isPostgresUrl(url)) changed.username = USER;
  return changed.href;
}

async function createTables(server: DatabaseServer): Promise<void> {
  await server.createDatabase(DATABASE);
  if (!isPostgresUrl(server.url)) {
    await using root = await connect(server.url);
    await root.query(`CREATE USER ${USER}@'127.0.0.1' IDENTIFIED BY ''`);
    await root.query(`GRANT ALL ON ${DATABASE}.* TO ${USER}@'127.0.0.1'`);
  }
  const dataSource = await openDatabase(parsed(urlOf(server)), true);
  await dataSource.destroy();
}

/** Of every session, also of those that are open. */
async function setReadOnly(
  { url }: DatabaseServer,
  value: 'on' | 'off',
): Promise<void> {
  if (!isPostgresUrl(url)) {
    await queryOnce(url, `SET GLOBAL read_only = ${value}`);
    return;
  }
  const setting = 'default_transaction_read_only';
  await queryOnce(url, `ALTER SYSTEM SET ${setting} = ${value}`);
  await queryOnce(url, 'SELECT pg_reload_conf()');
  await vi.waitFor(async () => {
    const [row] = await queryOnce(url, `SHOW ${setting}`);
    expect(row?.[setting]).toBe(value);
  });
}

/** As replication has done it by then. */
async function copyRows(from: string, to: string): Promise<void> {
  const rows = await queryOnce(from, 'SELECT * FROM system_var');
  await using connection = await connect(to);
  await connection.query('DELETE FROM system_var');
  for (const row of rows) {
    const columns = Object.keys(row);
    const values = columns.map(() => '?').join(', ');
    await connection.query(
      `INSERT INTO system_var (${columns.join(', ')}) VALUES (${values})`,
      Object.values(row),
    );
  }
}
