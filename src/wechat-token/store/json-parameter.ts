/** A value as a statement's JSON parameter. Half of a surrogate pair, which no database takes, is replaced. */
export function jsonParameter(value: unknown): string {
  const text = JSON.stringify(value);
  // JSON escapes nothing else like that.
  if (!/\\ud[89a-f]/.test(text)) return text;
  return JSON.stringify(value, (_, part: unknown) =>
    typeof part === 'string' ? part.toWellFormed() : part,
  );
}

/** A list of names, as statements take it. */
export function namesParameter(names: readonly string[]): string {
  return jsonParameter(names.map((of_name) => ({ of_name })));
}

/** At most so many characters, as a column counts them. */
export function cutTo(text: string, most: number): string {
  // A character has two halves at most.
  return Array.from(text.slice(0, 2 * most))
    .slice(0, most)
    .join('');
}
