/** An example element of each list setting. */
const LIST_EXAMPLES = {
  WECHAT_ACCOUNTS: '{"name":"shop","appId":"wx…","appSecret":"…"}',
  API_KEYS: '{"id":"shop","key":"…","scopes":["tokens:issue"]}',
} as const;
/** A setting that is a JSON list, or as `…_FILE` the name of a file with one. */
export type ListSetting = keyof typeof LIST_EXAMPLES;

/** Every sentence of the app; the module's are in its own file. */
export const messages = {
  settingsWrong: (faults: readonly { field: string; problem: string }[]) =>
    `nestjs-wechat-token cannot start because of invalid settings:\n${faults.map(({ field, problem }) => `  - ${field}: ${problem}`).join('\n')}`,
  credentialsMissing: () =>
    'is missing; set WECHAT_APP_ID and WECHAT_APP_SECRET, or WECHAT_ACCOUNTS (to try the app without an account: npm run demo)',
  badPort: () => 'must be a port number from 0 to 65535',
  badWhole: (min: number, max: number) =>
    `must be an integer from ${min} to ${max}`,
  badDatabaseUrl: () =>
    'must be mysql://user:password@host:3306/database, mariadb://…, postgres://… or sqlite:path/to/file.sqlite (in user and password, encode @ : / ? # and % as %40 %3A %2F %3F %23 and %25)',
  badUrlParameters: (names: readonly string[]) =>
    `has parameters that are not known (${names.join(', ')}); remove them (known are sslmode, ssl-mode and ssl, of a server; a CA is named by DATABASE_TLS_CA_FILE)`,
  badUrlTls: (name: string) =>
    `has an ${name} that is not known; set it to disable, prefer, require or verify-full (DISABLED, PREFERRED, REQUIRED or VERIFY_IDENTITY)`,
  tlsDisagrees: (said: readonly string[]) =>
    `disagrees: ${said.join(', but ')}; leave one of them`,
  tlsOfFile: () =>
    'is for MySQL, MariaDB and PostgreSQL; remove it, or set DATABASE_URL to the address of a server',
  verifyNeedsName: () =>
    "has an IP address, which mysql2 does not compare with the server's certificate; put the host's name in its place, or set DATABASE_TLS to require",
  caWithoutVerify: () =>
    'is used with DATABASE_TLS=verify only; set that, or remove this',
  caWithoutPem: () =>
    'has no certificate in PEM: it must be a file of blocks that begin with "-----BEGIN CERTIFICATE-----"',
  badTrustProxy: () =>
    'must be a number of proxies from 0 to 32, or a list of their addresses such as "10.0.0.5,192.168.0.0/16" (loopback, linklocal and uniquelocal are named ranges)',
  badChoice: (allowed: readonly string[]) =>
    `must be one of ${allowed.join(', ')}`,
  badJson: (setting: ListSetting) =>
    `must be a JSON array such as [${LIST_EXAMPLES[setting]}]`,
  fileUnreadable: (code: string) =>
    `names a file that cannot be read (${code}); correct the path or the file permissions`,
  fileEmpty: () => 'names an empty file',
  fileNotRegular: () =>
    'names something that is no regular file, such as a folder or a pipe',
  fileTooLarge: () => 'names a file of more than 16 MiB',
  fileWritable: () =>
    'may be written by others than its user: take that from them (chmod go-w)',
  fileAndValue: (value: string) =>
    `is set together with ${value}; set only one of them`,
  badEncryptionKeys: () =>
    'must be "id:key,id:key" with keys of 32 bytes in base64 (generate one with: openssl rand -base64 32)',
  encryptionKeysMissing: () =>
    'is missing; set it to the value that the app uses, "id:key,id:key" (the first key encrypts)',

  databaseUnreachable: (url: string, code: string, line: 'plain' | 'any') =>
    `DATABASE_URL: cannot open ${url} (${code}). ${databaseAdvice(url, code)}${line === 'plain' && ACCOUNT_ADVICE.has(code) ? REQUIRES_TLS : ''}`,
  databaseAwaited: (seconds: number) =>
    `The app has started without its database and tries again in ${seconds} s.`,
  databaseDistrusted: (url: string, problem: string) =>
    `DATABASE_TLS: the TLS certificate of ${url} was refused (${problem}), so nothing was sent. Name its CA in DATABASE_TLS_CA_FILE and the host that it is for in DATABASE_URL, or check this machine's clock; DATABASE_TLS=require encrypts without looking at it.`,
  databaseLacksTls: (url: string) =>
    `DATABASE_TLS: ${url} offers no TLS, so nothing was sent. Turn it on at the server, or set DATABASE_TLS=off where nobody else can be on the line.`,
  tlsNotSet: (host: string, line: string) =>
    `DATABASE_TLS is not set: the connection to ${host} is ${line}, and whoever is on the line can read and change it. Set DATABASE_TLS=verify, with the server's CA in DATABASE_TLS_CA_FILE (or require, or off, to accept this).`,
  databaseRefused: (url: string, faults: readonly { problem: string }[]) =>
    faults.map(({ problem }) => `DATABASE_URL: ${url} ${problem}.`).join('\n'),
  schemaLacks: (url: string, missing: string, migrations: string) =>
    `DATABASE_URL: ${url} lacks ${missing}. Run ${migrations} (npm run typeorm -- migration:run, or set DATABASE_MIGRATE=true); if its table "migrations" says that they have run, delete their rows there first.`,
  migrationFailed: (url: string, code: string) =>
    `DATABASE_URL: the migrations of ${url} failed (${code}). ${MIGRATION_ADVICE[code] ?? 'The database user needs CREATE, ALTER and INDEX; or run them yourself and set DATABASE_MIGRATE=false.'}`,
  tablesNotFound: (url: string) =>
    `DATABASE_URL: ${url} does not contain the app's tables. Set it to the value that the app uses.`,
  portTaken: (host: string, port: number) =>
    `PORT: ${port} on ${host} is already in use. Set PORT to a free port, or stop the process that uses it.`,
  portForbidden: (port: number) =>
    `PORT: no permission to listen on ${port}. Set PORT to 1024 or higher, or grant the permission.`,
  hostUnknown: (host: string) =>
    `HOST: ${host} is not an address of this machine. Set HOST to one of its addresses, such as 127.0.0.1 or 0.0.0.0.`,
  swaggerMissing: () =>
    'This page needs @nestjs/swagger, a development dependency, which is not installed. Install it with npm ci, without --omit=dev. The document itself is at /docs-json.',
  plainHttp: (host: string) =>
    `HOST: listening on ${host}, which other machines may reach. Keys and tokens cross the network in clear text unless a proxy in front ends TLS: put one there, or set HOST to 127.0.0.1.`,
  metricsNeedKeys: () =>
    'is "key", but there are no API keys; set API_KEYS or API_KEYS_FILE with a key that has the scope tokens:read, or set METRICS to open or off',
  promClientMissing: () =>
    '/metrics needs prom-client, which is not installed: npm install prom-client, or set METRICS=off.',
  badTimeouts: () =>
    'must be at least HEADERS_TIMEOUT_MS, since it covers the headers as well',
  usage: () => `Usage: node dist/main.js [--check | --help | --version]

Keeps WeChat access tokens valid and hands them out over HTTP. Settings are environment variables: .env.example names all of
them with their defaults, and node --env-file=.env dist/main.js reads a file of them.

      --check     look at the settings, the database, WeChat and the credentials of each account, say what to do about each
                  fault, and exit with 0 when there is none, else with 1; nothing is started or stored
  -h, --help      print this
  -v, --version   print the version
`,
  unknownArgument: (name: string) =>
    `Unknown argument: ${name}. Known are --check, --help and --version, without a value; settings are environment variables.`,
  severalCommands: () => 'Give one of --check, --help and --version.',
  listening: (url: string) => `nestjs-wechat-token listens on ${url}`,

  resealed: (keyId: string, counts: { resealed: number; current: number }) =>
    `Re-encrypted with the key "${keyId}": ${counts.resealed}; already current: ${counts.current}.`,
  changedMeanwhile: (count: number) =>
    `Renewed during the run and checked again: ${count}.`,
  plainSealed: (count: number) =>
    `Plain text before: ${count} of these, listed above.`,
  plainLeft: (count: number) =>
    `Left as plain text: ${count}, listed above. If they are from before the first key, run this again with TOKEN_ENCRYPTION_PLAIN=allow; otherwise find out who writes the table, and delete these rows.`,
  notResealed: (count: number) =>
    `Not re-encrypted: ${count}, listed above. Keep the older keys until a run lists none.`,
} as const;

