import { once } from 'node:events';
import { spawn, type ChildProcess } from 'node:child_process';
import {
  closeSync,
  existsSync,
  openSync,
  readFileSync,
  realpathSync,
} from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { findProgram } from './find-program.js';
import {
  createDatabase,
  newDatabasePrefix,
  readVersion,
  type DatabaseKind,
  type ServerAddress,
} from './fresh-database.js';
import { startWatchdog, type Watchdog } from './watchdog.js';

export interface DatabaseServer extends ServerAddress {
  readonly pid: number | undefined;
  /** The URL of a fresh, empty database. */
  createDatabase(name?: string): Promise<string>;
  /** Ends the server and removes its folder, whatever state it is in. */
  stop(): Promise<void>;
  /** SIGKILL, as if the machine had failed. The data stays for `restart`. */
  kill9(): Promise<void>;
  /** Ends it in good order if it still runs, and starts it again with the same data on the same port. */
  restart(): Promise<void>;
}

export interface DatabaseServerOptions {
  /** The server's `time_zone`, as an offset: `+08:00`. Default: the machine's. */
  readonly timeZone?: string;
}

const INITIALISE_SECONDS = 120;
const START_SECONDS = 60;
const SHUTDOWN_SECONDS = 20;

/** Starts a throw-away server on 127.0.0.1, with its data in a folder of its own under the system's temporary one.
 * The user is root without a password. It dies with this process. */
export async function startDatabaseServer(
  kind: DatabaseKind,
  binary: string,
  options: DatabaseServerOptions = {},
): Promise<DatabaseServer> {
  const folder = await mkdtemp(join(tmpdir(), 'wechat-token-db-'));
  const server = new ThrowAwayServer(
    kind,
    binary,
    folder,
    startWatchdog(folder),
    options,
  );
  try {
    await server.initialise();
    await server.startOnFreePort();
    return server;
  } catch (error) {
    await server.stop();
    throw error;
  }
}

class ThrowAwayServer implements DatabaseServer {
  readonly databasePrefix = newDatabasePrefix();
  version = '';
  private port = 0;
  private child: ChildProcess | undefined;
  private readonly data: string;
  private readonly log: string;

  constructor(
    readonly kind: DatabaseKind,
    private readonly binary: string,
    private readonly folder: string,
    private readonly watchdog: Watchdog,
    private readonly options: DatabaseServerOptions,
  ) {
    this.data = join(folder, 'data');
    this.log = join(folder, 'server.log');
  }

  get url(): string {
    return `${this.kind}://root@127.0.0.1:${this.port}`;
  }

  get pid(): number | undefined {
    return this.child?.pid;
  }

  async createDatabase(name?: string): Promise<string> {
    return (await createDatabase(this, name)).url;
  }

  async initialise(): Promise<void> {
    const [program, args] =
      this.kind === 'mariadb'
        ? await this.mariadbInitialiser()
        : await this.mysqlInitialiser();
    const child = this.spawn(program, args);
    const code = await exitWithin(child, INITIALISE_SECONDS);
    if (code !== 0) throw this.failure(`${program} ended with ${code}`);
  }

