import { schema } from './parts.js';
import type { Schemas } from './openapi.types.js';

const ok: Schemas = {
  errcode: { type: 'integer', enum: [0] },
  errmsg: { type: 'string', enum: ['ok'] },
};
const life: Schemas[string] = {
  type: 'integer',
  minimum: 0,
  description: 'Actual seconds until the token or ticket expires.',
};

export const wechatShapedSchemas: Schemas = {
  WechatAnswer: {
    description: 'The HTTP status is always 200, as on the platform.',
    oneOf: [schema('WechatToken'), schema('WechatError')],
  },
  WecomAnswer: {
    description: 'The HTTP status is always 200, as on the platform.',
    oneOf: [schema('WecomToken'), schema('WechatError')],
  },
  TicketAnswer: {
    description: 'The HTTP status is always 200, as on the platform.',
    oneOf: [schema('WechatTicket'), schema('WechatError')],
  },
  WecomToken: {
    type: 'object',
    additionalProperties: false,
    required: ['errcode', 'errmsg', 'access_token', 'expires_in'],
    properties: { ...ok, access_token: { type: 'string' }, expires_in: life },
  },
  WechatTicket: {
    type: 'object',
    additionalProperties: false,
    required: ['errcode', 'errmsg', 'ticket', 'expires_in'],
    properties: { ...ok, ticket: { type: 'string' }, expires_in: life },
  },
  WechatToken: {
    type: 'object',
    additionalProperties: false,
    required: ['access_token', 'expires_in'],
    properties: {
      access_token: { type: 'string' },
      expires_in: life,
    },
  },
  WechatError: {
    type: 'object',
    additionalProperties: false,
    required: ['errcode', 'errmsg'],
    properties: {
      errcode: { type: 'integer' },
      errmsg: { type: 'string' },
    },
  },
  StableTokenRequest: {
    type: 'object',
    required: ['grant_type', 'appid', 'secret'],
    properties: {
      grant_type: { type: 'string', enum: ['client_credential'] },
      appid: { type: 'string' },
      secret: { type: 'string', description: 'An API key.' },
      force_refresh: {
        type: 'boolean',
        default: false,
        description:
          'Ends the current token for all clients, if the key has the scope `tokens:refresh` as well; otherwise WeChat is asked in normal mode. One key is limited to 5, all callers together to 20 forced renewals a day, at least 30 s apart; over the limit the response is the current token, as on the platform.',
      },
    },
  },
};