function databaseAdvice(url: string, code: string): string {
  // Of the handshake: mysql2's, and Node's with pg.
  if (/^(HANDSHAKE_SSL_ERROR|EPROTO|ERR_SSL_.*)$/.test(code))
    return 'The TLS handshake failed: the server must have TLS 1.2 or later; DATABASE_TLS=off does without TLS.';
  const usual = url.startsWith('sqlite:')
    ? 'Correct the path, or make its folder writable.'
    : 'Check that the server is running and that the address is correct.';
  return DATABASE_ADVICE[code] ?? usual;
}

/** What a server answers to an account that is not let in without TLS. */
const ACCOUNT_ADVICE = new Set([
  'ER_ACCESS_DENIED_ERROR',
  'ER_SECURE_TRANSPORT_REQUIRED',
  '28000',
]);
const REQUIRES_TLS =
  ' This connection is not encrypted: if the server or the account requires TLS, set DATABASE_TLS=verify, or require.';

const END_READ_ONLY =
  'The server takes no writes: name the one that is written to, or end its read_only or default_transaction_read_only.';

const MIGRATION_ADVICE: Readonly<Record<string, string>> = {
  ER_OPTION_PREVENTS_STATEMENT: END_READ_ONLY,
  ER_READ_ONLY_MODE: END_READ_ONLY,
  '25006': END_READ_ONLY,
};

const INSTALL_DRIVER =
  'Install the driver: npm install mysql2, pg for PostgreSQL, or libsql for SQLite.';

const DATABASE_ADVICE: Readonly<Record<string, string>> = {
  DriverPackageNotInstalledError: INSTALL_DRIVER,
  MODULE_NOT_FOUND: INSTALL_DRIVER,
  ECONNREFUSED: 'Start the server, or correct host and port.',
  ENOTFOUND: 'Correct the host name.',
  ETIMEDOUT: 'The host does not respond: correct it, or open the firewall.',
  ER_ACCESS_DENIED_ERROR: 'Correct user and password.',
  ER_SECURE_TRANSPORT_REQUIRED: 'The server takes no plain connections.',
  ER_DBACCESS_DENIED_ERROR: 'Grant this user the rights to the database.',
  ER_BAD_DB_ERROR: 'The database does not exist: create it first.',
  '28P01': 'Correct user and password.',
  '28000': 'Correct the user, or let it in (pg_hba.conf).',
  '3D000': 'The database does not exist: create it first.',
  '42501': 'Grant this user the rights to the database.',
  SQLITE_NOTADB: 'The file is not an SQLite database: correct the path.',
};
