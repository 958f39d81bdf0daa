import { once } from 'node:events';
import { spawn, type ChildProcess } from 'node:child_process';
import { closeSync, existsSync, openSync, readFileSync } from 'node:fs';
import { chmod, chown, copyFile, mkdtemp, rm } from 'node:fs/promises';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  createDatabase,
  newDatabasePrefix,
  readVersion,
  type DatabaseKind,
  type ServerAddress,
} from './fresh-database.js';
import { queryOnce } from './connect.js';
import { type Place, type Recipe, RECIPES } from './server-recipes.js';
import { startWatchdog, type Watchdog } from './watchdog.js';

export interface DatabaseServer extends ServerAddress {
  readonly pid: number | undefined;
  /** The URL of a fresh, empty database. */
  createDatabase(name?: string): Promise<string>;
  /** Ends the server and removes its folder, whatever state it is in. */
  stop(): Promise<void>;
  /** SIGKILL, as if the machine had failed. The data stays for `restart`. */
  kill9(): Promise<void>;
  /** From now on it presents that one; it must have been started with one. */
  presentCertificate(file: string): Promise<void>;
  /** Ends it in good order if it still runs, and starts it again with the same data on the same port. */
  restart(): Promise<void>;
}

export interface DatabaseServerOptions {
  /** The server's `time_zone`, as an offset: `+08:00`. Default: the machine's. */
  readonly timeZone?: string;
  /** The file of the certificate that it presents, for the key of test/fixtures/tls. Default: what the server does without one. */
  readonly certificate?: string;
}

const TLS_FIXTURES = join(import.meta.dirname, '../fixtures/tls');
const INITIALISE_SECONDS = 120;
const START_SECONDS = 60;
const SHUTDOWN_SECONDS = 20;

/** Starts a throw-away server on 127.0.0.1, with its data in a folder of its own under the system's temporary one.
 * The superuser has no password. It dies with this process. */
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
  private readonly recipe: Recipe;
  private readonly place: Place;
  private readonly log: string;
  private runsAs: { uid: number; gid: number } | undefined;

  constructor(
    readonly kind: DatabaseKind,
    private readonly binary: string,
    private readonly folder: string,
    private readonly watchdog: Watchdog,
    private readonly options: DatabaseServerOptions,
  ) {
    this.recipe = RECIPES[kind];
    this.place = {
      binary,
      folder,
      data: join(folder, 'data'),
      timeZone: options.timeZone,
      tls: options.certificate
        ? {
            cert: join(folder, 'server.crt'),
            key: join(folder, 'server.key'),
            ca: join(folder, 'ca.crt'),
          }
        : undefined,
    };
    this.log = join(folder, 'server.log');
  }

  get url(): string {
    return `${this.kind}://${this.recipe.user}@127.0.0.1:${this.port}`;
  }

  get pid(): number | undefined {
    return this.child?.pid;
  }

  async createDatabase(name?: string): Promise<string> {
    return (await createDatabase(this, name)).url;
  }

  async initialise(): Promise<void> {
    this.runsAs = await this.recipe.runsAs(this.place);
    const { tls } = this.place;
    if (tls && this.options.certificate) {
      await this.give(this.options.certificate, tls.cert);
      await this.give(join(TLS_FIXTURES, 'localhost.key'), tls.key);
      await this.give(join(TLS_FIXTURES, 'ca.crt'), tls.ca);
    }
    const [program, args] = await this.recipe.initialiser(this.place);
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

  async presentCertificate(file: string): Promise<void> {
    const { tls } = this.place;
    if (!tls) throw new Error('The server was started without a certificate.');
    await this.give(file, tls.cert);
    const before = await this.presented();
    // MySQL takes one that has expired only when it starts.
    await queryOnce(this.url, this.recipe.reloadTls).catch(() =>
      this.restart(),
    );
    // PostgreSQL does it when it comes to it.
    while (this.kind === 'postgres' && (await this.presented()) === before)
      await sleep(10);
  }

  /** Changes with what a new connection of PostgreSQL finds. */
  private async presented(): Promise<unknown> {
    if (this.kind !== 'postgres') return undefined;
    const sql = 'SELECT pg_conf_load_time()::text AS loaded';
    const [row] = await queryOnce<{ loaded: string }>(this.url, sql);
    return row?.loaded;
  }

  /** A copy that the server can read, and others cannot. */
  private async give(file: string, copy: string): Promise<void> {
    await copyFile(file, copy);
    await chmod(copy, 0o600);
    if (this.runsAs) await chown(copy, this.runsAs.uid, this.runsAs.gid);
  }

  async kill9(): Promise<void> {
    await this.end('SIGKILL');
  }

  async restart(): Promise<void> {
    await this.end(this.recipe.endSignal);
    await this.start();
  }

  async stop(): Promise<void> {
    await this.end('SIGKILL'); // its data is not read again, so there is no reason to wait for it to be saved
    await rm(this.folder, { recursive: true, force: true, maxRetries: 5 });
    this.watchdog.dismiss();
  }

  private async start(): Promise<void> {
    const child = this.spawn(
      this.binary,
      this.recipe.options(this.place, this.port),
    );
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
      ...this.runsAs,
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

  private async end(signal: NodeJS.Signals): Promise<void> {
    const child = this.child;
    if (!child || hasEnded(child)) return;
    signalGroup(child, signal);
    await exitWithin(child, SHUTDOWN_SECONDS);
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
  const targets = [-child.pid];
  // Each process of PostgreSQL leads a group of its own, and would go on for a moment.
  if (signal === 'SIGKILL') targets.push(...childrenOf(child.pid));
  for (const target of targets)
    try {
      process.kill(target, signal);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ESRCH') throw error;
    }
}

function childrenOf(pid: number): number[] {
  try {
    const text = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8');
    return text.split(' ').filter(Boolean).map(Number);
  } catch {
    return [];
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
