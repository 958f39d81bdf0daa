import { join } from 'node:path';
import { PROJECT } from '../support/build.js';
import { table, writeRegions } from '../support/markdown.js';
import { titleOf } from './cells.js';
import { driverOf, hostOf, platformOf } from './hosts.js';
import type { CellReport } from './run-cell.js';

const PAGE = join(PROJECT, 'docs/compatibility.md');

/** One line: the cell, its seconds, and what passed or where it stopped. */
export function lineOf({ cell, passed, failure, seconds }: CellReport): string {
  const failed = failure ? [`FAILED: ${failure.check}`] : [];
  const checks = [...passed, ...failed].join(', ');
  return `${titleOf(cell)}, ${seconds.toFixed(0)} s: ${checks}`;
}

/** Writes the table of the page, with the versions that these consumers had. */
export async function writeTable(
  reports: readonly CellReport[],
  page = PAGE,
): Promise<void> {
  const head = [
    'Nest',
    'TypeORM',
    'HTTP',
    'database',
    'driver',
    'Node',
    'installed by',
    'spec',
    'passed',
  ];
  const date = new Date().toISOString().slice(0, 10);
  const checks = [...new Set(reports.flatMap(({ passed }) => passed))];
  const content = [
    table(head, reports.map(rowOf)),
    `Run on ${date}. The checks: ${checks.join(', ')}.`,
  ].join('\n\n');
  const region = { name: 'matrix', writtenBy: 'npm run test:matrix' };
  await writeRegions(page, 'Compatibility', [
    { ...region, title: 'What was run', content },
  ]);
}

function rowOf(report: CellReport): string[] {
  const { cell, passed, failure, databaseVersion } = report;
  const version = (name: string) => report.versions[name] ?? '';
  const driver = driverOf(cell);
  const { runner } = hostOf(cell);
  return [
    `${version('@nestjs/core')} ${cell.host.split(' ')[2]}`,
    version('typeorm'),
    `${cell.adapter} (${version(platformOf(cell))})`,
    // MariaDB's version goes on with its name and Debian's.
    `${cell.database} ${databaseVersion.split('-')[0]}`.trim(),
    `${driver} ${version(driver)}`,
    version('node'),
    `${cell.manager} ${version('manager')}`,
    `${runner} ${version(runner)}`,
    failure ? `**no: ${failure.check}**` : `${passed.length} checks`,
  ];
}
