import type { Parameters } from './openapi.types.js';

export const parameters: Parameters = {
  name: {
    name: 'name',
    in: 'path',
    required: true,
    description:
      'Name of the token: `access_token` for the default account, `access_token:shop` for the account `shop`.',
    schema: { type: 'string' },
    example: 'access_token',
  },
  limit: {
    name: 'limit',
    in: 'query',
    description: 'Maximum number of items on the page.',
    schema: { type: 'integer', minimum: 1, maximum: 100, default: 50 },
  },
  after: {
    name: 'after',
    in: 'query',
    description: '`next` of the previous page, such as `access_token:shop`.',
    schema: { type: 'string', maxLength: 191 },
  },
  before: {
    name: 'before',
    in: 'query',
    description: '`next` of the previous page, such as `1041`.',
    schema: { type: 'integer', minimum: 0 },
  },
};
