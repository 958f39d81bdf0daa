/** A choice that this browser keeps; undefined without one. */
export function remembered<Choice extends string>(
  name: 'language' | 'theme',
  choices: readonly Choice[],
): Choice | undefined {
  const stored = localStorage.getItem(name);
  return choices.find((choice) => choice === stored);
}
