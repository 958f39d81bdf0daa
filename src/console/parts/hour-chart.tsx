import { useEffect, useRef, useState } from 'preact/hooks';
import uPlot from 'uplot';
import 'uplot/dist/uPlot.min.css';
import { useTexts } from '../i18n/language.js';
import { colour, useColours } from '../theme.js';
import type { Count } from './hours.js';

const HOUR_SECONDS = 3600;
const HEIGHT = 108;
/** Half of a label of the lower axis, pixels: the margin of `.chart-plot`. */
const OVERHANG = 16;

interface Props {
  readonly title: string;
  readonly period: string;
  readonly counts: readonly Count[];
  /** The hours that each count stands for. */
  readonly step: number;
  readonly valueOf: (count: Count) => number | null;
  readonly total: string;
  readonly formatValue: (value: number) => string;
  /** A custom property of the style sheet. */
  readonly paint: 'bar' | 'bad' | 'accent';
  readonly shape: 'bars' | 'line';
}

/** One number for each hour, or for each few of them. */
export function HourChart(props: Props) {
  const { title, period, counts, step, valueOf, total, formatValue } = props;
  const { texts, format, language } = useTexts();
  const colours = useColours();
  const place = useRef<HTMLDivElement>(null);
  const plot = useRef<uPlot | undefined>(undefined);
  const [pointed, setPointed] = useState<number | null>(null);
  const begins = counts.map(({ hour }) => Date.parse(hour) / 1000);
  const values = counts.map(valueOf);
  const latest = useRef<uPlot.AlignedData>([begins, values]);
  latest.current = [begins, values];

  useEffect(() => {
    const { current } = place;
    if (!current) return undefined;
    const size = () => ({
      width: Math.max(1, current.clientWidth),
      height: HEIGHT,
    });
    const made = new uPlot(
      {
        ...optionsOf(props, step > 1 ? format.day : format.clock),
        ...size(),
        hooks: {
          setCursor: [({ cursor }) => setPointed(cursor.idx ?? null)],
        },
      },
      latest.current,
      current,
    );
    plot.current = made;
    const sizes = new ResizeObserver(() => made.setSize(size()));
    sizes.observe(current);
    return () => {
      sizes.disconnect();
      made.destroy();
    };
  }, [colours, language]);
  useEffect(() => plot.current?.setData(latest.current), [counts]);

  const highest = topOf(values);
  const count = pointed === null ? undefined : counts[pointed];
  const value = pointed === null ? null : (values[pointed] ?? null);
  const readout = count
    ? `${format.hours(count.hour, step)} · ${value === null ? texts.stats.nothing : formatValue(value)}`
    : period;
  return (
    <figure class="chart">
      <div role="img" aria-label={texts.stats.summary(title, total, period)}>
        <div class="chart-head">
          <span class="chart-title">{title}</span>
          <span key={total} class="chart-total">
            {total}
          </span>
          <span class="chart-readout" data-pointed={count !== undefined}>
            {readout}
          </span>
          <span key={`highest ${highest}`} class="chart-highest">
            {highest > 0 && formatValue(highest)}
          </span>
        </div>
        <div ref={place} class="chart-plot" />
      </div>
    </figure>
  );
}

/** Of the values that are drawn, the highest one. */
const topOf = (values: readonly (number | null)[]) =>
  Math.max(0, ...values.map((value) => value ?? 0));

/** @param label Of an instant on the lower axis, milliseconds. */
function optionsOf(
  { paint, shape, step }: Props,
  label: (instant: number) => string,
): Omit<uPlot.Options, 'width' | 'height'> {
  const days = [1, 2, 4].map((count) => count * 24 * HOUR_SECONDS);
  const quiet = {
    stroke: colour('text-muted'),
    font: `11px ${getComputedStyle(document.body).fontFamily}`,
    ticks: { show: false },
  };
  return {
    padding: [6, OVERHANG, 0, OVERHANG],
    legend: { show: false },
    cursor: {
      y: false,
      points: { show: false },
      drag: { x: false, y: false },
    },
    scales: {
      x: {
        range: (_, first, last) => [first, last + step * HOUR_SECONDS],
      },
      y: { range: (_, __, max) => [0, Math.max(1, max || 1)] },
    },
    series: [
      {},
      {
        stroke: colour(paint),
        width: shape === 'line' ? 1.5 : 0,
        ...(shape === 'bars' && {
          fill: colour(paint),
          paths: uPlot.paths.bars?.({ align: 1, size: [0.76, 40, 1] }),
        }),
        spanGaps: true,
        // A line needs two points; one alone would not be seen.
        points: { show: shape === 'line', size: 4, fill: colour(paint) },
      },
    ],
    axes: [
      {
        ...quiet,
        size: 22,
        grid: { show: false },
        space: 44,
        incrs: step > 1 ? days : [6, 12].map((count) => count * HOUR_SECONDS),
        values: (_, splits) => splits.map((split) => label(split * 1000)),
      },
      {
        ...quiet,
        side: 1,
        size: 0,
        grid: { stroke: colour('line'), width: 1 },
        splits: (_, __, ___, max) => [0, max],
        values: () => [],
      },
    ],
  };
}