  /** Between choosing a port and listening on it somebody else may take it, so it is tried again. */
  async startOnFreePort(): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      this.port = await freePort();
      try {
        return await this.start();
      } catch (error) {
        if (attempt === 3 || !/address already in use/i.test(String(error)))
          throw error;
      }
    }
  }

  async kill9(): Promise<void> {
    await this.end('SIGKILL');
  }

  async restart(): Promise<void> {
    await this.end('SIGTERM');
    await this.start();
  }

  async stop(): Promise<void> {
    await this.end('SIGKILL'); // its data is not read again, so there is no reason to wait for it to be saved
    await rm(this.folder, { recursive: true, force: true, maxRetries: 5 });
    this.watchdog.dismiss();
  }

  private async start(): Promise<void> {
    const child = this.spawn(this.binary, this.serverOptions());
    const deadline = performance.now() + START_SECONDS * 1000;
    for (;;) {
      if (hasEnded(child)) throw this.failure(`${this.binary} did not start`);
      try {
        this.version = (await readVersion(this.url)).version;
        return;
      } catch (error) {
        if (performance.now() > deadline)
          throw this.failure(
            `no connection in ${START_SECONDS} s (${String(error)})`,
          );
        await sleep(50);
      }
    }
  }

  private spawn(program: string, args: string[]): ChildProcess {
    const output = openSync(this.log, 'a');
    // `detached` makes it the leader of a group of its own: killed as a whole, and not reached by a Ctrl-C.
    const child = spawn(program, args, {
      stdio: ['ignore', output, output],
      cwd: this.folder,
      detached: true,
    });
    closeSync(output);
    this.child = child;
    this.watchdog.watch(child.pid);
    // A pid that is free may belong to somebody else tomorrow: never watch one for longer than it lives.
    child.once('exit', () => {
      if (this.child === child) this.watchdog.watch(undefined);
    });
    child.on('error', () => undefined); // reported by exitWithin or by start, which see that it has no pid
    return child;
  }

  private async end(signal: 'SIGTERM' | 'SIGKILL'): Promise<void> {
    const child = this.child;
    if (!child || hasEnded(child)) return;
    signalGroup(child, signal);
    await exitWithin(child, SHUTDOWN_SECONDS);
  }

  private async mariadbInitialiser(): Promise<[string, string[]]> {
    const base = dirname(dirname(realpathSync(this.binary)));
    const names = ['mariadb-install-db', 'mysql_install_db'];
    const program = findProgram(names, [
      join(base, 'bin'),
      join(base, 'scripts'),
    ]);
    if (!program)
      throw new Error(
        `${this.binary} needs ${names.join(' or ')}, which is neither beside it nor on the PATH. Debian's package is mariadb-server-core.`,
      );
    return [
      program,
      [
        '--no-defaults',
        ...asRoot(),
        `--basedir=${base}`,
        `--datadir=${this.data}`,
        // While it makes its first tables it removes the temporary ones of all who share the folder with it.
        `--tmpdir=${this.folder}`,
        '--auth-root-authentication-method=normal',
        '--skip-test-db',
        '--skip-name-resolve',
        '--innodb-log-file-size=16M',
        '--innodb-flush-log-at-trx-commit=0',
      ],
    ];
  }

  private async mysqlInitialiser(): Promise<[string, string[]]> {
    // The server does not resolve names, so that 127.0.0.1 is not `localhost` to it and needs a root of its own.
    const init = join(this.folder, 'init.sql');
    await writeFile(
      init,
      "CREATE USER 'root'@'127.0.0.1' IDENTIFIED BY '';\nGRANT ALL ON *.* TO 'root'@'127.0.0.1' WITH GRANT OPTION;\n",
    );
    return [
      this.binary,
      [
        '--no-defaults',
        '--initialize-insecure',
        ...asRoot(),
        `--datadir=${this.data}`,
        `--init-file=${init}`,
        '--secure-file-priv=',
        '--loose-mysqlx=OFF',
        '--skip-log-bin',
        '--performance-schema=OFF',
        '--loose-innodb-redo-log-capacity=16M',
        '--innodb-flush-log-at-trx-commit=0',
      ],
    ];
  }

  private serverOptions(): string[] {
    const { timeZone } = this.options;
    const common = [
      '--no-defaults', // must be the first
      ...asRoot(),
      `--datadir=${this.data}`,
      `--tmpdir=${this.folder}`,
      `--socket=${join(this.folder, 'socket')}`,
      `--pid-file=${join(this.folder, 'pid')}`,
      '--bind-address=127.0.0.1',
      `--port=${this.port}`,
      '--skip-name-resolve',
      '--skip-log-bin',
      '--performance-schema=OFF',
      '--innodb-buffer-pool-size=64M',
      // A commit reaches the operating system, not the disk: it survives kill9, and costs no fsync.
      '--innodb-flush-log-at-trx-commit=2',
      '--max-connections=500', // twenty replicas with pools of ten, and then some
      ...(timeZone === undefined ? [] : [`--default-time-zone=${timeZone}`]),
    ];
    return this.kind === 'mariadb'
      ? [...common, `--secure-file-priv=${this.folder}`]
      : [...common, '--secure-file-priv=NULL', '--loose-mysqlx=OFF'];
  }

  private failure(what: string): Error {
    const lines = existsSync(this.log)
      ? readFileSync(this.log, 'utf8').trimEnd().split('\n').slice(-15)
      : [];
    return new Error(
      [`The throw-away ${this.kind} server: ${what}.`, ...lines].join('\n'),
    );
  }
}

/** Both servers refuse to run as root without an option. */
function asRoot(): string[] {
  return process.getuid?.() === 0 ? ['--user=root'] : [];
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await once(probe, 'listening');
  const { port } = probe.address() as AddressInfo;
  probe.close();
  await once(probe, 'close');
  return port;
}

function hasEnded(child: ChildProcess): boolean {
  return (
    child.pid === undefined ||
    child.exitCode !== null ||
    child.signalCode !== null
  );
}

function signalGroup(child: ChildProcess, signal: NodeJS.Signals): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, signal);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
  }
}

/** Its exit code, or the name of the signal; after the limit it is killed. */
async function exitWithin(
  child: ChildProcess,
  seconds: number,
): Promise<number | string> {
  if (child.pid === undefined) return 'an error: it cannot be executed';
  const limit = setTimeout(() => signalGroup(child, 'SIGKILL'), seconds * 1000);
  try {
    if (!hasEnded(child)) await once(child, 'exit');
    return child.exitCode ?? child.signalCode ?? 'nothing';
  } finally {
    clearTimeout(limit);
  }
}
