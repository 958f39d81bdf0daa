export interface Summary {
  readonly median: number;
  readonly lowest: number;
  readonly highest: number;
}

/** The median, lowest and highest value. @throws RangeError without values, and for NaN, which has no order */
export function summaryOf(values: readonly number[]): Summary {
  const sorted = values.toSorted((a, b) => a - b);
  const [lowest, highest] = [sorted[0], sorted.at(-1)];
  const half = (sorted.length - 1) / 2;
  const [below, above] = [sorted[Math.floor(half)], sorted[Math.ceil(half)]];
  if (
    lowest === undefined ||
    highest === undefined ||
    below === undefined ||
    above === undefined ||
    sorted.some(Number.isNaN)
  )
    throw new RangeError(`no median of [${values.join(', ')}]`);
  return { median: (below + above) / 2, lowest, highest };
}

export function medianOf(values: readonly number[]): number {
  return summaryOf(values).median;
}

/** The smallest value that at least this share of the values does not exceed. @throws RangeError without values */
export function percentileOf(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  const found = sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)];
  if (found === undefined) throw new RangeError('no percentile of no values');
  return found;
}

/** The quotients of values of the same repetition, in which common disturbances cancel out. */
export function ratiosOf(
  values: readonly number[],
  to: readonly number[],
): number[] {
  if (values.length !== to.length)
    throw new RangeError('the repetitions do not match');
  return values.map((value, index) => value / (to[index] ?? NaN));
}
