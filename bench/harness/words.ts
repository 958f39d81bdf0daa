import type { CheckedGoal, SummedFigure } from './result.js';

/** A number with three significant digits, more only before the decimal point. */
export function number(value: number): string {
  return value.toLocaleString(
    'en',
    Math.abs(value) < 1000
      ? { maximumSignificantDigits: 3 }
      : { maximumFractionDigits: 0 },
  );
}

export function withUnit(value: number, unit: string): string {
  return `${number(value)} ${unit}`;
}

export function goalInWords({ text, result }: CheckedGoal): string {
  return `${text} (${number(result)})`;
}

/** The lowest and the highest value; empty when all values are equal. */
export function spread({ lowest, highest }: SummedFigure): string {
  return lowest === highest ? '' : `${number(lowest)} – ${number(highest)}`;
}
