import { schema } from './parts.js';
import type { Schemas } from './openapi.types.js';

export const problemSchemas: Schemas = {
  Problem: {
    description: 'RFC 9457. It names no token, no key and no secret.',
    type: 'object',
    additionalProperties: false,
    required: ['type', 'title', 'status', 'detail'],
    properties: {
      type: { type: 'string', enum: ['about:blank'] },
      title: { type: 'string', description: 'The words of the status.' },
      status: { type: 'integer' },
      detail: {
        type: 'string',
        description: 'What is wrong and what to do about it, for people.',
      },
      errors: {
        type: 'array',
        items: schema('FieldProblem'),
        description: '400: the fields that are wrong.',
      },
      errcode: {
        type: 'integer',
        description: "502: WeChat's own code, if it gave one.",
      },
      retryAfter: {
        type: 'integer',
        minimum: 0,
        description:
          'Seconds after which a new try may succeed, as in the header Retry-After; absent when waiting does not help.',
      },
    },
  },
  FieldProblem: {
    type: 'object',
    additionalProperties: false,
    required: ['field', 'problem'],
    properties: {
      field: { type: 'string' },
      problem: {
        type: 'string',
        description: 'What it should have been; never its value.',
      },
    },
  },
};
