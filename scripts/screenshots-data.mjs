// What the pictures of the console show: a fleet in which most is well, and a week of counts.
import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { openDatabase } from '../dist/config/database.js';
import { parseDatabaseUrl } from '../dist/config/database-url.js';
import { FakeWechat } from '../dist/testing/index.js';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
const HOURS = 168;
/** A lease lasts 30 s. */
const LEASE_LEFT = 27_000;
const LEASED = 'access_token:clinic';
const PICTURED = 'access_token:news';
const TICKET = 'jsapi_ticket:member';
/** As the app names its replicas: host name, process id, and a random part. */
const REPLICAS = ['token-1:70:c81f22b9', 'token-2:71:5d1e8a04'];
const REFUSED_ADDRESS =
  'WeChat answered 40164 "invalid ip 203.0.113.7 ipv6 ::ffff:203.0.113.7, not in whitelist"';

const NAMES = [
  [undefined, 'official-account'],
  ['clinic', 'mini-program'],
  ['coupon', 'mini-program'],
  ['game', 'mini-program'],
  ['kiosk', 'official-account'],
  ['live', 'official-account'],
  ['member', 'official-account'],
  ['museum', 'mini-program'],
  ['news', 'official-account'],
  ['podcast', 'official-account'],
  ['school', 'mini-program'],
  ['shop', 'mini-program'],
  ['travel', 'official-account'],
];

const hash = (text) => createHash('sha256').update(text).digest('hex');

const CRM = {
  name: 'crm',
  kind: 'wecom',
  corpId: `ww${hash('the corporation').slice(0, 16)}`,
  agentId: '1000002',
  secret: hash('secret of crm').slice(0, 43),
};

export const ACCOUNTS = [
  ...NAMES.map(([name, kind]) => ({
    ...(name && { name }),
    kind,
    appId: `wx${hash(`appid of ${name}`).slice(0, 16)}`,
    appSecret: hash(`secret of ${name}`).slice(0, 32),
    ...(name === 'kiosk' && { mode: 'classic' }),
    ...(name === 'member' && { tickets: ['jsapi'] }),
  })),
  CRM,
];
const TOKENS = [
  ...ACCOUNTS.map(({ name }) =>
    name ? `access_token:${name}` : 'access_token',
  ),
  TICKET,
];

/** How long ago a token was issued, and what has happened to it since, in minutes. The others are somewhere in their life. */
const STATES = {
  [LEASED]: { issued: 116 },
  'access_token:crm': { issued: 115.2 },
  [TICKET]: { issued: 115.3 },
  [PICTURED]: {
    issued: 116.4,
    failures: 2,
    failedAgo: 0.5,
    nextAttempt: 2.4,
    error: {
      class: 'ip',
      errcode: 40164,
      message: `${REFUSED_ADDRESS}. Add this machine's IP to the whitelist in WeChat's console; it will be retried automatically.`,
    },
  },
  'access_token:school': {
    issued: 96,
    failures: 2,
    failedAgo: 11,
    nextAttempt: 41,
    error: {
      class: 'quota',
      errcode: 45009,
      message: 'WeChat answered 45009 "reach max api daily quota limit".',
    },
  },
  'access_token:shop': {
    issued: 151,
    failures: 7,
    failedAgo: 18,
    nextAttempt: 12,
    error: {
      class: 'credentials',
      errcode: 40125,
      message: 'WeChat answered 40125 "invalid appsecret".',
    },
  },
};

/** In which of the last hours what failed, and how often. */
const INCIDENTS = [
  { name: PICTURED, hours: [0], class: 'ip', count: 2 },
  { name: PICTURED, hours: [29, 30], class: 'transient', count: 3 },
  { name: PICTURED, hours: [101], class: 'transient', count: 4 },
  {
    name: 'access_token:shop',
    hours: [0, 1, 2],
    class: 'credentials',
    count: 3,
  },
  { name: 'access_token:school', hours: [0], class: 'quota', count: 2 },
  { name: 'access_token:member', hours: [7], class: 'transient', count: 2 },
  { name: 'access_token:travel', hours: [7, 8], class: 'transient', count: 1 },
];

export function startPlatform() {
  return FakeWechat.start({ accounts: ACCOUNTS });
}

/** Resolves once the app has its tokens. */
export async function tokensAreThere(url, key) {
  const headers = { authorization: `Bearer ${key}` };
  for (;;) {
    const answer = await fetch(`${url}/admin/wechat-tokens`, { headers });
    const { items } = await answer.json();
    const valid = items.filter(({ status }) => status === 'valid');
    if (valid.length === TOKENS.length) return;
    await sleep(100);
  }
}

/** Moves the instants of the rows to where the pictures want them, and adds what would have been counted in a week. */
export async function writeHistory(databaseUrl) {
  const dataSource = await openBesideTheApp(databaseUrl);
  for (const table of ['token_hour', 'token_event'])
    await dataSource.query(`DELETE FROM ${table}`);
  await moveRows(dataSource);
  await addHours(dataSource);
  await addEvents(dataSource);
  await dataSource.destroy();
}

