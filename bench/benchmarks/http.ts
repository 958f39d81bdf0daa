import type { Environment } from '../../src/config/settings.js';
import { DEFAULT_FAKE_ACCOUNT, FakeWechat } from '../../src/testing/index.js';
import type { BareInput, Platform } from '../children/http.child.js';
import { rateOf, type Target } from '../children/load.js';
import { benchAccounts, storeTokens } from '../harness/accounts.js';
import type { Benchmark, Figure, Measurements } from '../harness/benchmark.js';
import { type Child, withChildren } from '../harness/child.js';
import { log } from '../harness/log.js';
import { ratiosOf } from '../harness/statistics.js';
import { temporaryFolder } from '../harness/temporary-folder.js';

const REPETITIONS = 9;
const WARM_UP_SECONDS = 3;
const SECONDS = 3;
const MANY = 10_000;
/** Of the many accounts every hundredth is requested. */
const STEP = 100;
const CHILD = new URL('../children/http.child.js', import.meta.url);
const KEY = 'bench-key-0123456789abcdefghijklmnop';

const LABELS = {
  bare: 'bare Nest route, Express',
  ours: '/cgi-bin/token, Express',
  many: '/cgi-bin/token, Express, 10,000 accounts',
  named: '/wechat-tokens/access_token, Express',
  'bare-fastify': 'bare Nest route, Fastify',
  'ours-fastify': '/cgi-bin/token, Fastify',
} as const;
type Key = keyof typeof LABELS;
const KEYS = Object.keys(LABELS) as Key[];

type Targets = Readonly<Record<Key, Target>>;
type Rates = Readonly<Record<Key, number[]>>;

export const benchmark: Benchmark = {
  name: 'http',
  title: 'A token over HTTP',
  run: async () => {
    using folder = temporaryFolder();
    await using wechat = await FakeWechat.start();
    return await withChildren(5, CHILD, async (children) =>
      measurements(await timed(await startAll(children, wechat, folder.path))),
    );
  },
};

/** Starts every server in its own process, and checks its responses. */
async function startAll(
  children: readonly Child[],
  wechat: FakeWechat,
  folder: string,
): Promise<Targets> {
  const [app, manyApp, fastifyApp, bareApp, bareFastifyApp] =
    children as readonly [Child, Child, Child, Child, Child];
  const { appId, appSecret } = DEFAULT_FAKE_ACCOUNT;
  const one = { WECHAT_APP_ID: appId, WECHAT_APP_SECRET: appSecret };
  const start = (child: Child, method: string, name: string, more: object) =>
    child.ask<string>(method, settings(wechat, databaseIn(folder, name), more));

  const ours = target(await start(app, 'app', 'one', one), [appId]);
  const many = await startMany(
    (more) => start(manyApp, 'app', 'many', more),
    databaseIn(folder, 'many'),
    wechat,
  );
  const onFastify = target(
    await start(fastifyApp, 'appOnFastify', 'fastify', one),
    [appId],
  );
  const named: Target = {
    url: ours.url,
    paths: ['/wechat-tokens/access_token'],
    headers: { authorization: `Bearer ${KEY}` },
  };
  const [answer] = await answersOf(ours);
  const bare = async (child: Child, platform: Platform) => {
    const input: BareInput = { platform, answer };
    return target(await child.ask<string>('bare', input), [appId]);
  };
  const targets: Targets = {
    ours,
    many,
    named,
    bare: await bare(bareApp, 'Express'),
    'ours-fastify': onFastify,
    'bare-fastify': await bare(bareFastifyApp, 'Fastify'),
  };
  for (const key of KEYS) await check(targets[key], wechat);
  return targets;
}

async function startMany(
  start: (more: object) => Promise<string>,
  databaseUrl: string,
  wechat: FakeWechat,
): Promise<Target> {
  const accounts = benchAccounts(MANY);
  await storeTokens(databaseUrl, wechat, accounts);
  const url = await start({ WECHAT_ACCOUNTS: JSON.stringify(accounts) });
  const asked = accounts.filter((_, index) => index % STEP === 0);
  return target(
    url,
    asked.map(({ appId }) => appId),
  );
}

