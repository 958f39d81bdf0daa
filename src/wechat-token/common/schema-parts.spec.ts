import * as v from 'valibot';
import { fields, text } from './schema-parts.js';

const schema = fields({
  name: text(/^a+$/, 'is not a name'),
  nick: v.optional(text(/^b+$/, 'is not a nickname')),
});

const faultsOf = (input: unknown) =>
  v
    .safeParse(schema, input)
    .issues?.map((issue) => [v.getDotPath(issue), issue.message]);

describe('fields', () => {
  const unknown = 'has an unknown field; remove it, or correct its name';

  it('are reported by their own messages, also when they are missing', () => {
    expect(faultsOf({ name: 'a' })).toBeUndefined();
    expect(faultsOf({ nick: 'x' })).toEqual([
      ['name', 'is not a name'],
      ['nick', 'is not a nickname'],
    ]);
  });

  it('are read from a prototype as well', () => {
    class Named {
      get name() {
        return 'aa';
      }
    }
    expect(v.parse(schema, new Named())).toEqual({ name: 'aa' });
  });

  it('that are unknown are each reported, beside other faults', () => {
    expect(
      faultsOf({ constructor: 1, name: 'x', toString: 2, nom: 3 }),
    ).toEqual([
      ['name', 'is not a name'],
      ...['constructor', 'toString', 'nom'].map((key) => [
        key,
        expect.stringContaining(unknown),
      ]),
    ]);
  });

  it.each([undefined, null, 'name', 5, [], ['name'], () => 1])(
    'are those of an object, not %o',
    (input) => {
      expect(faultsOf(input)).toEqual([
        [null, 'must be an object with the fields name, nick'],
      ]);
    },
  );
});