/** Lets the other replica take a lease a moment ago. */
export async function takeLease(databaseUrl) {
  const dataSource = await openBesideTheApp(databaseUrl);
  await dataSource.query(
    'UPDATE system_var SET lease_until = ?, lease_owner = ? WHERE name = ?',
    [fromNow(LEASE_LEFT), REPLICAS[1], LEASED],
  );
  await dataSource.destroy();
}

async function openBesideTheApp(databaseUrl) {
  const dataSource = await openDatabase(parseDatabaseUrl(databaseUrl), false);
  await dataSource.query('PRAGMA busy_timeout = 5000');
  return dataSource;
}

async function moveRows(dataSource) {
  const rows = await dataSource.query(
    'SELECT name, credential_id FROM system_var WHERE expires_at IS NOT NULL ORDER BY name',
  );
  for (const [index, { name, credential_id }] of rows.entries()) {
    const state = STATES[name] ?? {};
    const { error } = state;
    const issued = state.issued ?? 8 + ((index * 37) % 100);
    const columns = {
      issued_at: fromNow(-issued * MINUTE),
      updated_at: fromNow(-issued * MINUTE),
      refresh_at: fromNow((115 - issued) * MINUTE),
      expires_at: fromNow((120 - issued) * MINUTE),
      next_at: fromNow(DAY),
      version: 1400 + index * 7,
      ...(error && {
        failure_count: state.failures,
        next_attempt_at: fromNow(state.nextAttempt * MINUTE),
        last_error: JSON.stringify({
          ...error,
          credentialId: credential_id,
          at: new Date(Date.now() - state.failedAgo * MINUTE).toISOString(),
        }),
      }),
    };
    const set = Object.keys(columns).map((column) => `${column} = ?`);
    await dataSource.query(
      `UPDATE system_var SET ${set.join(', ')} WHERE name = ?`,
      [...Object.values(columns), name],
    );
  }
}

/** Most tokens are renewed every two hours. */
async function addHours(dataSource) {
  for (const [index, name] of TOKENS.entries()) {
    for (let ago = 0; ago < HOURS; ago++) {
      const incident = INCIDENTS.find(
        (one) => one.name === name && one.hours.includes(ago),
      );
      const latency = 38 + ((ago * 7 + index * 13) % 29);
      const renewed = { outcome: 'refreshed', class: '', count: 1, latency };
      const failed = { outcome: 'failed', latency: 60, ...incident };
      if (incident) await addHour(dataSource, { ...failed, name, ago });
      else if ((ago + index) % 2 === 0)
        await addHour(dataSource, { ...renewed, name, ago });
    }
  }
}

/** Under the token's name, and under that of the replica that has counted it. */
async function addHour(dataSource, { ago, name, outcome, count, ...what }) {
  const begin = Math.floor(Date.now() / HOUR) * HOUR - ago * HOUR;
  for (const each of [name, `@${REPLICAS[ago % 2]}`])
    await dataSource.query(
      `INSERT INTO token_hour (hour, name, outcome, class, count, latency_sum) VALUES (?, ?, ?, ?, ?, ?)
        ON CONFLICT (hour, name, outcome, class) DO UPDATE SET
          count = token_hour.count + excluded.count, latency_sum = token_hour.latency_sum + excluded.latency_sum`,
      [
        fromNow(begin - Date.now()),
        each,
        outcome,
        what.class,
        count,
        count * what.latency,
      ],
    );
}

async function addEvents(dataSource) {
  const [row] = await dataSource.query(
    'SELECT value FROM system_var WHERE name = ?',
    [PICTURED],
  );
  const current = hash(row.value).slice(0, 8);
  const [one, two] = REPLICAS;
  const events = [
    [0.5, 'failed', one, current, 41, REFUSED_ADDRESS],
    [1.3, 'failed', two, current, 44, REFUSED_ADDRESS],
    [116.4, 'refreshed', two, current, 52, null],
    [231.6, 'refreshed', one, '6f1ac02e', 47, null],
    [346.7, 'refreshed', one, 'd3905b18', 39, null],
    [461.9, 'refreshed', one, '20be7f4c', 61, null],
    [461.9, 'forced', 'ops', null, null, null],
    [461.9, 'asked', 'ops', null, null, 'forced: the AppSecret had leaked'],
    [520.3, 'refreshed', two, '9a4417d5', 45, null],
  ];
  for (const [minutes, ...event] of events.toReversed())
    await dataSource.query(
      'INSERT INTO token_event (name, at, type, actor, fingerprint, latency, detail) VALUES (?, ?, ?, ?, ?, ?, ?)',
      [PICTURED, fromNow(-minutes * MINUTE), ...event],
    );
}

/** An instant so many milliseconds from now, as SQLite's columns hold it. */
function fromNow(ms) {
  return new Date(Date.now() + ms).toISOString().replace('T', ' ').slice(0, 23);
}
