export type SqlValue = string | number | null;

export interface SqlStatement {
  readonly sql: string;
  /** In the order of the question marks. */
  readonly values: readonly SqlValue[];
  /** By which it is observed. */
  readonly name?: string;
}

/** The text, with characters that the database cannot store replaced. */
export type Storable = (text: string) => string;

type NamedValues<Names extends PropertyKey> = {
  readonly [Name in Names]: SqlValue | object;
};

/** Not the second colon of a cast, nor that of a format such as `HH24:MI:SS`. */
const PARAMETER = /(?<![:\w]):([a-z]\w*)/gi;

/**
 * Compiles a statement's text. `:limit` in it is the field `limit` of the parameters. An object or an array is passed as JSON, each
 * text in it as `storable` makes it.
 */
export function compile<P extends NamedValues<keyof P>>(
  text: string,
  storable: Storable,
) {
  const fields = Array.from(
    text.matchAll(PARAMETER),
    ([, field]) => field as keyof P,
  );
  const sql = text.trim().replaceAll(PARAMETER, '?');
  return (parameters: P): SqlStatement => ({
    sql,
    values: fields.map((field) => toValue(parameters[field], storable)),
  });
}

/** The same with `IN (:...names)` in the text: one question mark for each of the names. */
export function compileWithNames<
  P extends NamedValues<keyof P> & { readonly names: readonly string[] },
>(text: string, storable: Storable) {
  const [before = '', after = ''] = text.split(':...names');
  const start = compile<P>(before, storable);
  const end = compile<P>(after, storable);
  return (parameters: P): SqlStatement => {
    const names: readonly string[] = parameters.names;
    const [first, last] = [start(parameters), end(parameters)];
    return {
      sql: `${first.sql}${names.map(() => '?').join(', ')}${last.sql}`,
      values: [...first.values, ...names, ...last.values],
    };
  };
}

/** The same statements, each with the name of its field. */
export function named<
  Makers extends Readonly<Record<string, (parameters: never) => SqlStatement>>,
>(makers: Makers): Makers {
  const entries = Object.entries(makers).map(([name, make]) => {
    const makeNamed = (parameters: never) => ({ ...make(parameters), name });
    return [name, makeNamed] as const;
  });
  return Object.fromEntries(entries) as Readonly<typeof makers>;
}

/** The same text with `$1`, `$2` and so on in place of the question marks, as PostgreSQL has it. */
export function numbered(sql: string): string {
  let count = 0;
  return sql.replaceAll('?', () => `$${++count}`);
}

function toValue(value: SqlValue | object, storable: Storable): SqlValue {
  if (typeof value !== 'object' || value === null) return value;
  const json = JSON.stringify(value);
  // JSON.stringify escapes so what some database does not accept: a lone surrogate, as \udXXX, and NUL.
  if (!/\\u(d[89a-f]|0000)/.test(json)) return json;
  return JSON.stringify(value, (_, part: unknown) =>
    typeof part === 'string' ? storable(part) : part,
  );
}
