/** Every sentence that a user of the package may read: what happened, and what to do next. */
export const messages = {
  // Configuration
  configuration: (faults: readonly { field: string; problem: string }[]) =>
    `WechatTokenModule cannot start, its options are wrong:\n${faults.map(({ field, problem }) => `  - ${field}: ${problem}`).join('\n')}`,
  scheduleModuleMissing: () =>
    'ScheduleModule is missing: add ScheduleModule.forRoot() to the imports of your root module, once (a second import fires every cron twice).',
  databasePrefixed: () =>
    'The DataSource has an entityPrefix, but other programs rely on the names system_var and token_event: give the module a DataSource without one.',
  databaseUnsupported: (type: string) =>
    `The DataSource is of type "${type}". Use mysql, mariadb or better-sqlite3.`,
  leaseTooShort: (timeoutMs: number) =>
    `is too short: one renewal may take two calls to WeChat of ${timeoutMs / 1000} s each (the request timeout); set it above their sum, or lower the timeout`,
  classicTwice: () =>
    "is that of another classic account: the two would end each other's tokens; keep one of them",
  secretMissing: () =>
    'is missing; a refresher needs the AppSecret from the platform\'s console (only role "reader" does without)',
  accountTwice: (name: string) =>
    `"${name}" is the name of another account; give each a name of its own`,
  keyIdTwice: (id: string) =>
    `"${id}" is the id of another key; give each an id of its own`,
  badAccountName: () =>
    "is not a name: use letters, digits, '.', '_' and '-', at most 64",
  badAppId: () =>
    'is not an appid; take it from the platform\'s console, it looks like "wx1234567890abcdef"',
  badSecret: () => 'is not a string; put the AppSecret in quotes',
  badUrl: () =>
    'is not an http or https address without user and query, such as "https://api.weixin.qq.com"',
  badUrls: () => 'is not a list of addresses',
  badCron: () => 'is not a cron expression such as "*/5 * * * * *"',
  badWhole: (least: number, most: number) =>
    `is not a whole number from ${least} to ${most}`,
  badFlag: () => 'is not true or false',
  badChoice: (allowed: readonly string[]) => `is not ${oneOf(allowed)}`,
  badObject: (fields: readonly string[]) =>
    `is not an object of ${fields.join(', ')}`,
  unknownField: (fields: readonly string[]) =>
    `has a field that is none of ${fields.join(', ')}: remove it, or correct its name`,
  badList: () => 'is not a list',
  badEncryptionKey: () =>
    'is not 32 bytes in base64 (make one with: openssl rand -base64 32)',
  badEncryptionKeyId: () =>
    "is not an id: use letters, digits, '.', '_' and '-', at most 32",
  encryptionKeysMissing: () => 'give at least one key: the first one seals',
  badApiKeyId: () => 'is not an id: use 1 to 64 characters',
  badApiKey: () =>
    'is not a key: use at least 16 characters (make one with: openssl rand -base64 32)',
  badScopes: (allowed: readonly string[]) =>
    `is not a list of at least one of ${allowed.join(', ')}`,
  badGuards: () => 'is not a list of guards',
  badGuard: () => 'is neither a guard class nor a guard',
  badKeyAccounts: () =>
    'is not a list of names of accounts; leave it out for all accounts',
  accountsMissing: () => 'give at least one account, or an AccountSource',

  // Accounts and tokens
  unknownAccount: (name: string) =>
    `There is no account "${name}". Add it to the module's \`accounts\` (WECHAT_ACCOUNTS of the app), or correct the name.`,
  accountSourceFailed: () =>
    'The accounts cannot be looked up: the AccountSource of the app has failed. Valid tokens are served from memory meanwhile; see to what it reads the accounts from.',
  badAccount: (which: string, field: string, problem: string) =>
    `The account ${which} of the app's AccountSource cannot be used: ${field ? `its ${field}` : 'it'} ${problem}`,
  otherAccount: () => 'is not the name that was asked for',
  unknownToken: (kind: string, account: string) =>
    `Nothing issues a "${kind}" for the account "${account}". Ask for "access_token" or "access_token:<account>".`,
  isAToken: (name: string) =>
    `"${name}" is a managed token; only the refresher writes it. Save your variable under another name.`,

  // The database
  tablesMissing: (code: string) =>
    `The tables system_var and token_event are not there, or lack columns (${code}). Run the module's migrations: put ...wechatTokenMigrations among those of the DataSource; TypeORM's synchronize leaves these tables alone.`,
  storeFailed: (code: string) =>
    `The database could not be asked (${code}). Valid tokens are served from memory meanwhile; check the database and its address.`,
  sealKeyMissing: (name: string, keyId: string) =>
    `The stored value of "${name}" is encrypted with the key "${keyId}", which is not configured. Add that key to encryptionKeys (TOKEN_ENCRYPTION_KEYS); if it is lost, delete the row to have a new token fetched.`,
  sealBroken: (name: string, keyId: string) =>
    `The stored value of "${name}" does not open with its key "${keyId}": the key's bytes are others, or the row was changed. Correct the key, or delete the row to have a new token fetched.`,
  resealContended: (name: string) =>
    `The stored value of "${name}" kept changing and was not sealed anew. Run it again.`,

  // Waiting for a token
  timedOut: (name: string, timeoutMs: number) =>
    `No valid "${name}" within ${timeoutMs} ms. A renewal is still under way; try again.`,
  aborted: (name: string) => `The caller gave up waiting for "${name}".`,
  noRefresher: (name: string) =>
    `"${name}" is not valid, and no refresher has renewed it. This replica is a reader and never calls WeChat: start a refresher (role "refresher", WECHAT_ROLE) on this database.`,
  nobodyRenewed: (name: string) =>
    `"${name}" is not valid, and the replica that holds its lease has not renewed it yet. Try again.`,
  readerCannotRefresh: (name: string) =>
    `This replica is a reader and never calls WeChat. Ask a refresher to renew "${name}".`,
  stopTimedOut: (timeoutMs: number) =>
    `What was under way did not end within ${timeoutMs} ms; the leases lapse by themselves.`,
  shuttingDown: () =>
    'This process is shutting down and renews no more tokens.',
  coolingDown: (name: string, reason: string, seconds: number | undefined) =>
    `"${name}" is not valid, and its renewal ${seconds === undefined ? 'has stopped until its cause is mended' : `waits ${seconds} s more`}: ${reason}`,
  rejectedAgain: () =>
    'WeChat has refused one token after the other, and without the database they are not counted. See that the database is back, and whether another system fetches tokens for the same appid.',
  withoutLease: () =>
    'asked without a lease: neither the database nor the replica that holds the lease answered',
  renewalFailed: (name: string, reason: string) =>
    `"${name}" could not be renewed: ${reason}`,

  // Events
  reportedInUse: () => 'the token that is in use here',
  reportedLate: (inUse: string | undefined) =>
    inUse === undefined
      ? 'no token is in use here'
      : `late: ${inUse} is in use here`,

  // WeChat's answers
  httpClientNotLoaded: (reason: string) =>
    `WeChat was not asked, since axios could not be loaded (${reason}). Install @nestjs/axios and axios.`,
  upstreamUnreachable: (path: string, host: string, code: string) =>
    `no answer from ${host} to ${path} (${code}). Check the network and api.baseUrl (WECHAT_API_BASE_URL).`,
  upstreamGarbage: (path: string, status: number, start: string) =>
    `the answer to ${path} is not WeChat's JSON (HTTP ${status}, begins with ${JSON.stringify(start)}). Check api.baseUrl (WECHAT_API_BASE_URL) and the proxies in between.`,
  notAToken: (field: string) =>
    `the answer holds neither an error nor a usable ${field}; it was not stored.`,
  issueRefused: (errcode: number, errmsg: string, failureClass: string) =>
    `WeChat answered ${errcode} ${JSON.stringify(errmsg)}. ${advice(errcode, failureClass)}`,
  apiRefused: (path: string, errcode: number, errmsg: string) =>
    `WeChat answered ${path} with ${errcode} ${JSON.stringify(errmsg)}.`,
  stillRejected: (name: string) =>
    `WeChat keeps answering with the rejected "${name}". Look at the account in WeChat's console.`,

  // HTTP
  noRoute: (method: string, path: string) => `Cannot ${method} ${path}`,
  unforeseen: () => 'Something unforeseen went wrong; the log says when.',
  unreadableBody: () =>
    'The request could not be read: send a body that is JSON, with the content type application/json.',
  badRequest: () => 'The request is not what it should be: see `errors`.',
  badAfter: () => 'is not the `next` of a page of tokens',
  badBefore: () => 'is not the `next` of a page of events',
  badFingerprint: () =>
    'is not a fingerprint: the first 8 hexadecimal digits, in small letters, of the SHA-256 of a token',
  badReason: (most: number) => `is not a text of at most ${most} characters`,
  badToken: (most: number) =>
    `is not a token: a text of 1 to ${most} characters`,
  keyMissing: () =>
    'An API key is needed: send it as "Authorization: Bearer <key>" or "X-API-Key: <key>".',
  keyWrong: () =>
    'The API key is none of those that are configured. Compare it with http.apiKeys (API_KEYS of the app).',
  wrongKeysTooOften: () =>
    'Too many wrong API keys came from this address; for a while no new one is looked at.',
  scopeMissing: (scope: string) =>
    `The API key lacks the scope "${scope}". Add it to the key's scopes, or use another key.`,
  accountForbidden: () =>
    'The API key is for other accounts. Add this one to its accounts, or use another key.',
  guardRefused: () => "The app's guard does not let you in.",
  tooManyStreams: (most: number) =>
    `${most} consoles are open, and no more can be. Close one, or try again later.`,
  tooManyOwnStreams: (most: number) =>
    `${most} consoles are open in your name, and no more can be. Close one, or try again later.`,

  // Budgets
  forceSpent: (name: string, budget: number, seconds: number) =>
    `"${name}" was force-renewed ${budget} times today, which is all WeChat allows. The next is possible in ${seconds} s.`,
  forceTooSoon: (name: string, seconds: number) =>
    `"${name}" was force-renewed less than 30 s ago. The next is possible in ${seconds} s.`,
  rejectedTooOften: (name: string, count: number) =>
    `WeChat has rejected ${count} tokens "${name}" in a row within their life. Renewals pause, to save the quota: see whether another system fetches tokens for the same appid, and whether the account is in order.`,
} as const;

