import { Ajv2020 } from 'ajv/dist/2020.js';
import { openApiDocument } from '../../src/openapi/document.js';

type Paths = typeof openApiDocument.paths;
type Operation = NonNullable<Paths[string]['get']>;
type MediaType = { schema?: unknown; examples?: Record<string, unknown> };
type Content = Record<string, MediaType>;
interface Parameter {
  readonly name: string;
  readonly in: string;
  readonly required?: boolean;
  readonly schema?: unknown;
  readonly example?: unknown;
}

/** One method of one path, with what it refers to put in. */
export interface DocumentedOperation {
  /** Such as `GET /wechat-tokens/{name}`. */
  readonly route: string;
  readonly operation: Operation;
  readonly parameters: readonly Parameter[];
  readonly responses: Readonly<Record<string, { content?: Content }>>;
  /** Of the request and of all responses. */
  readonly bodies: readonly { where: string; content: Content }[];
}

/** What a reference refers to; anything else is itself. */
export function resolve(part: unknown): unknown {
  const { $ref } = (part ?? {}) as { $ref?: string };
  if ($ref === undefined) return part;
  return $ref
    .split('/')
    .slice(1)
    .reduce<unknown>(
      (found, key) => (found as Record<string, unknown> | undefined)?.[key],
      openApiDocument,
    );
}

export function operations(): DocumentedOperation[] {
  return Object.entries(openApiDocument.paths).flatMap(([path, item]) =>
    (['get', 'post', 'put', 'patch', 'delete', 'head', 'options'] as const)
      .map((method) => ({ method, operation: item[method] }))
      .flatMap(({ method, operation }) =>
        operation
          ? [toDocumented(`${method.toUpperCase()} ${path}`, operation)]
          : [],
      ),
  );
}

function toDocumented(
  route: string,
  operation: Operation,
): DocumentedOperation {
  const request = resolve(operation.requestBody) as
    { content: Content } | undefined;
  const responses = Object.fromEntries(
    Object.entries(operation.responses).map(([status, response]) => [
      status,
      resolve(response) as { content?: Content },
    ]),
  );
  return {
    route,
    operation,
    parameters: (operation.parameters ?? []).map(
      (part) => resolve(part) as Parameter,
    ),
    responses,
    bodies: [
      ...(request ? [{ where: 'request', content: request.content }] : []),
      ...Object.entries(responses).flatMap(([where, { content }]) =>
        content ? [{ where, content }] : [],
      ),
    ],
  };
}

const ajv = new Ajv2020({ allErrors: true, strict: false });
ajv.addFormat(
  'date-time',
  /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/, // what toISOString() writes
);
ajv.addSchema({ $id: 'document', ...openApiDocument });

/** What is wrong with a value, by a schema of the document. */
export function faultsOf(schema: unknown, value: unknown): string[] {
  const absolute = JSON.parse(
    JSON.stringify(schema).replaceAll('"#/', '"document#/'),
  ) as object;
  const validate = ajv.compile(absolute);
  validate(value);
  return (validate.errors ?? []).map(
    ({ instancePath, message }) => `${instancePath} ${message}`,
  );
}
