import { DEFAULT_FAKE_ACCOUNT, FakeWechat } from '../../src/testing/index.js';
import { type Start, timeStart } from '../children/start-process.js';
import type { Benchmark, Figure, Measurements } from '../harness/benchmark.js';
import { openDatabaseServer } from '../harness/database.js';
import { log } from '../harness/log.js';
import { ratiosOf } from '../harness/statistics.js';

const REPETITIONS = 15;
const OURS = new URL('../children/start-ours.child.js', import.meta.url);
const BARE = new URL('../children/start-bare.child.js', import.meta.url);
const KEY = 'bench-key-0123456789abcdefghijklmnop';
const PATH = `/cgi-bin/token?grant_type=client_credential&appid=${DEFAULT_FAKE_ACCOUNT.appId}&secret=${KEY}`;

export const benchmark: Benchmark = {
  name: 'start',
  title: 'From the start to the first token',
  run: async () => {
    await using server = await openDatabaseServer();
    await using wechat = await FakeWechat.start();
    const settings = settingsFor(await server.createDatabase(), wechat);
    const start = async (file: URL) => {
      const one = await timeStart(file, settings, PATH);
      if (!wechat.accepts(one.token)) throw new Error('not a good token');
      return one;
    };
    // The first start creates the tables and gets the token that all later starts find.
    await start(OURS);
    await start(BARE);
    const callsBefore = wechat.calls.total;
    const ours: Start[] = [];
    const bare: Start[] = [];
    for (let repetition = 0; repetition < REPETITIONS; repetition++) {
      if (repetition % 2) bare.push(await start(BARE));
      ours.push(await start(OURS));
      if (repetition % 2 === 0) bare.push(await start(BARE));
      log(`  ${inWords('ours', ours)}; ${inWords('bare', bare)}`);
    }
    const calls = wechat.calls.total - callsBefore;
    return measurements(ours, bare, calls, server.version);
  },
};

function settingsFor(
  databaseUrl: string,
  wechat: FakeWechat,
): Record<string, string> {
  const { appId, appSecret } = DEFAULT_FAKE_ACCOUNT;
  return {
    PORT: '0',
    DATABASE_URL: databaseUrl,
    LOG_LEVEL: 'error',
    WECHAT_APP_ID: appId,
    WECHAT_APP_SECRET: appSecret,
    WECHAT_API_BASE_URL: wechat.baseUrl,
    API_KEYS: JSON.stringify([
      { id: 'bench', key: KEY, scopes: ['tokens:issue'] },
    ]),
  };
}

function inWords(name: string, starts: readonly Start[]): string {
  return `${name} ${Math.round(starts.at(-1)?.wallMs ?? NaN)} ms`;
}

function measurements(
  ours: readonly Start[],
  bare: readonly Start[],
  calls: number,
  database: string,
): Measurements {
  const of = (starts: readonly Start[], time: 'wallMs' | 'cpuMs') =>
    starts.map((start) => start[time]);
  const figure = (
    key: string,
    label: string,
    unit: string,
    values: readonly number[],
  ): Figure => ({ key, label, unit, values, isOurs: key.startsWith('ours') });
  return {
    figures: [
      figure('ours', 'the app', 'ms', of(ours, 'wallMs')),
      figure('bare', 'a bare app with TypeORM', 'ms', of(bare, 'wallMs')),
      figure('ours-cpu', 'the app, processor', 'ms', of(ours, 'cpuMs')),
      figure(
        'bare-cpu',
        'a bare app with TypeORM, processor',
        'ms',
        of(bare, 'cpuMs'),
      ),
      figure('calls', 'calls to WeChat in all these starts', 'calls', [calls]),
    ],
    ratios: [
      figure(
        'to-bare',
        'the app to a bare one',
        '×',
        ratiosOf(of(ours, 'wallMs'), of(bare, 'wallMs')),
      ),
      figure(
        'cpu-to-bare',
        'the app to a bare one, processor',
        '×',
        ratiosOf(of(ours, 'cpuMs'), of(bare, 'cpuMs')),
      ),
    ],
    goals: [
      {
        text: 'at most 1.3 × the time of a bare app',
        figure: 'to-bare',
        bound: 'at most',
        value: 1.3,
      },
      {
        text: 'no call to WeChat while the stored token is good',
        figure: 'calls',
        bound: 'at most',
        value: 0,
      },
    ],
    charts: [
      {
        title: 'From the start of the process to the first token',
        figures: ['ours', 'bare'],
      },
      {
        title: 'What the process has taken of the processor by then',
        figures: ['ours-cpu', 'bare-cpu'],
      },
    ],
    versions: { database },
  };
}
