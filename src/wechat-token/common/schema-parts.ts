import * as v from 'valibot';
import { messages } from './messages.js';

// R15: valibot's own messages hold the value. Each schema that can fail has one of ours.

/** One of these words. */
export const choice = <const Values extends readonly string[]>(
  values: Values,
) => v.picklist(values, messages.badChoice(values));

export function whole(least: number, most: number) {
  const problem = messages.badWhole(least, most);
  return v.pipe(
    v.number(problem),
    v.integer(problem),
    v.minValue(least, problem),
    v.maxValue(most, problem),
  );
}

export const text = (pattern: RegExp, problem: string) =>
  v.pipe(v.string(problem), v.regex(pattern, problem));

type Given = Readonly<Record<string, unknown>>;

const isObject = (value: unknown): value is Given =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** An object of these fields; what else it has is passed over. */
export function object<const Entries extends v.ObjectEntries>(
  entries: Entries,
) {
  const names = Object.keys(entries);
  return v.pipe(
    v.custom<Given>(isObject, messages.badObject(names)),
    // A field that is missing is undefined, and so told in the words of its own schema.
    v.transform((given): unknown =>
      Object.fromEntries(names.map((name) => [name, given[name]])),
    ),
    v.object(entries),
  );
}

/** An object of these fields and no others: one that is misspelt is not passed over, but an issue whose path is its key's. */
export function fields<const Entries extends v.ObjectEntries>(
  entries: Entries,
) {
  const known = object(entries);
  const message = messages.unknownField(Object.keys(entries));
  return v.lazy((input) =>
    v.pipe(
      known,
      v.rawCheck(({ addIssue }) => {
        if (!isObject(input)) return;
        for (const key in input) {
          if (Object.hasOwn(entries, key)) continue;
          const at = { type: 'object', origin: 'key', input, key } as const;
          // The value is not looked at.
          addIssue({ message, path: [{ ...at, value: undefined }] });
        }
      }),
    ),
  );
}
