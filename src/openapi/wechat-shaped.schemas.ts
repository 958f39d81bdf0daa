import { schema } from './parts.js';
import type { Schemas } from './openapi.types.js';

export const wechatShapedSchemas: Schemas = {
  WechatAnswer: {
    description: 'Always with HTTP 200, as of WeChat.',
    oneOf: [schema('WechatToken'), schema('WechatError')],
  },
  WechatToken: {
    type: 'object',
    additionalProperties: false,
    required: ['access_token', 'expires_in'],
    properties: {
      access_token: { type: 'string' },
      expires_in: {
        type: 'integer',
        minimum: 0,
        description: 'Seconds that are really left.',
      },
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
          'Ends the current token for everybody, within 20 a day and 30 s apart for all callers together; beyond that, as of WeChat, the answer is the current token.',
      },
    },
  },
};
