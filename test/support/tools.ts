import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { findProgram } from './find-program.js';

/** Something that the tests need from the operating system. */
interface Requirement {
  readonly what: string;
  /** Debian's packages that bring it. */
  readonly packages: readonly string[];
  /** What a person without apt-get can do instead. */
  readonly otherwise: string;
  isPresent(): boolean;
}

/** The interpreter that Debian's python3-pymysql belongs to; a `python3` that comes first on the PATH may be another. */
export const PYTHON = '/usr/bin/python3';

const client: Requirement = {
  what: 'the `mariadb` command-line client',
  packages: ['mariadb-client'],
  otherwise: 'install MariaDB’s client so that `mariadb` is on the PATH',
  isPresent: () => findProgram(['mariadb']) !== undefined,
};

const pymysql: Requirement = {
  what: `PyMySQL for ${PYTHON}`,
  packages: ['python3-pymysql'],
  otherwise: `make \`${PYTHON} -c 'import pymysql'\` work`,
  isPresent: () =>
    spawnSync(PYTHON, ['-c', 'import pymysql'], { stdio: 'ignore' }).status ===
    0,
};

/** Debian keeps it in a folder of the machine's architecture. `MT`: for programs with threads, such as Node. */
export function findLibfaketime(): string | undefined {
  const root = '/usr/lib';
  return readdirSync(root)
    .map((folder) => join(root, folder, 'faketime/libfaketimeMT.so.1'))
    .find((file) => existsSync(file));
}

const faketime: Requirement = {
  what: 'libfaketime, for wall clocks that are wrong',
  packages: ['libfaketime'],
  otherwise:
    'install it so that there is a /usr/lib/*/faketime/libfaketimeMT.so.1',
  isPresent: () => findLibfaketime() !== undefined,
};

const server: Requirement = {
  what: 'a server of the MySQL family (MariaDB ≥ 10.6 or MySQL ≥ 8)',
  packages: ['mariadb-server-core', 'mariadb-client'],
  otherwise:
    'put `mariadbd` or `mysqld` on the PATH, name another server in TEST_MYSQLD or TEST_POSTGRES, or give the address of a running server in TEST_DATABASE_URL',
  isPresent: () => findProgram(['mariadbd', 'mysqld']) !== undefined,
};

const psql: Requirement = {
  what: 'the `psql` command-line client',
  packages: ['postgresql-client'],
  otherwise: 'install PostgreSQL’s client so that `psql` is on the PATH',
  isPresent: () => findProgram(['psql']) !== undefined,
};

const systemd: Requirement = {
  what: '`systemd-analyze`',
  packages: ['systemd'],
  otherwise: 'install systemd so that `systemd-analyze` is on the PATH',
  isPresent: () => findProgram(['systemd-analyze']) !== undefined,
};

const programs: Requirement = {
  what: '`openssl` and `curl`, which the pages use',
  packages: ['openssl', 'curl'],
  otherwise: 'install them so that `openssl` and `curl` are on the PATH',
  isPresent: () =>
    ['openssl', 'curl'].every((name) => findProgram([name]) !== undefined),
};

/** Tests read the row as other programs would, with the `mariadb` client (or `psql`) and from Python with PyMySQL, and set wall clocks
 * wrong with libfaketime. A server is asked for in the same step, so that a machine that lacks all of it gets one error;
 * unless the environment names one. */
export function ensureTools(): void {
  const named =
    process.env['TEST_DATABASE_URL'] ||
    process.env['TEST_MYSQLD'] ||
    process.env['TEST_POSTGRES'];
  const runsPostgres =
    process.env['TEST_POSTGRES'] ||
    /postgres/.test(process.env['TEST_DATABASE_URL'] ?? '');
  const common = [client, pymysql, faketime, programs];
  const always = [...common, ...(runsPostgres ? [psql] : [])];
  ensure(named ? always : [...always, server]);
}

export function ensureServerBinary(): void {
  ensure([server]);
}

export function ensureSystemd(): void {
  ensure([systemd]);
}

/** Installs what is missing where that is possible; otherwise an error that says what to do. It is never left out. */
function ensure(requirements: readonly Requirement[]): void {
  const missing = requirements.filter((one) => !one.isPresent());
  if (missing.length === 0) return;
  const packages = [...new Set(missing.flatMap((one) => one.packages))];

  const obstacle = aptObstacle() ?? install(packages);
  const still = missing.filter((one) => !one.isPresent());
  if (still.length === 0) return;
  throw new Error(
    [
      'The tests need more from this machine:',
      ...still.map((one) => `- ${one.what} — ${one.otherwise}`),
      `On Debian or Ubuntu, as root: apt-get install --no-install-recommends ${packages.join(' ')}`,
      obstacle ?? 'apt-get installed the packages, but they did not bring it.',
    ].join('\n'),
  );
}

function aptObstacle(): string | undefined {
  if (findProgram(['apt-get']) === undefined)
    return '(Not installed now: this machine has no apt-get.)';
  if (process.getuid?.() !== 0)
    return '(Not installed now: that needs root, and the tests do not run as root.)';
  return undefined;
}

/** @returns what went wrong, if anything did */
function install(packages: readonly string[]): string | undefined {
  say(`installing ${packages.join(', ')} with apt-get`);
  // A third-party source that does not answer fails the update as a whole; whether it matters, the install shows.
  const update = apt(['update']);
  const result = apt([
    'install',
    '--yes',
    '--no-install-recommends',
    '--no-remove', // a test must not remove an installed MySQL client
    ...packages,
  ]);
  if (result.status === 0) return undefined;
  return `(apt-get failed: ${tail(update)}\n${tail(result)})`;
}

function apt(args: readonly string[]) {
  // The lock's limit: another apt-get may be at work, such as that of another test run.
  return spawnSync('apt-get', ['-o', 'DPkg::Lock::Timeout=300', ...args], {
    encoding: 'utf8',
    env: { ...process.env, DEBIAN_FRONTEND: 'noninteractive' },
    timeout: 15 * 60_000,
  });
}

function tail(result: ReturnType<typeof apt>): string {
  const text = `${result.stdout ?? ''}${result.stderr ?? ''}${result.error ?? ''}`;
  return text.trimEnd().split('\n').slice(-10).join('\n');
}

function say(line: string): void {
  process.stdout.write(`[test tools] ${line}\n`);
}
