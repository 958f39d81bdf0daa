import type { Schemas } from './openapi.types.js';

export const tokenSchemas: Schemas = {
  ServedToken: {
    type: 'object',
    additionalProperties: false,
    required: ['name', 'value', 'expiresIn', 'expiresAt', 'version'],
    properties: {
      name: { type: 'string' },
      value: { type: 'string', description: 'The token itself.' },
      expiresIn: {
        type: 'integer',
        minimum: 0,
        description: 'Seconds. It is renewed before they are over.',
      },
      expiresAt: {
        type: ['string', 'null'],
        format: 'date-time',
        description:
          'UTC, by the clock of the database; null while that has not been reached since the start.',
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
        description: 'The token that WeChat refused.',
      },
    },
  },
};
