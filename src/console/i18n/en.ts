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
  loading: 'Loading…',
  none: '–',
  close: 'Close',
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
    wrong:
      'The server does not know this key. Compare it with API_KEYS (http.apiKeys).',
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
    noRefreshScope:
      'This key may only read: it lacks the scope tokens:refresh.',
    notFound: 'There is no such token.',
    tooMany: (wait: string) => `Too many requests. Try again in ${wait}.`,
    unavailable: 'The server cannot do this at the moment.',
    database: 'The server cannot reach its database.',
    upstream: 'WeChat refused.',
    server: 'The server failed. Its log says more.',
    invalid: 'The server did not accept the request.',
    words: "The server's words",
  },

  connection: {
    connecting: 'Connecting…',
    live: 'Live',
    paused: 'Paused',
    lost: 'Connection lost',
    lostMore: 'What you see may be out of date.',
    retryIn: (wait: string) => `Reconnecting in ${wait}`,
    retrying: 'Reconnecting…',
    retryNow: 'Reconnect now',
    restored: 'Connected again.',
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
    'cooling-down': 'Served; the last renewal failed, and the next one waits',
    expired: 'Not served any more',
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
    last24h: 'last 24 hours',
    wechat: 'WeChat',
    wechatStates: {
      ok: 'Answers',
      degraded: 'Answers in part',
      failing: 'Failing',
      idle: 'No calls in two hours',
    },
    database: 'Database',
    databaseAnswers: (latency: string) => `answers in ${latency}`,
    replica: 'Answered by',
    roles: { refresher: 'refresher', reader: 'reader' } as Readonly<
      Record<string, string>
    >,
    holders: 'Lease holders of the last day',
    holdersNone: 'No leases in the last day',
    renewed: (count: string) =>
      `${count} ${count === '1' ? 'renewal' : 'renewals'}`,
  },

  list: {
    title: 'Tokens',
    total: (count: string) => `${count} in all`,
    search: 'Search by name or appid',
    kind: 'Kind',
    allKinds: 'All kinds',
    clear: 'Clear filters',
    columns: {
      token: 'Token',
      status: 'Status',
      life: 'Life',
      source: 'Source',
      renewed: 'Last renewal',
      lease: 'Lease',
      failures: 'Failures',
    },
    caption: 'Tokens, the worst first',
    order: 'Worst first',
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
    expiredAgo: (time: string) => `Expired ${time}`,
  },

  token: {
    back: 'All tokens',
    failed: 'The token could not be loaded',
    account: 'Account',
    appId: 'AppID',
    kind: 'Kind',
    source: 'Source',
    fingerprint: 'Fingerprint',
    masked: 'Masked',
    version: 'Version',
    renewed: 'Last renewal',
    lease: 'Lease',
    leaseFree: 'Free',
    leaseUntil: (time: string) => `until ${time}`,
    lifeTitle: 'Life',
    lastError: 'Last error',
    errorAt: (time: string) => `Last seen ${time}`,
    address: 'IP address for the whitelist',
    copyAddress: 'Copy IP address',
  },

  refresh: {
    title: 'Refresh',
    intro:
      'Asks WeChat in normal mode: a token that still has life is kept, and nobody is cut off.',
    introClassic:
      'In classic mode WeChat issues a new token with each call, so the server asks only when this one is due.',
    reason: 'Reason',
    reasonHint: 'For the history; optional',
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
      'The current token ends at once. Whoever keeps a copy of it fails with 40001 until it has the new one.',
    hurtsClassic:
      'WeChat issues a new token and ends the current one within five minutes. Whoever keeps a copy of it fails with 40001 from then on.',
    safe: 'Programs that ask this server get the new token within a second.',
    spends: (left: string, limit: string) =>
      `This spends one of the day's ${limit} forced renewals, of which ${left} are left.`,
    spendsUnknown: "This spends one of the day's 20 forced renewals.",
    typeName: (name: string) => `Type ${name} to confirm`,
    reason: 'Reason',
    submit: 'Force a new token',
    busy: 'Forcing…',
  },

  budget: {
    title: 'Forced renewals',
    left: (left: string, limit: string) => `${left} of ${limit} left today`,
    resets: (local: string, wait: string) => `Begins anew ${local}, in ${wait}`,
    china: (time: string) => `${time} in China, where WeChat's day ends`,
  },

  quota: {
    title: "WeChat's quota",
    intro: "Asks WeChat for this appid's counters. The request itself counts.",
    submit: 'Ask WeChat',
    busy: 'Asking…',
    failed: 'The quota could not be read',
    endpoint: 'Endpoint',
    used: 'Used',
    remain: 'Left',
    limit: 'Limit',
    refused: (errcode: string) => `WeChat answered ${errcode}`,
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
      `None among the last ${count} events, back to ${since}`,
    end: 'The history ends here; events are kept for 30 days.',
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
