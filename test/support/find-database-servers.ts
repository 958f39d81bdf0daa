import { execFile } from 'node:child_process';
import { join } from 'node:path';
import { promisify } from 'node:util';
import {
  startDatabaseServer,
  type DatabaseServer,
  type DatabaseServerOptions,
} from './database-server.js';
import { findProgram } from './find-program.js';
import {
  dropLeftovers,
  kindOf,
  newDatabasePrefix,
  readVersion,
  type DatabaseKind,
  type ServerAddress,
} from './fresh-database.js';
import { ensureServerBinary } from './tools.js';

export interface ServerBinary {
  readonly kind: DatabaseKind;
  readonly binary: string;
}

/** A running server, however we came by it. `stop` ends ours and leaves no database of ours on another's. */
export interface OpenServer extends ServerAddress {
  stop(): Promise<void>;
}

/** Not yet running, unless it is somebody else's. */
export interface FoundServer {
  /** For people: an executable's path, or an address without its password. */
  readonly from: string;
  open(): Promise<OpenServer>;
}

/** The servers to test on, at least one: those of TEST_DATABASE_URL (a comma-separated list), else a throw-away one of
 * each kind whose executable is found. */
export async function findDatabaseServers(): Promise<FoundServer[]> {
  const urls = list(process.env['TEST_DATABASE_URL']);
  if (urls.length > 0) return urls.map(runningServer);
  const binaries = await findServerBinaries();
  return binaries.map(({ kind, binary }) => ({
    from: binary,
    open: () => startDatabaseServer(kind, binary),
  }));
}

/** The executables to start throw-away servers with, at least one: those of TEST_MYSQLD and TEST_POSTGRES and no others,
 * else those of the MySQL family on the PATH, of each kind one, else what apt-get installs. */
export async function findServerBinaries(): Promise<ServerBinary[]> {
  const mysqld = process.env['TEST_MYSQLD'];
  const folder = process.env['TEST_POSTGRES'];
  const named = [
    ...(mysqld ? [await realMysql(mysqld)] : []),
    ...(folder ? [await realPostgres(folder)] : []),
  ];
  if (named.length > 0) return named;
  const found = await onPath();
  if (found.length > 0) return found;
  ensureServerBinary();
  return onPath();
}

/** For a test that kills, restarts or reconfigures its server: one of its own, whatever the others run on. */
export async function startOwnServer(
  options?: DatabaseServerOptions,
): Promise<DatabaseServer> {
  const [first] = await findServerBinaries();
  if (!first) throw new Error('no server, although one was found');
  return startDatabaseServer(first.kind, first.binary, options);
}

function runningServer(url: string): FoundServer {
  const SERVER = /^(mysql|mariadb|postgres|postgresql):$/;
  if (!URL.canParse(url) || !SERVER.test(new URL(url).protocol))
    throw new Error(
      'TEST_DATABASE_URL must be a list of mysql://, mariadb:// or postgres:// addresses, separated by commas, such as mysql://root@127.0.0.1:3306 (a comma in a password is written %2C).',
    );
  return {
    from: 'TEST_DATABASE_URL',
    open: async () => {
      const server = {
        ...(await readVersion(url)),
        url,
        databasePrefix: newDatabasePrefix(),
      };
      return { ...server, stop: () => dropLeftovers(server) };
    },
  };
}

async function realMysql(binary: string): Promise<ServerBinary> {
  const version = await versionOf(binary);
  if (version === undefined)
    throw new Error(
      `TEST_MYSQLD is ${binary}, which does not answer --version: it must be a mysqld, or a script that runs one.`,
    );
  if (kindOf(version) !== 'mysql')
    throw new Error(
      `TEST_MYSQLD is ${binary}, which is MariaDB (${version}): it must be MySQL itself.`,
    );
  return { kind: 'mysql', binary };
}

async function realPostgres(folder: string): Promise<ServerBinary> {
  const binary = join(folder, 'postgres');
  if ((await versionOf(binary)) === undefined)
    throw new Error(
      `TEST_POSTGRES is ${folder}, whose \`postgres\` does not answer --version: it must be the folder of \`postgres\` and \`initdb\`, such as /usr/lib/postgresql/15/bin.`,
    );
  return { kind: 'postgres', binary };
}

/** Of each kind one. Debian's MariaDB comes with a `mysqld` that is a link to `mariadbd`. */
async function onPath(): Promise<ServerBinary[]> {
  const kinds = new Map<DatabaseKind, string>();
  for (const name of ['mariadbd', 'mysqld']) {
    const binary = findProgram([name]);
    const version = binary && (await versionOf(binary));
    if (!version || kinds.has(kindOf(version))) continue;
    kinds.set(kindOf(version), binary);
  }
  return [...kinds].map(([kind, binary]) => ({ kind, binary }));
}

async function versionOf(binary: string): Promise<string | undefined> {
  try {
    const { stdout } = await promisify(execFile)(binary, ['--version']);
    return /Ver \d|PostgreSQL/.test(stdout) ? stdout.trim() : undefined;
  } catch {
    return undefined;
  }
}

function list(value: string | undefined): string[] {
  return (value ?? '')
    .split(',')
    .map((item) => item.trim())
    .filter(Boolean);
}
