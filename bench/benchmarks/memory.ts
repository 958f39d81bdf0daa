import { FakeWechat } from '../../src/testing/index.js';
import type { HeapSteps, MemoryInput } from '../children/memory.child.js';
import { benchAccounts, storeTokens } from '../harness/accounts.js';
import type { Benchmark, Figure } from '../harness/benchmark.js';
import { Child } from '../harness/child.js';
import { temporaryFolder } from '../harness/temporary-folder.js';

const REPETITIONS = 3;
/** The memory of an account is the difference between the two divided by their distance; both include the program itself. */
const [FEW, MANY] = [1000, 100_000];
const CHILD = new URL('../children/memory.child.js', import.meta.url);

export const benchmark: Benchmark = {
  name: 'memory',
  title: 'Memory for each account',
  run: async () => {
    const steps: HeapSteps[] = [];
    for (let repetition = 0; repetition < REPETITIONS; repetition++)
      steps.push(perAccount(await heapWith(FEW), await heapWith(MANY)));
    return {
      figures: figures(steps),
      ratios: [],
      goals: [
        {
          text: 'at most 1,000 bytes for each token in memory',
          figure: 'token',
          bound: 'at most',
          value: 1000,
        },
      ],
      charts: [
        {
          title: 'Heap for each of 100,000 accounts',
          figures: ['token', 'copy', 'list'],
        },
      ],
      versions: {},
    };
  },
};

async function heapWith(count: number): Promise<HeapSteps> {
  using folder = temporaryFolder();
  await using wechat = await FakeWechat.start();
  const databaseUrl = `sqlite:${folder.path}/memory.sqlite`;
  await storeTokens(databaseUrl, wechat, benchAccounts(count));
  await using child = Child.start(CHILD, ['--expose-gc']);
  const wechatUrl = wechat.baseUrl;
  return await child.ask<HeapSteps>('measure', {
    databaseUrl,
    wechatUrl,
    count,
  } satisfies MemoryInput);
}

function perAccount(few: HeapSteps, many: HeapSteps): HeapSteps {
  const of = (step: keyof HeapSteps) => (many[step] - few[step]) / (MANY - FEW);
  return { list: of('list'), module: of('module'), tokens: of('tokens') };
}

function figures(steps: readonly HeapSteps[]): Figure[] {
  const figure = (
    key: string,
    label: string,
    bytes: (one: HeapSteps) => number,
  ): Figure => ({
    key,
    label,
    unit: 'bytes',
    values: steps.map(bytes),
    isOurs: key === 'token',
  });
  return [
    figure('token', 'token in memory', (one) => one.tokens - one.module),
    figure(
      'copy',
      'the module’s list of accounts',
      (one) => one.module - one.list,
    ),
    figure('list', 'the app’s list of accounts', (one) => one.list),
  ];
}
