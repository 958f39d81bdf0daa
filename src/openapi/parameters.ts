import type { Parameters } from './openapi.types.js';

export const parameters: Parameters = {
  name: {
    name: 'name',
    in: 'path',
    required: true,
    description:
      'Name of the token: `access_token` for the default account, `access_token:shop` for the account `shop`; `jsapi_ticket:shop`, `wx_card_ticket:shop`, `corp_ticket:shop` and `agent_ticket:shop` for its tickets.',
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
    description:
      '`next` of the previous page in the same order, such as `access_token:shop`.',
    schema: { type: 'string', maxLength: 191 },
  },
  order: {
    name: 'order',
    in: 'query',
    description:
      '`urgency`: expired and missing tokens first, then those that fail or cool down, due, refreshing and valid ones.',
    schema: { type: 'string', enum: ['name', 'urgency'], default: 'name' },
  },
  status: {
    name: 'status',
    in: 'query',
    description:
      'Only tokens of these statuses, separated by commas, such as `expired,missing`. A value that cannot be decrypted counts by its instants.',
    schema: { type: 'string' },
  },
  kind: {
    name: 'kind',
    in: 'query',
    description:
      'Only tokens of this kind, the part of the name before the colon, such as `access_token` or `jsapi_ticket`.',
    schema: { type: 'string', maxLength: 64 },
  },
  search: {
    name: 'search',
    in: 'query',
    description:
      'Only tokens whose name, or whose appid (of WeCom corpid and agentid), contains this, in upper or lower case.',
    schema: { type: 'string', maxLength: 100 },
  },
  tokenNames: {
    name: 'name',
    in: 'query',
    description:
      'Only these tokens, separated by commas, 100 at most, such as `access_token,access_token:shop`.',
    schema: { type: 'string' },
  },
  before: {
    name: 'before',
    in: 'query',
    description: '`next` of the previous page, such as `1041`.',
    schema: { type: 'integer', minimum: 0 },
  },
};
