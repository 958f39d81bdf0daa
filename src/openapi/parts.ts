import type { Content, Examples } from './openapi.types.js';

/** Reference to a schema of the document. */
export const schema = (name: string) => ({
  $ref: `#/components/schemas/${name}`,
});

/** Reference to a parameter of the document. */
export const parameter = (name: string) => ({
  $ref: `#/components/parameters/${name}`,
});

/** A body in JSON, or in another JSON-based media type. */
export function body(
  schemaName: string,
  examples: Examples,
  mediaType = 'application/json',
): Content {
  return {
    [mediaType]: { schema: schema(schemaName), examples: { ...examples } },
  };
}

/** Headers of responses about a token: no cache may store them. */
export const noStore = {
  'Cache-Control': {
    description: 'Always `no-store`.',
    schema: { type: 'string', enum: ['no-store'] },
  },
};
