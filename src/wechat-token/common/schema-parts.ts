import * as v from 'valibot';
import { messages } from './messages.js';

// R15: valibot's default messages contain the value, so every schema that can fail has a message of this package.

/** A string that is one of `values`. */
export const choice = <const Values extends readonly string[]>(
  values: Values,
) => v.picklist(values, messages.badChoice(values));

/** A list of some of `values`, each at most once. */
export function severalOf<const Values extends readonly string[]>(
  values: Values,
) {
  const problem = messages.badSeveral(values);
  return v.pipe(
    v.array(choice(values), problem),
    v.check((given) => new Set(given).size === given.length, problem),
  );
}

export function whole(min: number, max: number) {
  const problem = messages.badWhole(min, max);
  return v.pipe(
    v.number(problem),
    v.integer(problem),
    v.minValue(min, problem),
    v.maxValue(max, problem),
  );
}

export const text = (pattern: RegExp, problem: string) =>
  v.pipe(v.string(problem), v.regex(pattern, problem));

/** Printable ASCII without blanks and quotes, which a secret has only where it was copied with something around it. */
const SECRET = /^[!#-&(-_a-~]*$/;

/** A string that may be a secret of the platform. */
export const secret = (problem: string) =>
  v.pipe(v.string(problem), v.regex(SECRET, messages.secretSpoiled()));

type Given = Readonly<Record<string, unknown>>;

const isObject = (value: unknown): value is Given =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** An object with these fields; other fields are ignored. */
export function object<const Entries extends v.ObjectEntries>(
  entries: Entries,
) {
  const names = Object.keys(entries);
  return v.pipe(
    v.custom<Given>(isObject, messages.badObject(names)),
    // A missing field becomes undefined, so that the schema of the field reports it.
    v.transform((given): unknown =>
      Object.fromEntries(names.map((name) => [name, given[name]])),
    ),
    v.object(entries),
  );
}

/** An object with these fields and no others: an unknown field, such as a misspelt one, is an issue at its key. */
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
          // R15: the issue does not contain the value.
          addIssue({ message, path: [{ ...at, value: undefined }] });
        }
      }),
    ),
  );
}

/** A list of at least one item. */
export const listOf = <const Item extends v.GenericSchema>(
  item: Item,
  problem: string,
) => v.pipe(v.array(item, problem), v.minLength(1, problem));
