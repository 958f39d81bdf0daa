/** One element of each list that is given as JSON. */
const LIST_EXAMPLES = {
  WECHAT_ACCOUNTS: '{"name":"shop","appId":"wx…","appSecret":"…"}',
  API_KEYS: '{"id":"shop","key":"…","scopes":["tokens:issue"]}',
} as const;
/** A setting that is a list, given as JSON or, as `…_FILE`, by a file's name. */
export type ListSetting = keyof typeof LIST_EXAMPLES;

/** Every sentence of the app's own, apart from the module's. */
export const messages = {
  settingsWrong: (faults: readonly { field: string; problem: string }[]) =>
    `nestjs-wechat-token cannot start, its settings are wrong:\n${faults.map(({ field, problem }) => `  - ${field}: ${problem}`).join('\n')}`,
  credentialsMissing: () =>
    'is missing; set WECHAT_APP_ID and WECHAT_APP_SECRET, or WECHAT_ACCOUNTS (to try the app without an account: npm run demo)',
  badPort: () => 'is not a port, 0 to 65535',
  badDatabaseUrl: () =>
    'is not mysql://user:password@host:3306/database, mariadb://… or sqlite:path/to/file.sqlite (in user and password, write @ : / ? # and % as %40 %3A %2F %3F %23 and %25)',
  badTrustProxy: () =>
    'is neither a number of proxies, 0 to 32, nor a list of their addresses such as "10.0.0.5,192.168.0.0/16" (loopback, linklocal and uniquelocal are names for such)',
  badChoice: (allowed: readonly string[]) =>
    `is not one of ${allowed.join(', ')}`,
  badJson: (setting: ListSetting) =>
    `is not a JSON array; write [${LIST_EXAMPLES[setting]}]`,
  fileUnreadable: (code: string) =>
    `names a file that cannot be read (${code}); correct the path, or the file's rights`,
  fileAndValue: (value: string) => `is set together with ${value}; keep one`,
  badEncryptionKeys: () =>
    'is not "id:key,id:key" with keys of 32 bytes in base64 (make one with: openssl rand -base64 32)',
  encryptionKeysMissing: () =>
    'is missing; set it as the app has it, "id:key,id:key": the first key is the one to seal with',

  databaseUnreachable: (url: string, code: string) =>
    `DATABASE_URL: ${url} cannot be opened (${code}). ${databaseAdvice(url, code)}`,
  tablesMissing: (url: string) =>
    `DATABASE_MIGRATE is false and the tables are not in ${url}. Run the migrations (npm run typeorm -- migration:run), or set DATABASE_MIGRATE=true.`,
  migrationFailed: (url: string, code: string) =>
    `DATABASE_URL: the migrations of ${url} failed (${code}). The account needs CREATE, ALTER and INDEX; or run them yourself and set DATABASE_MIGRATE=false.`,
  tablesNotFound: (url: string) =>
    `DATABASE_URL: the app's tables are not in ${url}. Set it as the app has it.`,
  portTaken: (host: string, port: number) =>
    `PORT: ${port} on ${host} is in use. Set PORT to another, or stop what uses it.`,
  portForbidden: (port: number) =>
    `PORT: ${port} is not for this user. Set PORT to one above 1023, or grant the right to bind it.`,
  hostUnknown: (host: string) =>
    `HOST: ${host} is not an address of this machine. Set HOST to one, such as 127.0.0.1 or 0.0.0.0.`,
  listening: (url: string) => `nestjs-wechat-token listens on ${url}`,

  resealed: (keyId: string, counts: { resealed: number; current: number }) =>
    `Sealed with the key "${keyId}": ${counts.resealed} now, ${counts.current} already.`,
  changedMeanwhile: (count: number) =>
    `Renewed meanwhile, and looked at again: ${count}.`,
  notResealed: (count: number) =>
    `Not sealed with it: ${count}, named above. Keep the older keys until a run names none.`,
} as const;

function databaseAdvice(url: string, code: string): string {
  const usual = url.startsWith('sqlite:')
    ? 'Correct the path; its folder must be one that can be made and written to.'
    : 'See that the server runs and that the address is right.';
  return DATABASE_ADVICE[code] ?? usual;
}

const DATABASE_ADVICE: Readonly<Record<string, string>> = {
  DriverPackageNotInstalledError:
    'Install the driver: npm install mysql2, or better-sqlite3 for SQLite.',
  ECONNREFUSED: 'Start the server, or correct host and port.',
  ENOTFOUND: 'Correct the host name.',
  ETIMEDOUT: 'Nothing answers there: correct the host, or open the firewall.',
  ER_ACCESS_DENIED_ERROR: 'Correct user and password.',
  ER_DBACCESS_DENIED_ERROR: 'Grant this user the rights to the database.',
  ER_BAD_DB_ERROR: 'There is no such database: create it first.',
  SQLITE_NOTADB: 'That file is no SQLite database: correct the path.',
};
