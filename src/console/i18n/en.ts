import { failuresEn } from './failures.en.js';

/** Every sentence of the console. `zh.ts` has the same keys, by its type. */
export const en = {
  product: 'WeChat tokens',
  skip: 'Skip to content',
  language: 'Language',
  theme: {
    label: 'Theme',
    system: 'System',
    light: 'Light',
    dark: 'Dark',
  },
  signOut: 'Sign out',
  tryAgain: 'Try again',
  none: '–',
  cancel: 'Cancel',
  copy: 'Copy',
  copied: 'Copied',
  failures: failuresEn,

  signIn: {
    title: 'Sign in',
    intro: 'Use an API key that has the scope tokens:read.',
    key: 'API key',
    submit: 'Sign in',
    busy: 'Signing in…',
    stays: 'The key stays in this tab and is forgotten when you close it.',
    empty: 'Enter an API key.',
    wrong: 'Unknown key. Compare it with API_KEYS (http.apiKeys).',
    noScope:
      'This key lacks the scope tokens:read. Add the scope to the key, or use another one.',
    tooMany: (wait: string) =>
      `Too many wrong keys were sent from your network. Try again in ${wait}.`,
    away: 'The server does not answer. Check that it runs and that you can reach it, then try again.',
    ended: 'The key is no longer accepted. Sign in with another one.',
  },

  problem: {
    away: 'The server does not answer.',
    forbidden: 'You are not allowed to do this.',
    noRefreshScope: 'This key lacks the scope tokens:refresh.',
    notFound: 'There is no such token.',
    tooMany: (wait: string) => `Too many requests. Try again in ${wait}.`,
    unavailable: 'The server cannot do this at the moment.',
    upstream: 'WeChat refused the request.',
    server: 'The server failed. See its log for details.',
    invalid: 'The server did not accept the request.',
    words: 'Server message',
  },

  connection: {
    connecting: 'Connecting…',
    live: 'Live',
    paused: 'Paused',
    lost: 'Connection lost',
    lostMore: 'What you see may be out of date.',
    tooMany: 'This key has too many live pages. Close one.',
    retryIn: (wait: string) => `Reconnecting in ${wait}`,
    retrying: 'Reconnecting…',
    retryNow: 'Reconnect now',
    restored: 'Reconnected.',
    refused: 'No live updates',
  },

  status: {
    valid: 'Valid',
    due: 'Due',
    refreshing: 'Refreshing',
    'cooling-down': 'Cooling down',
    expired: 'Expired',
    missing: 'Missing',
  },
  statusMeans: {
    valid: 'Served; not yet due',
    due: 'Served, and renewed in the background',
    refreshing: 'A replica holds the lease and renews it',
    'cooling-down': 'Served; the last renewal failed; a retry is scheduled',
    expired: 'No longer served',
    missing: 'No readable token is stored',
  },

  kinds: {
    'official-account': 'Official account',
    'mini-program': 'Mini program',
  } as Readonly<Record<string, string>>,

  fleet: {
    title: 'Fleet',
    statuses: 'Status',
    renewals: 'Renewals',
    failures: 'Failures',
    last24h: 'Last 24 hours',
    wechat: 'WeChat',
    wechatStates: {
      ok: 'Reachable',
      degraded: 'Degraded',
      failing: 'Failing',
      idle: 'No calls in the last 2 hours',
    },
    database: 'Database',
    databaseAnswers: (latency: string) => latency,
    replica: 'Served by',
    roles: { refresher: 'refresher', reader: 'reader' } as Readonly<
      Record<string, string>
    >,
    holders: 'Lease holders, last 24 hours',
    holdersNone: 'No leases in the last 24 hours',
    renewed: (count: string) =>
      `${count} ${count === '1' ? 'renewal' : 'renewals'}`,
  },

  list: {
    title: 'Tokens',
    total: (count: string) => `${count} total`,
    search: 'Search by name or appid',
    kind: 'Kind',
    allKinds: 'All kinds',
    clear: 'Clear filters',
    columns: {
      token: 'Token',
      status: 'Status',
      life: 'Lifetime',
      source: 'Fingerprint',
      renewed: 'Last renewal',
      lease: 'Lease',
      failures: 'Failures',
    },
    caption: 'Tokens, sorted by severity',
    order: 'Sorted by severity',
    held: 'The order has changed',
    reorder: 'Sort again',
    failuresInARow: (count: string) => `${count} in a row`,
    nextAttempt: (wait: string) => `next attempt in ${wait}`,
    nextAttemptNow: 'next attempt now',
    empty: 'No tokens yet',
    emptyMore:
      'A token appears with its first renewal. Check that an account is configured (WECHAT_APP_ID or WECHAT_ACCOUNTS) and that a refresher runs.',
    noMatch: 'No token matches the filters',
    failed: 'The list could not be loaded',
    previous: 'Previous',
    next: 'Next',
    pages: 'Pages',
    range: (from: string, to: string) => `${from} to ${to}`,
    shown: (count: string) => `${count} tokens shown.`,
  },

  life: {
    label: (issued: string, due: string, expires: string) =>
      `Issued ${issued}, due ${due}, expires ${expires}`,
    none: 'No token is stored',
    issued: 'Issued',
    now: 'Now',
    due: 'Due',
    expires: 'Expires',
    left: (wait: string) => `${wait} left`,
    over: 'Expired',
  },

  token: {
    back: 'All tokens',
    failed: 'The token could not be loaded',
    account: 'Account',
    appId: 'AppID',
    kind: 'Kind',
    source: 'Source',
    fingerprint: 'Fingerprint',
    masked: 'Masked value',
    version: 'Version',
    renewed: 'Last renewal',
    lease: 'Lease',
    leaseFree: 'Not held',
    leaseUntil: (time: string) => `until ${time}`,
    lifeTitle: 'Life',
    lastError: 'Last error',
    address: 'IP address for the whitelist',
    copyAddress: 'Copy IP address',
  },

  refresh: {
    title: 'Refresh',
    intro:
      'Requests a token in normal mode. WeChat returns the current token while it is valid, so no client is interrupted.',
    introClassic:
      'In classic mode WeChat issues a new token on every call, so the server calls only when this one is due.',
    reason: 'Reason',
    reasonHint: 'Optional; recorded in the history',
    submit: 'Refresh',
    busy: 'Refreshing…',
    force: 'Force…',
    failed: 'The refresh failed',
    outcomes: {
      refreshed: (fingerprint: string) =>
        `Refreshed: the token is now ${fingerprint}.`,
      unchanged: (fingerprint: string) =>
        `Unchanged: ${fingerprint} is still the current token.`,
      superseded: (fingerprint: string) =>
        `Another replica, or an earlier call, has renewed it already: the token is ${fingerprint}.`,
    },
  },

  force: {
    title: 'Force a new token?',
    hurts:
      'The current token becomes invalid at once. Any client that holds a copy fails with 40001 until it has the new one.',
    hurtsClassic:
      'WeChat issues a new token and ends the current one within five minutes. Any client that holds a copy fails with 40001 from then on.',
    safe: 'Clients of this server get the new token within a second.',
    spends: (left: string, limit: string) =>
      `This uses one of the day's ${limit} forced renewals, of which ${left} are left.`,
    spendsUnknown: "This uses one of the day's 20 forced renewals.",
    typeName: (name: string) => `Type ${name} to confirm`,
    reason: 'Reason',
    submit: 'Force a new token',
    busy: 'Forcing…',
  },

  budget: {
    title: 'Forced renewals',
    left: (left: string, limit: string) => `${left} of ${limit} left today`,
    resets: (local: string, wait: string) => `Resets in ${wait} (${local})`,
    china: (time: string) => `${time} China time (UTC+8)`,
  },

  quota: {
    title: "WeChat's quota",
    intro: 'Reads the counters from WeChat. The request itself counts.',
    submit: 'Check quota',
    busy: 'Checking…',
    failed: 'The quota could not be read',
    endpoint: 'Endpoint',
    used: 'Used',
    remain: 'Left',
    limit: 'Limit',
    refused: (errcode: string) => `WeChat returned ${errcode}`,
  },

  history: {
    title: 'History',
    filter: 'Show',
    filters: {
      all: 'All events',
      renewals: 'Renewals',
      failures: 'Failures',
      operators: 'By operators',
      reports: 'Rejections',
    },
    columns: {
      at: 'Time',
      type: 'Event',
      actor: 'Actor',
      fingerprint: 'Fingerprint',
      latency: 'Latency',
      detail: 'Detail',
    },
    types: {
      asked: 'Refresh requested',
      reported: 'Reported as rejected',
      unconfirmed: 'Report not confirmed',
      refreshed: 'Renewed',
      failed: 'Failed',
      forced: 'Forced',
      rejected: 'Rejected by WeChat',
      'lease-lost': 'Lease lost',
      restored: 'Row restored',
    } as Readonly<Record<string, string>>,
    older: 'Load older',
    empty: 'No events yet',
    noMatch: (count: string, since: string) =>
      `No matches in the last ${count} events, back to ${since}`,
    end: 'End of history. Events are kept for 30 days.',
    failed: 'The history could not be loaded',
  },

  stats: {
    title: 'Last 7 days',
    renewals: 'Renewals',
    failures: 'Failures',
    latency: 'Latency',
    mean: 'mean',
    failed: 'The counts could not be loaded',
    summary: (what: string, total: string, period: string) =>
      `${what}, ${period}: ${total}`,
    nothing: 'none',
  },

  units: {
    d: 'd',
    h: 'h',
    min: 'min',
    s: 's',
    ms: 'ms',
    gap: ' ',
    ago: (time: string) => `${time} ago`,
    in: (time: string) => `in ${time}`,
    now: 'just now',
  },
};

export type Texts = typeof en;
