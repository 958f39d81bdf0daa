/** Every sentence of the app's own, apart from the module's. */
export const messages = {
  settingsWrong: (faults: readonly { field: string; problem: string }[]) =>
    `nestjs-wechat-token cannot start, its settings are wrong:\n${faults.map(({ field, problem }) => `  - ${field}: ${problem}`).join('\n')}`,
  credentialsMissing: () =>
    'is missing; set WECHAT_APP_ID and WECHAT_APP_SECRET, or WECHAT_ACCOUNTS (to try the app without an account: npm run demo)',
  badPort: () => 'is not a port, 0 to 65535',
  badDatabaseUrl: () =>
    'is not mysql://user:password@host:3306/database, mariadb://… or sqlite:path/to/file.sqlite',
  badJson: (shape: string) => `is not JSON: give ${shape}`,
  fileUnreadable: (code: string) =>
    `names a file that cannot be read (${code})`,
  fileAndValue: (value: string) => `is set together with ${value}: keep one`,
  badEncryptionKeys: () =>
    'is not "id:base64,id:base64"; make a key with: openssl rand -base64 32',

  databaseUnreachable: (url: string, code: string) =>
    `DATABASE_URL: ${url} cannot be opened (${code}). ${DATABASE_ADVICE[code] ?? 'See that the server runs and that the address is right.'}`,
  tablesMissing: (url: string) =>
    `DATABASE_MIGRATE is false and the tables are not in ${url}. Run the migrations (npm run typeorm -- migration:run), or set DATABASE_MIGRATE=true.`,
  migrationFailed: (url: string, code: string) =>
    `DATABASE_URL: the migrations of ${url} failed (${code}). The account needs CREATE, ALTER and INDEX; or run them yourself and set DATABASE_MIGRATE=false.`,
  portTaken: (host: string, port: number) =>
    `PORT: ${port} on ${host} is in use. Set PORT to another, or stop what uses it.`,
  hostUnknown: (host: string) =>
    `HOST: ${host} is not an address of this machine. Set HOST to one, such as 127.0.0.1 or 0.0.0.0.`,
  listening: (url: string) => `nestjs-wechat-token listens on ${url}`,
} as const;

const DATABASE_ADVICE: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'Start the server, or correct host and port.',
  ENOTFOUND: 'Correct the host name.',
  ETIMEDOUT: 'Nothing answers there: correct the host, or open the firewall.',
  ER_ACCESS_DENIED_ERROR: 'Correct user and password.',
  ER_DBACCESS_DENIED_ERROR: 'Grant this user the rights to the database.',
  ER_BAD_DB_ERROR: 'There is no such database: create it first.',
  SQLITE_CANTOPEN: 'Correct the path, or the rights of its folder.',
  EACCES: 'Correct the path, or the rights of its folder.',
};