/** `"a", "b" or "c"` */
function oneOf(values: readonly string[]): string {
  const quoted = values.map((value) => `"${value}"`);
  const last = quoted.pop() ?? '';
  return quoted.length > 0 ? `${quoted.join(', ')} or ${last}` : last;
}

function advice(errcode: number, failureClass: string): string {
  // 40001 has two meanings; this one is about the token that was sent, not the secret.
  if (failureClass === 'rejected') return ADVICE.rejected;
  switch (errcode) {
    case 40001:
    case 40125:
    case 41004:
      return 'Correct the appSecret (WECHAT_APP_SECRET, or appSecret in WECHAT_ACCOUNTS) and restart; no call is made until then.';
    case 40013:
    case 41002:
      return 'Correct the appId (WECHAT_APP_ID, or appId in WECHAT_ACCOUNTS) and restart; no call is made until then.';
    case 40243:
      return "The AppSecret is frozen: unfreeze it in WeChat's console, then refresh the token by hand (TokenRefresher.refresh).";
    default:
      return ADVICE[failureClass] ?? 'It is tried again.';
  }
}

const ADVICE: Readonly<Record<string, string>> & { rejected: string } = {
  transient: 'It is tried again by itself.',
  credentials:
    "Check the account's appId, appSecret and mode; no call is made until they change.",
  ip: "Add this machine's IP to the whitelist in WeChat's console; it is tried again later.",
  quota:
    "The day's quota is spent: it is tried again after midnight, China time. See who else fetches tokens for this appid.",
  account:
    "See to the account in WeChat's console; it is tried again once an hour.",
  rejected: 'The token it needs is renewed first.',
};
