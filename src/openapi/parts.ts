import type { Content, Examples } from './openapi.types.js';

/** A reference to a schema of the document. */
export const schema = (name: string) => ({
  $ref: `#/components/schemas/${name}`,
});

/** A reference to a parameter of the document. */
export const parameter = (name: string) => ({
  $ref: `#/components/parameters/${name}`,
});

/** A body in JSON, or in another media type that is. */
export function body(
  schemaName: string,
  examples: Examples,
  mediaType = 'application/json',
): Content {
  return {
    [mediaType]: { schema: schema(schemaName), examples: { ...examples } },
  };
}

/** Of the answers with a token or about one: nothing on the way may keep them. */
export const noStore = {
  'Cache-Control': {
    description: 'Always `no-store`.',
    schema: { type: 'string', enum: ['no-store'] },
  },
};
