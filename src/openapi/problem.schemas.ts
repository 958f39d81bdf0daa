import { schema } from './parts.js';
import type { Schemas } from './openapi.types.js';

export const problemSchemas: Schemas = {
  Problem: {
    description:
      'Problem details as in RFC 9457. Contains no token, key or secret.',
    type: 'object',
    additionalProperties: false,
    required: ['type', 'title', 'status', 'detail'],
    properties: {
      type: { type: 'string', enum: ['about:blank'] },
      title: {
        type: 'string',
        description: 'The reason phrase of the status.',
      },
      status: { type: 'integer' },
      detail: {
        type: 'string',
        description: 'Human-readable: the cause, and what to do about it.',
      },
      errors: {
        type: 'array',
        items: schema('FieldProblem'),
        description: '400: the fields that are not valid.',
      },
      errcode: {
        type: 'integer',
        description: "502: WeChat's error code, if the response contained one.",
      },
      retryAfter: {
        type: 'integer',
        minimum: 0,
        description:
          'Seconds after which a retry may succeed, as in the Retry-After header; absent if a retry cannot succeed.',
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
        description: 'What is wrong with the field; never contains its value.',
      },
    },
  },
};
