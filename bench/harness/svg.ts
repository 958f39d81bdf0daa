import type { Chart } from './benchmark.js';
import { type BenchmarkResult, figureOf, type SummedFigure } from './result.js';
import { withUnit } from './words.js';

const WIDTH = 800;
const PADDING = 20;
const LABELS = 330;
const VALUES = 110;
const ROW = 26;
const BAR = 16;
const HEADING = 40;
const BARS = WIDTH - 2 * PADDING - LABELS - VALUES;

/** A card with its own background, for light and dark pages. */
const STYLE = `
    text { font: 13px system-ui, sans-serif; fill: #1f2328 }
    .title { font-size: 15px; font-weight: 600 }
    .card { fill: #ffffff; stroke: #d1d9e0 }
    .bar { fill: #8c959f }
    .ours { fill: #1a7f37 }
    .spread { stroke: #1f2328; stroke-width: 1.5 }
    @media (prefers-color-scheme: dark) {
      text { fill: #f0f6fc }
      .card { fill: #0d1117; stroke: #3d444d }
      .bar { fill: #7d8590 }
      .ours { fill: #3fb950 }
      .spread { stroke: #f0f6fc }
    }`;

/** The charts of a benchmark, one below the other: bars for medians, a line from the lowest to the highest value. */
export function svgOf({ title, charts, figures }: BenchmarkResult): string {
  let top = PADDING / 2;
  const parts = charts.map((chart) => {
    const rows = chart.figures.map((key) => figureOf(key, figures));
    const part = chartAt(chart, rows, top);
    top += HEADING + rows.length * ROW;
    return part;
  });
  const height = top + PADDING;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" role="img" aria-label="${escape(title)}">
  <style>${STYLE}
  </style>
  <rect class="card" x="0.5" y="0.5" width="${WIDTH - 1}" height="${height - 1}" rx="6"/>
${parts.join('\n')}
</svg>
`;
}

function chartAt(
  { title }: Chart,
  rows: readonly SummedFigure[],
  top: number,
): string {
  const most = Math.max(...rows.map(({ highest }) => highest)) || 1;
  const bars = rows.map((figure, index) =>
    barAt(figure, top + HEADING + index * ROW, BARS / most),
  );
  return [textAt(PADDING, top + 26, title, 'title'), ...bars].join('\n');
}

function barAt(figure: SummedFigure, top: number, scale: number): string {
  const { label, unit, median, lowest, highest, isOurs } = figure;
  const x = PADDING + LABELS;
  const middle = top + BAR / 2;
  // At least a line, so that a value near zero is visible.
  const width = Math.max(median * scale, 1);
  const spread =
    lowest === highest
      ? []
      : [
          `  <line class="spread" x1="${round(x + lowest * scale)}" x2="${round(x + highest * scale)}" y1="${middle}" y2="${middle}"/>`,
        ];
  return [
    textAt(PADDING, middle + 4.5, label),
    `  <rect class="bar${isOurs ? ' ours' : ''}" x="${x}" y="${top}" width="${round(width)}" height="${BAR}" rx="2"/>`,
    ...spread,
    textAt(
      round(x + Math.max(width, highest * scale) + 8),
      middle + 4.5,
      withUnit(median, unit),
    ),
  ].join('\n');
}

function textAt(x: number, y: number, text: string, name?: string): string {
  const attribute = name ? ` class="${name}"` : '';
  return `  <text${attribute} x="${x}" y="${y}">${escape(text)}</text>`;
}

const round = (value: number) => Math.round(value * 10) / 10;

function escape(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('"', '&quot;');
}
