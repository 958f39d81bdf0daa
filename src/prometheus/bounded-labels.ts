/** Sets of labels that one metric has, but for the one that takes the place of all further ones. */
const MAX_SETS = 200;
const OTHER = 'other';

/**
 * Keeps the number of a metric's series bounded, whatever is observed: the first 200 sets of labels stay as they are, and in every
 * further one the labels in `open` are `other`.
 */
export function boundedLabels<Open extends string>(open: readonly Open[]) {
  const known = new Set<string>();
  const others = Object.fromEntries(open.map((label) => [label, OTHER]));
  return <Labels extends Readonly<Record<Open, string>>>(
    labels: Labels,
  ): Labels => {
    const key = Object.values(labels).join('\n');
    if (!known.has(key) && known.size >= MAX_SETS)
      return { ...labels, ...others };
    known.add(key);
    return labels;
  };
}
