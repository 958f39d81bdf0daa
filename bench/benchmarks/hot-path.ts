import { FakeWechat } from '../../src/testing/index.js';
import type { HotPathInput } from '../children/hot-path.input.js';
import { benchAccounts, storeTokens } from '../harness/accounts.js';
import type { Benchmark, Figure, Measurements } from '../harness/benchmark.js';
import type { Timed } from '../harness/candidate.js';
import { Child } from '../harness/child.js';
import { medianOf, ratiosOf } from '../harness/statistics.js';
import { temporaryFolder } from '../harness/temporary-folder.js';

const MANY = 10_000;
const TIMING = { rounds: 21, blockMs: 60 };
const CHILD = new URL('../children/hot-path.child.js', import.meta.url);

const LABELS: Readonly<Record<string, string>> = {
  floor: 'floor: await of an async function of a constant',
  'ready-promise': 'await of a promise that is there',
  clock: 'one read of the clock',
  ours: 'ours, 1 account',
  'co-wechat-api': 'co-wechat-api, 1 account',
  'nest-wechat': 'nest-wechat, 1 account',
  'node-easywechat': 'node-easywechat, 1 account, in its file',
  'node-easywechat-memory': 'node-easywechat, 1 account, in a Map',
  'map-many': 'await of a promise from a Map of 10,000, at random',
  'ours-one-of-many': 'ours, one of 10,000 accounts',
  'ours-many': 'ours, 10,000 accounts at random',
  'co-wechat-api-many': 'co-wechat-api, 10,000 accounts at random',
  'nest-wechat-many': 'nest-wechat, 10,000 accounts at random',
};
const FLOORS = ['floor', 'ready-promise', 'clock'];
const PEERS = ['co-wechat-api', 'nest-wechat', 'node-easywechat-memory'];
const PEERS_OF_MANY = ['co-wechat-api-many', 'nest-wechat-many'];
/** Candidates with comparable allocations: `clock` returns no promise, and file content is allocated outside the heap. */
const ALLOCATING = ['ready-promise', 'floor', 'ours', 'ours-many', ...PEERS];

export const benchmark: Benchmark = {
  name: 'hot-path',
  title: 'A read with the token in memory',
  run: async () => {
    using folder = temporaryFolder();
    await using wechat = await FakeWechat.start();
    const [account, ...accounts] = benchAccounts(MANY + 1);
    if (!account) throw new Error('no account');
    wechat.addAccount(account);
    const databaseUrl = `sqlite:${folder.path}/many.sqlite`;
    const tokens = await storeTokens(databaseUrl, wechat, accounts);
    await using child = Child.start(CHILD);
    await child.ask('prepare', {
      wechatUrl: wechat.baseUrl,
      one: { databaseUrl: `sqlite:${folder.path}/one.sqlite`, account },
      many: { databaseUrl, accounts, tokens },
      folder: folder.path,
    } satisfies HotPathInput);
    const times = await child.ask<Timed[]>('time', TIMING);
    const bytes = await child.ask<Record<string, number>>(
      'allocations',
      ALLOCATING,
    );
    return measurements(times, bytes);
  },
};

function measurements(
  times: readonly Timed[],
  bytes: Readonly<Record<string, number>>,
): Measurements {
  const of = (key: string) =>
    times.find((one) => one.key === key)?.values ?? [];
  const byMedian = (a: string, b: string) => medianOf(of(a)) - medianOf(of(b));
  const fastestOf = (keys: readonly string[]) =>
    of(keys.toSorted(byMedian)[0] ?? '');
  const ratio = (key: string, label: string, values: number[]): Figure => ({
    key,
    label,
    unit: '×',
    values,
  });
  const timeKeys = Object.keys(LABELS);
  return {
    figures: [
      ...timeKeys.map((key) => ({
        key,
        label: LABELS[key] ?? key,
        unit: 'ns',
        values: of(key),
        isOurs: key.startsWith('ours'),
      })),
      ...ALLOCATING.map((key) => ({
        key: `${key}-bytes`,
        label: LABELS[key] ?? key,
        unit: 'bytes',
        values: [bytes[key] ?? NaN],
        isOurs: key.startsWith('ours'),
      })),
    ],
    ratios: [
      ratio(
        'to-floor',
        'ours to the floor, 1 account',
        ratiosOf(of('ours'), of('floor')),
      ),
      ratio(
        'one-of-many-to-floor',
        'ours to the floor, one of 10,000 accounts',
        ratiosOf(of('ours-one-of-many'), of('floor')),
      ),
      ratio(
        'many-to-floor',
        'ours to the floor, 10,000 accounts at random',
        ratiosOf(of('ours-many'), of('floor')),
      ),
      ratio(
        'map-to-floor',
        'a Map of promises to the floor, 10,000 at random',
        ratiosOf(of('map-many'), of('floor')),
      ),
      ratio(
        'many-to-map',
        'ours to a Map of promises, 10,000 accounts at random',
        ratiosOf(of('ours-many'), of('map-many')),
      ),
      ratio(
        'peer',
        'the fastest peer to ours, 1 account',
        ratiosOf(fastestOf(PEERS), of('ours')),
      ),
      ratio(
        'peer-many',
        'the fastest peer to ours, 10,000 accounts at random',
        ratiosOf(fastestOf(PEERS_OF_MANY), of('ours-many')),
      ),
    ],
    goals: [
      {
        text: 'at most 1.5 × the floor, 1 account',
        figure: 'to-floor',
        bound: 'at most',
        value: 1.5,
      },
      {
        text: 'at most 1.5 × the floor, one of 10,000 accounts again and again',
        figure: 'one-of-many-to-floor',
        bound: 'at most',
        value: 1.5,
      },
      {
        text: 'at most 1.25 × a Map of promises, 10,000 accounts at random',
        figure: 'many-to-map',
        bound: 'at most',
        value: 1.25,
      },
      {
        text: 'at least 2 × as fast as the fastest peer, 1 account',
        figure: 'peer',
        bound: 'at least',
        value: 2,
      },
      {
        text: 'at least 2 × as fast as the fastest peer, 10,000 accounts at random',
        figure: 'peer-many',
        bound: 'at least',
        value: 2,
      },
    ],
    charts: [
      {
        title: 'Time for one read, 1 account',
        figures: [...FLOORS, 'ours', 'ours-one-of-many', 'co-wechat-api'],
      },
      {
        title: 'The same, with the slower peers',
        figures: [
          'ours',
          'nest-wechat',
          'node-easywechat-memory',
          'node-easywechat',
        ],
      },
      {
        title: 'Time for one read, 10,000 accounts at random',
        figures: ['floor', 'map-many', 'ours-many', ...PEERS_OF_MANY],
      },
      {
        title: 'Allocated for one read, its await included',
        figures: ALLOCATING.map((key) => `${key}-bytes`),
      },
    ],
    versions: {},
  };
}
