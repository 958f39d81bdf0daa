import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pack } from '../support/packed-package.js';
import { CELLS, SHORT_CELLS, titleOf } from './cells.js';
import { MatrixDatabases } from './databases.js';
import { lineOf, writeTable } from './report.js';
import { type CellReport, runCell } from './run-cell.js';

const cells = process.env['TEST_MATRIX'] === 'full' ? CELLS : SHORT_CELLS;

/** With the time that a cell waits for others. */
const TIME_LIMIT_MS = 60 * 60_000;

const turns: Promise<unknown>[] = [];

/** Two cells at a time: each waits for the one before the last. */
function inTurn<T>(work: () => Promise<T>): Promise<T> {
  const turn = Promise.resolve(turns.at(-2)).then(work);
  turns.push(turn.catch(() => undefined));
  return turn;
}

/** Other people's apps, with the package as npm publishes it. With TEST_MATRIX=full, this is the command of docs/compatibility.md. */
describe('consumers of the packed package', () => {
  const reports = new Map<string, CellReport>();
  let folder: string;
  let tarball: string;
  let databases: MatrixDatabases;
  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'wechat-token-pack-'));
    databases = new MatrixDatabases(folder);
    ({ tarball } = await pack(folder));
  });
  afterAll(async () => {
    await databases.close();
    rmSync(folder, { recursive: true });
    const all = CELLS.flatMap((cell) => reports.get(titleOf(cell)) ?? []);
    if (all.length === CELLS.length) await writeTable(all);
  });

  for (const cell of cells)
    it.concurrent(titleOf(cell), { timeout: TIME_LIMIT_MS }, async () => {
      const database = await databases.of(cell);
      const report = await inTurn(() => runCell(cell, tarball, database));
      reports.set(titleOf(cell), report);
      process.stdout.write(`${lineOf(report)}\n`);
      expect(report.failure?.output).toBeUndefined();
    });
});
