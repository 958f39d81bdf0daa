// What the pictures of the console show: a fleet in which most is well, and a week of counts.
import { setTimeout as sleep } from 'node:timers/promises';
import { openDatabase } from '../dist/config/database.js';
import { FakeWechat } from '../dist/testing/index.js';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

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

/** As the app names its replicas: host name, process id, and a random part. */
const REPLICAS = ['token-1:70:c81f22b9', 'token-2:71:5d1e8a04'];
const REFUSED =
  'WeChat answered 40164 "invalid ip 203.0.113.7 ipv6 ::ffff:203.0.113.7, not in whitelist"';

export const ACCOUNTS = NAMES.map(([name, kind], index) => ({
  ...(name && { name }),
  kind,
  appId: `wx${(0x9c41_7be2_03d5 + index * 0x1d_3f97_a6b1).toString(16).padStart(16, 'd')}`,
  appSecret: `secret-of-${name ?? 'default'}-0123456789abcdef`,
  ...(name === 'kiosk' && { mode: 'classic' }),
}));

/** Minutes: how long ago the token was issued, and what it does next. Those that are not listed are in the middle of their life. */
const STATES = {
  'access_token:clinic': { issued: 116, leaseSeconds: 3000 },
  'access_token:live': { issued: 115.4 },
  'access_token:news': { issued: 117, failures: 4, nextAttempt: 2.5 },
  'access_token:school': { issued: 96, failures: 2, nextAttempt: 41 },
  'access_token:shop': { issued: 151, failures: 7, nextAttempt: 12 },
};

/** Hours of the last week in which something failed, by token: how often, and with what class. */
const INCIDENTS = [
  { name: 'access_token:news', hours: [0, 1], class: 'ip', count: 2 },
  {
    name: 'access_token:shop',
    hours: [0, 1, 2],
    class: 'credentials',
    count: 3,
  },
  { name: 'access_token:school', hours: [0], class: 'quota', count: 2 },
  { name: 'access_token:news', hours: [29, 30], class: 'transient', count: 3 },
  { name: 'access_token:news', hours: [101], class: 'transient', count: 4 },
  { name: 'access_token:member', hours: [7], class: 'transient', count: 2 },
  { name: 'access_token:travel', hours: [7, 8], class: 'transient', count: 1 },
];

export function startPlatform() {
  return FakeWechat.start({ accounts: ACCOUNTS });
}

/** Lets the app get its tokens and its failures, and then moves the instants of its rows to where the pictures want them. */
export async function pictured({ wechat, url, key, database }) {
  const headers = {
    authorization: `Bearer ${key}`,
    'content-type': 'application/json',
  };
  const admin = `${url}/admin/wechat-tokens`;
  const refresh = (name) =>
    fetch(`${admin}/${name}/refresh`, {
      method: 'POST',
      headers,
      body: JSON.stringify({ reason: 'moved to the new server' }),
    });
  await until(async () => {
    const { items } = await (await fetch(admin, { headers })).json();
    const isWhole = items.length === ACCOUNTS.length;
    return isWhole && items.every(({ status }) => status === 'valid') && items;
  });
  const refusals = { news: 40164, shop: 40125, school: 45009 };
  for (const [account, errcode] of Object.entries(refusals)) {
    const { appId } = ACCOUNTS.find(({ name }) => name === account);
    wechat.inject('stable', { errcode }, { appId, times: Infinity });
    await refresh(`access_token:${account}`);
  }
  const dataSource = await openDatabase(database, false);
  await moveRows(dataSource);
  await addHours(dataSource);
  await addEvents(dataSource);
  await dataSource.destroy();
}

