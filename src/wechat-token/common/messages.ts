/** A key that can stand in a header, and unencoded in a URL, where some SDKs put it. */
const MAKE_KEY = 'generate one with: openssl rand -hex 32';

const USE_ANOTHER_SERVER =
  'use MySQL 8.0.11, MariaDB 10.6, PostgreSQL 14 or a later version of one of these, or SQLite';

/** Every sentence that a user of the package may read. Each says what happened and what to do next. */
const PAUSED =
  "Renewals are paused to save the quota; check whether another system fetches tokens for the same appid, and the account in the platform's console.";

export const messages = {
  // Configuration. The problem of a field follows its name: "refresh.leaseSeconds: must be …".
  configuration: (faults: readonly { field: string; problem: string }[]) =>
    `WechatTokenModule cannot start because of invalid options:\n${faults.map(({ field, problem }) => `  - ${field}: ${problem}`).join('\n')}`,
  scheduleModuleMissing: () =>
    'ScheduleModule is missing; add ScheduleModule.forRoot() to the imports of your root module, once (a second import runs every cron job twice)',
  importedWithoutOptions: () =>
    'WechatTokenModule is imported without options; import WechatTokenModule.forRoot({ accounts, … }) or forRootAsync() in your root module, once, with isGlobal: true for your other modules, which then inject its providers without importing it',
  importedTwice: () =>
    'WechatTokenModule is imported more than once, and each would renew the tokens and mount the routes; keep one WechatTokenModule.forRoot() or forRootAsync() with all accounts, with isGlobal: true for your other modules, which then inject its providers without importing it',
  tableSynchronized: (entity: string, table: string) =>
    `has the entity ${entity} for the table ${table}, and synchronize: true, by which TypeORM removes the module's columns from that table, with what they hold. Declare it with { synchronize: false } (\`@Entity('${table}', { synchronize: false })\`), or use the package's SystemVarStore in its place`,
  databasePrefixed: () =>
    "has an entityPrefix, but other programs rely on the table names system_var and token_event; give the module a DataSource of its own without one (`TypeOrmModule.forRoot({ name: 'tokens', … })`, and the module's option dataSource: 'tokens')",
  tableNamed: () =>
    "is not an option, since other programs rely on the table names system_var and token_event; where the app has a table of that name, give the module a DataSource of its own with another schema or database (the module's option dataSource)",
  databaseUnsupported: (type: string) =>
    `has the unsupported type "${type}"; use mysql, mariadb, postgres or better-sqlite3`,
  leaseTooShort: (timeoutMs: number) =>
    `must be greater than ${(2 * timeoutMs) / 1000}: a renewal may make two calls to the platform of up to ${timeoutMs / 1000} s each (the request timeout); raise it, or lower the timeout`,
  classicTwice: () =>
    'is used by another account in classic mode; each would invalidate the tokens of the other, so keep one of them',
  secretMissing: () =>
    'is missing; a refresher needs the AppSecret from the platform\'s console (only role "reader" works without it)',
  accountTwice: (name: string) =>
    `"${name}" is the name of another account; account names must be unique`,
  keyIdTwice: (id: string) =>
    `"${id}" is the id of another key; key ids must be unique`,
  badAccountName: () => "must be 1 to 64 letters, digits, '.', '_' or '-'",
  badAppId: () =>
    'must be the appid from the platform\'s console, such as "wx1234567890abcdef"',
  badSecret: () => 'must be a string; put the AppSecret in quotes',
  secretSpoiled: () =>
    'contains a quote, a blank, an invisible character or one beyond ASCII, as no secret does; copy the secret again, without what stands around it',
  badUrl: () =>
    'must be an http or https URL without user, query or fragment, such as "https://api.weixin.qq.com"',
  badUrls: () => 'must be a list of URLs',
  plainHttp: () =>
    'must begin with https://, or every token and the AppSecret cross the network in clear; for a stand-in of WeChat in a network of your own set api.allowHttp (WECHAT_ALLOW_HTTP=true)',
  otherScheme: () =>
    'must have the scheme of api.baseUrl (WECHAT_API_BASE_URL)',
  tlsUnverified: () =>
    'is 0, so that no TLS certificate is verified; unset it, and trust a CA of your own by NODE_EXTRA_CA_CERTS',
  badProxyUrl: () =>
    'must be an http or https URL of a proxy, such as "http://user:password@10.0.0.5:3128" (in user and password, encode @ : / ? # and % as %40 %3A %2F %3F %23 and %25)',
  badCron: () => 'must be a cron expression such as "*/5 * * * * *"',
  badWhole: (min: number, max: number) =>
    `must be an integer from ${min} to ${max}`,
  badFlag: () => 'must be true or false',
  badChoice: (allowed: readonly string[]) => `must be ${oneOf(allowed)}`,
  badSeveral: (allowed: readonly string[]) =>
    `must be a list of ${allowed.map((one) => JSON.stringify(one)).join(', ')}, each at most once`,
  badObject: (fields: readonly string[]) =>
    `must be an object with the fields ${fields.join(', ')}`,
  unknownField: (fields: readonly string[]) =>
    `has an unknown field; remove it, or correct its name (known: ${fields.join(', ')})`,
  badList: () => 'must be a list',
  badEncryptionKey: () =>
    'must be 32 bytes in base64 (generate it with: openssl rand -base64 32)',
  badEncryptionKeyId: () => "must be 1 to 32 letters, digits, '.', '_' or '-'",
  encryptionKeysMissing: () =>
    'must have at least one key; the first one encrypts',
  badApiKeyId: () => 'must be a string of 1 to 64 characters',
  badApiKey: () =>
    `must be a key of at least 32 characters, or "sha256:" and its SHA-256 in hex (${MAKE_KEY})`,
  keyWeak: (id: string) =>
    `of "${id}" must be at least 32 printable ASCII characters without blanks, at least 10 of them different, or "sha256:" and its SHA-256 in 64 hexadecimal digits (${MAKE_KEY})`,
  keyDocumented: (id: string) =>
    `of "${id}" is an example of the documentation, which anybody may try (${MAKE_KEY})`,
  keyIsAppSecret: (id: string) =>
    `of "${id}" is an account's AppSecret, which clients must not get to know (${MAKE_KEY})`,
  keyTwice: (id: string, other: string) =>
    `of "${id}" is the key of "${other}" as well; give each its own (${MAKE_KEY})`,
  apiKeyIdTwice: (id: string) =>
    `"${id}" is the id of another key; key ids must be unique, and a new key has an id of its own (${MAKE_KEY})`,
  badScopes: (allowed: readonly string[]) =>
    `must be a list of at least one of ${allowed.join(', ')}`,
  badGuards: () => 'must be a list of guards',
  badObserver: () =>
    'must be an object whose methods are those of TokenObserver, such as renewal()',
  badGuard: () => 'must be a guard class or a guard instance',
  badKeyAccounts: () =>
    'must be a list of at least one account name; omit it to allow all accounts',
  accountsMissing: () =>
    'must be a list of at least one account, or an AccountSource',

  // Accounts and tokens
  unknownAccount: (name: string) =>
    `Unknown account "${name}". Add it to the module's \`accounts\` (WECHAT_ACCOUNTS of the app), or correct the name.`,
  accountSourceFailed: () =>
    "The app's AccountSource failed. Valid tokens are still served from memory; check the database or service that it reads from.",
  badAccount: (which: string, field: string, problem: string) =>
    `Invalid account ${which} from the app's AccountSource: ${field ? `its ${field}` : 'it'} ${problem}`,
  otherAccount: () => 'does not match the requested name',
  circleOfTokens: (kinds: readonly string[]) =>
    `A token cannot be made from itself: ${kinds.join(' → ')}. Correct \`needs\` of these sources.`,
  otherPlatform: (account: string, kind: string) =>
    `WechatApiClient calls WeChat and WeCom, and the account "${account}" is of kind "${kind}". Call its platform yourself, with the token from TokenProvider.`,
  cannotForce: (name: string) =>
    `The platform has no call that ends "${name}" before its time: it gives the same one until then. Refresh it without force.`,
  unknownToken: (kind: string, account: string) =>
    `The account "${account}" has no token of the kind "${kind}". Every account has an "access_token" ("access_token:<account>"); a ticket needs the account's setting \`tickets\`, such as ["jsapi"].`,
  isAToken: (name: string) =>
    `"${name}" is a managed token; only the refresher writes it. Save the variable under another name.`,

  // The database
  serverLacks: (found: string) =>
    `is ${found}, which lacks SKIP LOCKED or JSON_TABLE; ${USE_ANOTHER_SERVER}`,
  serverTooOld: (found: string) =>
    `is ${found}, which is too old; ${USE_ANOTHER_SERVER}`,
  serverNotPostgres: (found: string) =>
    `is ${found || 'a server without a name'}, which is not PostgreSQL itself; ${USE_ANOTHER_SERVER}`,
  serverRefused: (faults: readonly { problem: string }[]) =>
    `The database ${faults.map(({ problem }) => problem).join(', and ')}.`,
  schemaLacks: (missing: string, migrations: string) =>
    `lacks ${missing}; run ${migrations} (add ...wechatTokenMigrations to its migrations; TypeORM's synchronize does not change these tables), and if its table of migrations says that they have run, delete their rows there first`,
  tableUnfit: (problems: readonly string[], repairs: readonly string[]) =>
    `cannot hold what is written: ${problems.join('; ')}. ${repairs.length > 0 ? `Run "${repairs.join('; ')}" (try it on a copy first), or rename` : 'Change or rename'} what is the app's own; then run the module's migrations again`,
  nothingMigrated: (problems: readonly string[]) =>
    `The migrations of nestjs-wechat-token stop before they change tables that they cannot use:\n${problems.map((problem) => `  - ${problem}`).join('\n')}`,
  namesRepeated: (names: readonly string[]) =>
    `system_var has several rows of one name, or rows without a name, and each name must have one: ${names.join(', ')}, and perhaps more; rename or delete the others`,
  rowRefused: (table: string, reason: string) =>
    `${table} refuses a row such as the module writes (${reason}); drop or change the constraint, trigger or privilege that refuses it`,
  rowNotKept: (table: string) =>
    `${table} does not keep a row as the module has written it; drop or change the trigger or rule that alters it`,
  notConverted: (table: string, sql: string, reason: string) =>
    `${table} could not be converted by "${sql}" (${reason}); remove what forbids it, or run it with the privilege that it needs, and run the migrations again`,
  tableElsewhere: (table: string, schema: string, first: string) =>
    `${table} is in the schema "${schema}", while new tables are made in "${first}", which is searched first; set the DataSource's option schema to one of them`,
  tablesMissing: (code: string, migrations: string) =>
    `The tables system_var, token_event and token_hour do not exist or lack columns (${code}). Run the module's migrations, ${migrations}: add ...wechatTokenMigrations to the migrations of the DataSource; TypeORM's synchronize does not change these tables.`,
  storeFailed: (code: string) =>
    `Database query failed (${code}). Valid tokens are still served from memory; check the database and its address.`,
  databaseReadOnly: (code: string) =>
    `The database takes no writes (${code}): it is a replica, or set to read-only (read_only, default_transaction_read_only). Valid tokens are still served from memory; lead its address to the server that is written to, or end the setting.`,
  rowsLocked: (code: string) =>
    `Another transaction has locked what is to be read or written (${code}). It is tried again automatically; if this lasts, find the transaction that stays open and end it.`,
  transactionOpen: () =>
    'A transaction of the app is open on the only connection that it has to SQLite, so the module can neither read nor write. Request tokens before the transaction begins, or give the module a DataSource of its own (option `dataSource`).',
  sealKeyMissing: (name: string, keyId: string) =>
    `The stored value of "${name}" is encrypted with the key "${keyId}", which is not configured. Add that key to encryptionKeys (TOKEN_ENCRYPTION_KEYS); if it is lost, delete the row, and the token is fetched again.`,
  sealMissing: (name: string) =>
    `The stored value of "${name}" is plain text, and encryptionKeys (TOKEN_ENCRYPTION_KEYS) are set. While you introduce encryption, set encryptionPlain to "allow" (TOKEN_ENCRYPTION_PLAIN=allow) until "npm run reseal" has encrypted every token; otherwise find out who writes the table, and delete the row: the token is fetched again.`,
  sealUnknown: (name: string) =>
    `The stored value of "${name}" was changed, or encrypted by a newer version of this package. Update this one, or delete the row, and the token is fetched again.`,
  plainValues: () =>
    'tokens that are stored as plain text are accepted; run "npm run reseal", and remove encryptionPlain (TOKEN_ENCRYPTION_PLAIN)',
  plainLeft: (name: string) => `"${name}" is stored as plain text.`,
  plainSealed: (name: string) =>
    `"${name}" was stored as plain text and is encrypted now.`,
  sealBroken: (name: string, keyId: string) =>
    `The stored value of "${name}" cannot be decrypted with the key "${keyId}": the key differs, or the row was modified. Correct the key, or delete the row, and the token is fetched again.`,
  resealContended: (name: string) =>
    `The stored value of "${name}" kept changing and was not re-encrypted. Run the re-encryption again.`,

  // Waiting for a token
  timedOut: (name: string, timeoutMs: number) =>
    `Timed out after ${timeoutMs} ms waiting for a valid "${name}"; its renewal has not completed yet. Try again.`,
  aborted: (name: string) =>
    `The wait for "${name}" was aborted by the caller.`,
  noRefresher: (name: string) =>
    `"${name}" is not valid, and no refresher has renewed it. This replica is a reader and calls no platform: start a refresher (role "refresher", WECHAT_ROLE) on this database.`,
  nobodyRenewed: (name: string) =>
    `"${name}" is not valid, and the lease holder has not renewed it yet. Try again.`,
  readerCannotRefresh: (name: string) =>
    `This replica is a reader and calls no platform. Refresh "${name}" on a refresher (role "refresher", WECHAT_ROLE).`,
  stopTimedOut: (timeoutMs: number) =>
    `Shutdown timed out after ${timeoutMs} ms with renewals in flight; their leases will expire.`,
  shuttingDown: () =>
    'This process is shutting down and starts no renewal. Try again on another replica, or after the restart.',
  coolingDown: (name: string, reason: string, seconds: number) =>
    `"${name}" is not valid; renewal will be retried in ${seconds} s: ${reason}`,
  rejectedAgain: () =>
    'The platform rejected several tokens in a row, and without the database rejections cannot be counted. Check the database, and whether another system fetches tokens for the same appid.',
  withoutLease: () =>
    'renewed without a lease: neither the database nor the lease holder responded, or the row belongs to another app',
  renewalFailed: (name: string, reason: string) =>
    `Renewal of "${name}" failed: ${reason}`,

  // Events
  askedFor: (force: boolean, reason: string) =>
    `${force ? 'forced' : 'normal mode'}${reason && `: ${reason}`}`,
  reportUnconfirmed: () =>
    'the platform accepts the token: the report is not confirmed',
  reportedInUse: () => 'current token',
  reportedLate: (inUse: string | undefined) =>
    inUse === undefined
      ? 'no current token'
      : `late report; the current token is ${inUse}`,

  rowConflict: (name: string, appId: string, heldBy: string) =>
    `The row "${name}" holds a token of the appid "${heldBy}", and this app's account has the appid "${appId}". Two apps share the table and call their accounts alike: give this account a name of its own, or this app a schema of its own. If you changed the appid and the old app is stopped, refresh the token once with force; otherwise this app takes the row over when that token has expired.`,
  rowRestored: () =>
    'the row was deleted, emptied or replaced by an older one, and was written again from memory; find out what changes the table',

  // Refusals
  stillRejected: (name: string) =>
    `The platform issued the rejected "${name}" again. Check the account in the platform's console.`,

  // HTTP
  noRoute: (method: string, path: string) => `Cannot ${method} ${path}`,
  internalError: () => 'Internal error; see the server log.',
  unreadableBody: () =>
    'Unreadable request body; send JSON with the content type application/json.',
  bodyTooLarge: (max: number) =>
    `The request body is larger than ${max / 1024} kB; nothing that these routes take is.`,
  bodyTooSlow: (ms: number) =>
    `The request body did not arrive within ${ms / 1000} s; send it again.`,
  badRequest: () => 'Invalid request; see `errors`.',
  badAfter: () => 'must be the `next` of a page of tokens',
  badBefore: () => 'must be the `next` of a page of events',
  badFingerprint: () =>
    'must be a fingerprint: the first 8 hexadecimal digits, in lower case, of the SHA-256 of a token',
  badReason: (max: number) => `must be a string of at most ${max} characters`,
  badToken: (max: number) =>
    `must be a token: a string of 1 to ${max} characters`,
  keyMissing: () =>
    'API key required; send it as "Authorization: Bearer <key>" or "X-API-Key: <key>".',
  keyWrong: () =>
    'Unknown API key. Send one that the server has (API_KEYS, its file, or http.apiKeys).',
  wrongKeysTooOften: () =>
    'Too many wrong API keys; correct the key, or try again later. A right key is let in at once.',
  scopeMissing: (scope: string) =>
    `The API key lacks the scope "${scope}". Add the scope to the key, or use another key.`,
  accountForbidden: () =>
    'The API key does not allow this account. Add the account to the key, or use another key.',
  guardRefused: () => "Access denied by the app's guard.",
  tooManyStreams: (max: number) =>
    `Too many open event streams (limit ${max}). Close one, or try again later.`,
  tooManyOwnStreams: (max: number) =>
    `Too many open event streams of this caller (limit ${max}). Close one, or try again later.`,

  // Budgets
  forceBound: {
    total: (name: string, seconds: number) =>
      `"${name}" was force-renewed 20 times today, the limit of WeChat. The next forced renewal is possible in ${seconds} s.`,
    reserve: (name: string, seconds: number) =>
      `"${name}" was force-renewed 15 times today; the last 5 of the day are kept for operators. Refresh the token with force, with a key that has the scope tokens:refresh, or wait ${seconds} s.`,
    share: (name: string, seconds: number) =>
      `Of the day's 20 forced renewals of "${name}" this caller has spent 5, and no more than 5 of them are for one. The next one is possible in ${seconds} s, or now by another caller.`,
    spacing: (name: string, seconds: number) =>
      `"${name}" was force-renewed less than 30 s ago. The next forced renewal is possible in ${seconds} s.`,
  },
  rejectionBound: {
    total: (name: string) =>
      `The platform rejected 10 tokens "${name}" within one token lifetime. ${PAUSED}`,
    share: (name: string) =>
      `Three tokens "${name}" that this caller reported were renewed within one token lifetime, and no more are for one caller. ${PAUSED}`,
    spacing: (name: string, seconds: number) =>
      `"${name}" was renewed less than 30 s ago because it was rejected, and another renewal would end the tokens of others. The next one is possible in ${seconds} s.`,
  },
} as const;

/** `"a", "b" or "c"` */
function oneOf(values: readonly string[]): string {
  const quoted = values.map((value) => `"${value}"`);
  const last = quoted.pop() ?? '';
  return quoted.length > 0 ? `${quoted.join(', ')} or ${last}` : last;
}
