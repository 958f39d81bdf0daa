import type { Schemas } from './openapi.types.js';

export const tokenSchemas: Schemas = {
  ServedToken: {
    type: 'object',
    additionalProperties: false,
    required: ['name', 'value', 'expiresIn', 'expiresAt', 'version'],
    properties: {
      name: { type: 'string' },
      value: { type: 'string', description: 'The access token.' },
      expiresIn: {
        type: 'integer',
        minimum: 0,
        description:
          'Seconds until the token expires. It is renewed before that.',
      },
      expiresAt: {
        type: ['string', 'null'],
        format: 'date-time',
        description:
          'UTC, by the clock of the database; null while the server has not reached the database since it started.',
      },
      version: { type: 'integer', minimum: 0 },
    },
  },
  RejectedToken: {
    type: 'object',
    additionalProperties: false,
    required: ['value'],
    properties: {
      value: {
        type: 'string',
        minLength: 1,
        maxLength: 4096,
        description: 'The token that WeChat rejected.',
      },
    },
  },
};
