import { table } from '../../test/support/markdown.js';
import type { BenchmarkResult, SummedFigure } from './result.js';
import { number, spread, withUnit } from './words.js';

/** The generated section of a result: goals, plot, figures and the conditions of the measurement. */
export function tablesOf(result: BenchmarkResult, image: string): string {
  const { title, goals, ratios, figures } = result;
  const goalRows = goals.map(({ text, result: value, isReached }) => [
    text,
    number(value),
    isReached ? 'yes' : '**no**',
  ]);
  const figureRows = [...ratios, ...figures].map(row);
  return [
    table(['goal', 'result', 'reached'], goalRows),
    `![${title}](${image})`,
    table(['figure', 'median', 'lowest – highest'], figureRows),
    footnote(result),
  ].join('\n\n');
}

function row(figure: SummedFigure): string[] {
  return [figure.label, withUnit(figure.median, figure.unit), spread(figure)];
}

function footnote({ circumstances, ratios, figures }: BenchmarkResult): string {
  const { date, commit, machine, versions } = circumstances;
  const all = Object.entries(versions).map(([name, v]) => `${name} ${v}`);
  const rounds = Math.max(
    ...[...ratios, ...figures].map(({ values }) => values.length),
  );
  return [
    `${rounds} repetitions, ${date.slice(0, 10)}, commit ${commit}.`,
    `${machine.cpu}, ${machine.cores} cores, ${machine.memoryGiB} GiB, ${machine.os}, Node ${machine.node}; load before: ${machine.loadBefore}.`,
    `${all.join(', ')}.`,
  ].join(' ');
}
