export type SqlValue = string | number | null;

export interface SqlStatement {
  readonly sql: string;
  /** In the order of the question marks. */
  readonly values: readonly SqlValue[];
}

type NamedValues<Names extends PropertyKey> = {
  readonly [Name in Names]: SqlValue | object;
};

const PARAMETER = /:([a-z]\w*)/gi;

/** Compiles a statement's text. `:limit` in it is the field `limit` of the parameters. An object or an array is passed as JSON. */
export function compile<P extends NamedValues<keyof P>>(text: string) {
  const fields = Array.from(
    text.matchAll(PARAMETER),
    ([, field]) => field as keyof P,
  );
  const sql = text.trim().replaceAll(PARAMETER, '?');
  return (parameters: P): SqlStatement => ({
    sql,
    values: fields.map((field) => toValue(parameters[field])),
  });
}

/** The same with `IN (:...names)` in the text: one question mark for each of the names. */
export function compileWithNames<
  P extends NamedValues<keyof P> & { readonly names: readonly string[] },
>(text: string) {
  const [before = '', after = ''] = text.split(':...names');
  const start = compile<P>(before);
  const end = compile<P>(after);
  return (parameters: P): SqlStatement => {
    const names: readonly string[] = parameters.names;
    const [first, last] = [start(parameters), end(parameters)];
    return {
      sql: `${first.sql}${names.map(() => '?').join(', ')}${last.sql}`,
      values: [...first.values, ...names, ...last.values],
    };
  };
}

function toValue(value: SqlValue | object): SqlValue {
  if (typeof value !== 'object' || value === null) return value;
  const json = JSON.stringify(value);
  // JSON.stringify escapes a lone surrogate, and nothing else, as \udXXX. No database accepts one: it is replaced.
  if (!/\\ud[89a-f]/.test(json)) return json;
  return JSON.stringify(value, (_, part: unknown) =>
    typeof part === 'string' ? part.toWellFormed() : part,
  );
}
