import { realpathSync } from 'node:fs';
import { chown, writeFile } from 'node:fs/promises';
import { spawnSync } from 'node:child_process';
import { dirname, join } from 'node:path';
import { findProgram } from './find-program.js';
import type { DatabaseKind } from './fresh-database.js';

export type Command = readonly [program: string, args: string[]];

export type TlsFiles = Readonly<Record<'cert' | 'key' | 'ca', string>>;

/** Where a throw-away server lives. */
export interface Place {
  readonly binary: string;
  readonly folder: string;
  readonly data: string;
  /** The server's time zone, as an offset: `+08:00`. */
  readonly timeZone: string | undefined;
  /** The files of the certificate that it presents, of its key and of its CA; undefined for the server's own default. */
  readonly tls: TlsFiles | undefined;
}

/** How a server of one kind is made and run. */
export interface Recipe {
  /** Of its superuser, who has no password. */
  readonly user: string;
  /** Ends it in good order, whoever is connected. */
  readonly endSignal: NodeJS.Signals;
  /** The user of the operating system that it runs as; undefined for this process's. */
  runsAs(place: Place): Promise<{ uid: number; gid: number } | undefined>;
  initialiser(place: Place): Promise<Command>;
  options(place: Place, port: number): string[];
  /** Has it read its certificate again. */
  readonly reloadTls: string;
}

const isRoot = process.getuid?.() === 0;

/** Both servers of the MySQL family refuse to run as root without an option. */
const asRoot = isRoot ? ['--user=root'] : [];

function mysqlOptions({ folder, data, timeZone, tls }: Place, port: number) {
  return [
    '--no-defaults', // must be the first
    ...asRoot,
    `--datadir=${data}`,
    `--tmpdir=${folder}`,
    `--socket=${join(folder, 'socket')}`,
    `--pid-file=${join(folder, 'pid')}`,
    '--bind-address=127.0.0.1',
    `--port=${port}`,
    '--skip-name-resolve',
    '--skip-log-bin',
    '--performance-schema=OFF',
    '--innodb-buffer-pool-size=64M',
    // A commit reaches the operating system, not the disk: it survives kill9, and costs no fsync.
    '--innodb-flush-log-at-trx-commit=2',
    '--max-connections=500', // twenty replicas with pools of ten, and then some
    ...(timeZone === undefined ? [] : [`--default-time-zone=${timeZone}`]),
    ...(tls
      ? [`--ssl-cert=${tls.cert}`, `--ssl-key=${tls.key}`, `--ssl-ca=${tls.ca}`]
      : []),
  ];
}

const mariadb: Recipe = {
  user: 'root',
  endSignal: 'SIGTERM',
  runsAs: () => Promise.resolve(undefined),
  initialiser: async ({ binary, folder, data }) => {
    const base = dirname(dirname(realpathSync(binary)));
    const names = ['mariadb-install-db', 'mysql_install_db'];
    const program = findProgram(names, [
      join(base, 'bin'),
      join(base, 'scripts'),
    ]);
    if (!program)
      throw new Error(
        `${binary} needs ${names.join(' or ')}, which is neither beside it nor on the PATH. Debian's package is mariadb-server-core.`,
      );
    return [
      program,
      [
        '--no-defaults',
        ...asRoot,
        `--basedir=${base}`,
        `--datadir=${data}`,
        // While it makes its first tables it removes the temporary ones of all who share the folder with it.
        `--tmpdir=${folder}`,
        '--auth-root-authentication-method=normal',
        '--skip-test-db',
        '--skip-name-resolve',
        '--innodb-log-file-size=16M',
        '--innodb-flush-log-at-trx-commit=0',
      ],
    ];
  },
  options: (place, port) => [
    ...mysqlOptions(place, port),
    `--secure-file-priv=${place.folder}`,
  ],
  reloadTls: 'FLUSH SSL',
};

const mysql: Recipe = {
  ...mariadb,
  initialiser: async ({ binary, folder, data }) => {
    // The server does not resolve names, so that 127.0.0.1 is not `localhost` to it and needs a root of its own.
    const init = join(folder, 'init.sql');
    await writeFile(
      init,
      "CREATE USER 'root'@'127.0.0.1' IDENTIFIED BY '';\nGRANT ALL ON *.* TO 'root'@'127.0.0.1' WITH GRANT OPTION;\n",
    );
    return [
      binary,
      [
        '--no-defaults',
        '--initialize-insecure',
        ...asRoot,
        `--datadir=${data}`,
        `--init-file=${init}`,
        '--secure-file-priv=',
        '--loose-mysqlx=OFF',
        '--skip-log-bin',
        '--performance-schema=OFF',
        '--loose-innodb-redo-log-capacity=16M',
        '--innodb-flush-log-at-trx-commit=0',
      ],
    ];
  },
  options: (place, port) => [
    ...mysqlOptions(place, port),
    '--secure-file-priv=NULL',
    '--loose-mysqlx=OFF',
  ],
  reloadTls: 'ALTER INSTANCE RELOAD TLS',
};

const postgres: Recipe = {
  user: 'postgres',
  // SIGTERM would wait until the last client has gone.
  endSignal: 'SIGINT',
  /** PostgreSQL never runs as root. */
  runsAs: async ({ folder }) => {
    if (!isRoot) return undefined;
    const [uid, gid] = ['-u', '-g'].map((what) =>
      Number(spawnSync('id', [what, 'postgres']).stdout || NaN),
    );
    if (!uid || !gid)
      throw new Error(
        'PostgreSQL does not run as root, and there is no user `postgres` to run it as: Debian’s package makes one.',
      );
    await chown(folder, uid, gid);
    return { uid, gid };
  },
  initialiser: async ({ binary, data }) => [
    join(dirname(binary), 'initdb'),
    [
      `--pgdata=${data}`,
      '--username=postgres',
      '--auth=trust',
      '--encoding=UTF8',
      '--no-sync',
      // Names are ordered by their bytes all the same.
      ...(majorOf(binary) >= 15
        ? ['--locale=C', '--locale-provider=icu', '--icu-locale=en-US']
        : ['--locale=C.UTF-8']),
    ],
  ],
  options: ({ data, timeZone, tls }, port) => [
    '-D',
    data,
    ...[
      'listen_addresses=127.0.0.1',
      `port=${port}`,
      'unix_socket_directories=',
      'shared_buffers=64MB',
      'max_connections=500',
      // A commit reaches the operating system, not the disk.
      'fsync=off',
      'full_page_writes=off',
      // Its snapshots would change what a test counts.
      'autovacuum=off',
      ...(tls
        ? ['ssl=on', `ssl_cert_file=${tls.cert}`, `ssl_key_file=${tls.key}`]
        : []),
      // POSIX counts to the west.
      ...(timeZone === undefined
        ? []
        : [
            `timezone=<${timeZone}>${timeZone.replace(/^./, (s) => (s === '+' ? '-' : '+'))}`,
          ]),
    ].flatMap((setting) => ['-c', setting]),
  ],
  reloadTls: 'SELECT pg_reload_conf()',
};

function majorOf(binary: string): number {
  const { stdout } = spawnSync(binary, ['--version'], { encoding: 'utf8' });
  return Number(/ (\d+)/.exec(stdout)?.[1]);
}

export const RECIPES: Readonly<Record<DatabaseKind, Recipe>> = {
  mariadb,
  mysql,
  postgres,
};
