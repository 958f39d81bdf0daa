import {
  cpSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Measurements } from '../../bench/harness/benchmark.js';
import { benchmarkNames, loadBenchmark } from '../../bench/harness/discover.js';
import { PROJECT, RESULTS } from '../../bench/harness/project.js';
import { report } from '../../bench/harness/report.js';
import { type BenchmarkResult, resultOf } from '../../bench/harness/result.js';
import { saveResult } from '../../bench/harness/results.js';
import {
  percentileOf,
  ratiosOf,
  summaryOf,
} from '../../bench/harness/statistics.js';

const CIRCUMSTANCES = {
  date: '2026-01-02T03:04:05.678Z',
  commit: '0123456789ab',
  machine: {
    cpu: 'A Processor',
    cores: 2,
    memoryGiB: 8,
    os: 'An OS 1.0',
    node: 'v20.19.0',
    loadBefore: 0.1,
  },
  versions: { database: 'mariadb 10.11' },
};

const MEASUREMENTS: Measurements = {
  figures: [
    {
      key: 'ours',
      label: 'ours',
      unit: 'ns',
      values: [30, 10, 20],
      isOurs: true,
    },
    {
      key: 'peer',
      label: 'peer <a> & "b"',
      unit: 'ns',
      values: [4000, 4000, 4000],
    },
  ],
  ratios: [
    { key: 'ratio', label: 'peer to ours', unit: '×', values: [200, 400, 300] },
  ],
  goals: [
    { text: 'at most 25 ns', figure: 'ours', bound: 'at most', value: 25 },
    { text: 'at least 500 ×', figure: 'ratio', bound: 'at least', value: 500 },
  ],
  charts: [{ title: 'Time', figures: ['ours', 'peer'] }],
  versions: {},
};

const measured = (given: Partial<Measurements> = {}): BenchmarkResult =>
  resultOf(
    { name: 'sample', title: 'A sample' },
    { ...MEASUREMENTS, ...given },
    CIRCUMSTANCES,
  );

describe('what a benchmark comes to', () => {
  it('is the median of its repetitions, with the lowest and the highest', () => {
    expect(summaryOf([3, 1, 2])).toEqual({ median: 2, lowest: 1, highest: 3 });
    expect(summaryOf([4, 1, 2, 3]).median).toBe(2.5);
    for (const none of [[], [1, NaN]])
      expect(() => summaryOf(none)).toThrow(RangeError);
  });

  it('takes a percentile from the values themselves', () => {
    const values = Array.from({ length: 200 }, (_, index) => 200 - index);
    expect(percentileOf(values, 0.99)).toBe(198);
    expect(percentileOf(values, 1)).toBe(200);
    expect(percentileOf([7], 0.99)).toBe(7);
    expect(() => percentileOf([], 0.99)).toThrow(RangeError);
  });

  it('compares within one repetition', () => {
    expect(ratiosOf([10, 30], [5, 10])).toEqual([2, 3]);
    expect(() => ratiosOf([1], [1, 2])).toThrow(RangeError);
  });

  it('says of each goal whether its figure reaches it', () => {
    expect(measured().goals).toMatchObject([
      { result: 20, isReached: true },
      { result: 300, isReached: false },
    ]);
    expect(() => measured({ figures: [] })).toThrow('no figure ours');
  });
});

describe('the report', () => {
  let folder: string;
  let page: string;
  const read = (file = page) => readFileSync(file, 'utf8');

  beforeEach(async () => {
    folder = mkdtempSync(join(tmpdir(), 'wechat-token-report-'));
    page = join(folder, 'performance.md');
    await saveResult(measured(), join(folder, 'results'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const write = () => report({ results: join(folder, 'results'), page });

  it('adds a section for a benchmark that has none', async () => {
    await write();
    expect(read()).toContain('## A sample');
    expect(read()).toMatch(/\| at most 25 ns +\| 20 +\| yes +\|/);
    expect(read()).toMatch(/\| at least 500 × +\| 300 +\| \*\*no\*\* +\|/);
    expect(read()).toMatch(/\| ours +\| 20 ns +\| 10 – 30 +\|/);
    expect(read()).toMatch(/\| peer to ours +\| 300 × +\| 200 – 400 +\|/);
    for (const text of ['3 repetitions', 'A Processor', 'mariadb 10.11'])
      expect(read()).toContain(text);
  });

  it('writes between the markers only, and the same again', async () => {
    await write();
    writeFileSync(page, `${read()}\nWritten by hand.\n`);
    const before = read();
    await write();
    expect(read()).toBe(before);

    const faster = MEASUREMENTS.figures.map((figure) => ({
      ...figure,
      values: [5, 5, 5],
    }));
    await saveResult(measured({ figures: faster }), join(folder, 'results'));
    await write();
    expect(read()).toContain('5 ns');
    expect(read()).not.toContain('20 ns');
    expect(read()).toContain('Written by hand.');
  });

  it('draws each figure as a bar with its value and unit', async () => {
    await write();
    const svg = read(join(folder, 'performance/sample.svg'));
    expect(svg).toContain('>20 ns</text>');
    expect(svg).toContain('>4,000 ns</text>');
    expect(svg).toContain('peer &lt;a> &amp; &quot;b&quot;');
    expect(svg.match(/<rect class="bar/g)).toHaveLength(2);
    expect(svg.match(/<rect class="bar ours"/g)).toHaveLength(1);
    expect(svg).toContain('prefers-color-scheme: dark');
  });

  it('of this repository is that of its results', async () => {
    const docs = join(PROJECT, 'docs');
    cpSync(join(docs, 'performance.md'), page);
    await report({ results: RESULTS, page });
    expect(read()).toBe(read(join(docs, 'performance.md')));
    for (const plot of readdirSync(join(folder, 'performance')))
      expect(read(join(folder, 'performance', plot))).toBe(
        read(join(docs, 'performance', plot)),
      );
  });
});

it.each(benchmarkNames())('%s is named as its file is', async (name) => {
  expect(await loadBenchmark(name)).toMatchObject({ name });
});
