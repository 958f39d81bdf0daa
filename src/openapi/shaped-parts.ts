import type { Examples } from './openapi.types.js';
import { body, noStore } from './parts.js';

/** An example of an error in the shape of WeChat and of WeCom. */
export const error = (summary: string, errcode: number, errmsg: string) => ({
  summary,
  value: { errcode, errmsg },
});

export const busy = error(
  'No token is available; the server log has the cause',
  -1,
  'system error',
);

export const ticketExample = {
  summary: 'The ticket',
  value: {
    errcode: 0,
    errmsg: 'ok',
    ticket: 'a-ticket-of-the-platform',
    expires_in: 7106,
  },
};

/** The responses of a route in a platform's own format. */
export const answerOf =
  (schema: string, what: string) => (examples: Examples) => ({
    200: {
      description: `${what}, or an error in the platform's own format.`,
      headers: noStore,
      content: body(schema, examples),
    },
  });

/** A parameter that is needed. */
export const queryParameter = (
  name: string,
  example: string,
  {
    description,
    enum: values,
  }: { readonly description?: string; readonly enum?: string[] } = {},
) => ({
  name,
  in: 'query' as const,
  required: true,
  ...(description !== undefined && { description }),
  schema: { type: 'string' as const, ...(values && { enum: values }) },
  example,
});
