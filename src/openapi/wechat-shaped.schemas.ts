import { schema } from './parts.js';
import type { Schemas } from './openapi.types.js';

export const wechatShapedSchemas: Schemas = {
  WechatAnswer: {
    description: 'The HTTP status is always 200, as on the platform.',
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
        description: 'Actual seconds until the token expires.',
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
          'Ends the current token for all clients, if the key has the scope `tokens:refresh` as well; otherwise WeChat is asked in normal mode. One key is limited to 5, all callers together to 20 forced renewals a day, at least 30 s apart; over the limit the response is the current token, as on the platform.',
      },
    },
  },
};
