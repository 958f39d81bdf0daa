import { useTexts } from '../i18n/language.js';
import { HourChart } from './hour-chart.js';
import { type Count, sumOf } from './hours.js';

/** Bars of the renewals, or of the failures. */
export function CountChart({
  what,
  ...chart
}: {
  readonly what: 'refreshed' | 'failed';
  readonly title: string;
  readonly period: string;
  readonly counts: readonly Count[];
  /** The hours that each count stands for. */
  readonly step: number;
}) {
  const { format } = useTexts();
  return (
    <HourChart
      {...chart}
      valueOf={(count) => count[what]}
      total={format.number(sumOf(chart.counts, what))}
      formatValue={format.number}
      paint={what === 'refreshed' ? 'bar' : 'bad'}
      shape="bars"
    />
  );
}