async function moveRows(dataSource) {
  const rows = await dataSource.query(
    "SELECT name FROM system_var WHERE name LIKE 'access_token%' ORDER BY name",
  );
  for (const [index, { name }] of rows.entries()) {
    const state = STATES[name] ?? {};
    const issued = state.issued ?? 8 + ((index * 37) % 100);
    const instants = {
      issued_at: -issued * MINUTE,
      updated_at: -issued * MINUTE,
      refresh_at: (115 - issued) * MINUTE,
      expires_at: (120 - issued) * MINUTE,
      // Nothing is to be renewed while the pictures are taken.
      next_at: DAY,
      lease_until: state.leaseSeconds && state.leaseSeconds * 1000,
      next_attempt_at: state.nextAttempt && state.nextAttempt * MINUTE,
    };
    const set = Object.entries(instants).filter(([, ms]) => ms !== undefined);
    const owner = state.leaseSeconds ? REPLICAS[1] : null;
    await dataSource.query(
      `UPDATE system_var SET ${set.map(([column]) => `${column} = ?`).join(', ')},
        version = ?, failure_count = ?, lease_owner = COALESCE(?, lease_owner) WHERE name = ?`,
      [
        ...set.map(([, ms]) => text(ms)),
        1400 + index * 7,
        state.failures ?? 0,
        owner,
        name,
      ],
    );
  }
}

/** A renewal about every two hours of each token, less in the hours of an incident. */
async function addHours(dataSource) {
  for (const [index, { name: account }] of ACCOUNTS.entries()) {
    const name = account ? `access_token:${account}` : 'access_token';
    for (let ago = 0; ago < 168; ago++) {
      const incident = INCIDENTS.find(
        (one) => one.name === name && one.hours.includes(ago),
      );
      if (incident)
        await addHour(
          dataSource,
          ago,
          name,
          'failed',
          incident.class,
          incident.count,
          60,
        );
      else if ((ago + index) % 2 === 0)
        await addHour(
          dataSource,
          ago,
          name,
          'refreshed',
          '',
          1,
          38 + ((ago * 7 + index * 13) % 29),
        );
    }
  }
}

async function addHour(
  dataSource,
  ago,
  name,
  outcome,
  failureClass,
  count,
  latency,
) {
  const hour = Math.floor(Date.now() / HOUR) * HOUR - ago * HOUR - Date.now();
  for (const each of [name, `@${REPLICAS[ago % 2]}`])
    await dataSource.query(
      `INSERT INTO token_hour (hour, name, outcome, class, count, latency_sum) VALUES (?, ?, ?, ?, ?, ?)
        ON CONFLICT (hour, name, outcome, class) DO UPDATE SET
          count = token_hour.count + excluded.count, latency_sum = token_hour.latency_sum + excluded.latency_sum`,
      [text(hour), each, outcome, failureClass, count, count * latency],
    );
}

/** The history of the token of which there is a picture. */
async function addEvents(dataSource) {
  const name = 'access_token:news';
  const [one, two] = REPLICAS;
  const events = [
    [4, 'failed', one, 41, REFUSED],
    [19, 'failed', one, 44, REFUSED],
    [117, 'refreshed', two, 52, null],
    [232, 'refreshed', one, 47, null],
    [301, 'forced', 'ops', null, 'the old secret had leaked'],
    [301, 'refreshed', one, 61, null],
    [347, 'refreshed', one, 39, null],
    [462, 'refreshed', two, 45, null],
  ];
  for (const [minutes, type, actor, latency, detail] of events.toReversed())
    await dataSource.query(
      'INSERT INTO token_event (name, at, type, actor, fingerprint, latency, detail) VALUES (?, ?, ?, ?, ?, ?, ?)',
      [
        name,
        text(-minutes * MINUTE),
        type,
        actor,
        fingerprint(minutes),
        latency,
        detail,
      ],
    );
}

const fingerprint = (seed) =>
  (Math.imul(Math.floor(seed) + 3, 0x9e37_79b1) >>> 0)
    .toString(16)
    .padStart(8, '0');

/** An instant so many milliseconds from now, as SQLite's columns hold it. */
function text(fromNow) {
  return new Date(Date.now() + fromNow)
    .toISOString()
    .replace('T', ' ')
    .slice(0, 23);
}

async function until(condition) {
  for (;;) {
    const found = await condition();
    if (found) return found;
    await sleep(100);
  }
}