function databaseIn(folder: string, name: string): string {
  return `sqlite:${folder}/${name}.sqlite`;
}

function settings(
  wechat: FakeWechat,
  databaseUrl: string,
  more: object,
): Environment {
  return {
    PORT: '0',
    DATABASE_URL: databaseUrl,
    LOG_LEVEL: 'error',
    WECHAT_API_BASE_URL: wechat.baseUrl,
    API_KEYS: JSON.stringify([
      { id: 'bench', key: KEY, scopes: ['tokens:issue'] },
    ]),
    ...more,
  };
}

function target(url: string, appIds: readonly string[]): Target {
  const paths = appIds.map(
    (appId) =>
      `/cgi-bin/token?grant_type=client_credential&appid=${appId}&secret=${KEY}`,
  );
  return { url, paths, headers: {} };
}

function answersOf({ url, paths, headers }: Target): Promise<unknown[]> {
  const answers = paths.map(async (path) => {
    const response = await fetch(url + path, { headers });
    return response.json();
  });
  return Promise.all(answers);
}

/** Checks the responses. @throws Error when a path does not return a token that WeChat accepts */
async function check(one: Target, wechat: FakeWechat): Promise<void> {
  for (const answer of await answersOf(one)) {
    const { access_token, value } = answer as Record<string, string>;
    if (!wechat.accepts(access_token ?? value ?? ''))
      throw new Error(`${one.url} answers ${JSON.stringify(answer)}`);
  }
}

/** Measures all targets in each repetition, in alternating order. */
async function timed(targets: Targets): Promise<Rates> {
  for (const key of KEYS) await rateOf(targets[key], WARM_UP_SECONDS);
  const rates: Record<Key, number[]> = {
    bare: [],
    ours: [],
    many: [],
    named: [],
    'bare-fastify': [],
    'ours-fastify': [],
  };
  for (let repetition = 0; repetition < REPETITIONS; repetition++)
    for (const key of repetition % 2 ? KEYS.toReversed() : KEYS) {
      const rate = await rateOf(targets[key], SECONDS);
      log(`  ${LABELS[key]}: ${Math.round(rate)} a second`);
      rates[key].push(rate);
    }
  return rates;
}

function measurements(rates: Rates): Measurements {
  const ratio = (key: string, label: string, of: Key, to: Key): Figure => ({
    key,
    label,
    unit: '×',
    values: ratiosOf(rates[of], rates[to]),
  });
  return {
    figures: KEYS.map((key) => ({
      key,
      label: LABELS[key],
      unit: 'a second',
      values: rates[key],
      isOurs: !key.startsWith('bare'),
    })),
    ratios: [
      ratio('to-bare', 'ours to a bare route, Express', 'ours', 'bare'),
      ratio(
        'many-to-bare',
        'ours with 10,000 accounts to a bare route, Express',
        'many',
        'bare',
      ),
      ratio('many-to-one', '10,000 accounts to 1 account', 'many', 'ours'),
      ratio(
        'fastify-to-bare',
        'ours to a bare route, Fastify',
        'ours-fastify',
        'bare-fastify',
      ),
    ],
    goals: [
      {
        text: 'at least 0.7 × the rate of a bare route, 1 account',
        figure: 'to-bare',
        bound: 'at least',
        value: 0.7,
      },
      {
        text: 'at least 0.7 × the rate of a bare route, 10,000 accounts',
        figure: 'many-to-bare',
        bound: 'at least',
        value: 0.7,
      },
      {
        text: 'at least 0.8 × the rate of a bare route, Fastify',
        figure: 'fastify-to-bare',
        bound: 'at least',
        value: 0.8,
      },
    ],
    charts: [{ title: 'Answers a second', figures: KEYS }],
    versions: {},
  };
}
