import type { OpenAPIObject } from '@nestjs/swagger';

/** Short names for the parts of an OpenAPI 3.1 document. */
export type Paths = OpenAPIObject['paths'];
export type Operation = NonNullable<Paths[string]['get']>;
export type Responses = Operation['responses'];
type Components = NonNullable<OpenAPIObject['components']>;
export type Schemas = NonNullable<Components['schemas']>;
export type SharedResponses = NonNullable<Components['responses']>;
export type Parameters = NonNullable<Components['parameters']>;
export type SecuritySchemes = NonNullable<Components['securitySchemes']>;
type Response = Exclude<Responses[string], undefined | { $ref: string }>;
export type Content = NonNullable<Response['content']>;
export type Headers = NonNullable<Response['headers']>;
/** Complete bodies by name. */
export type Examples = Readonly<
  Record<string, { summary: string; value: unknown }>
>;
