import type { Examples, Paths } from './openapi.types.js';
import { body, noStore } from './parts.js';

const tags = ['WeChat SDKs'];

const error = (summary: string, errcode: number, errmsg: string) => ({
  summary,
  value: { errcode, errmsg },
});

const answers: Examples = {
  token: {
    summary: 'The token',
    value: { access_token: 'a-token-of-wechat', expires_in: 7106 },
  },
  grantType: error('Invalid grant_type', 40002, 'invalid grant_type'),
  appIdMissing: error('Missing appid', 41002, 'appid missing'),
  secretMissing: error('Missing secret', 41004, 'appsecret missing'),
  secretWrong: error('Unknown API key', 40125, 'invalid appsecret'),
  appIdWrong: error(
    'Unknown appid, or the key is limited to other accounts',
    40013,
    'invalid appid',
  ),
  tooOften: error(
    'Too many wrong keys from this address',
    45011,
    'api minute-quota reach limit, must slower, retry next minute',
  ),
  busy: error(
    'No token is available; the server log has the cause',
    -1,
    'system error',
  ),
};

const answer = (examples: Examples) => ({
  200: {
    description: "A token or an error in WeChat's own format.",
    headers: noStore,
    content: body('WechatAnswer', examples),
  },
});

export const wechatShapedPaths: Paths = {
  '/cgi-bin/token': {
    get: {
      tags,
      operationId: 'wechatToken',
      summary: 'Compatible with /cgi-bin/token of WeChat',
      description:
        'Send an API key with the scope `tokens:issue` in place of the AppSecret. Unlike on the platform, a request does not invalidate the current token.',
      security: [],
      parameters: [
        {
          name: 'grant_type',
          in: 'query',
          required: true,
          schema: { type: 'string', enum: ['client_credential'] },
          example: 'client_credential',
        },
        {
          name: 'appid',
          in: 'query',
          required: true,
          schema: { type: 'string' },
          example: 'wx0123456789abcdef',
        },
        {
          name: 'secret',
          in: 'query',
          required: true,
          description: 'An API key.',
          schema: { type: 'string' },
          example: 'your-api-key',
        },
      ],
      responses: answer(answers),
    },
    post: {
      tags,
      operationId: 'wechatTokenPosted',
      summary: 'Not supported: use GET',
      security: [],
      responses: answer({
        posted: error('The only response', 43001, 'require GET method'),
      }),
    },
  },
  '/cgi-bin/stable_token': {
    post: {
      tags,
      operationId: 'wechatStableToken',
      summary: 'Compatible with /cgi-bin/stable_token of WeChat',
      description:
        'Send an API key with the scope `tokens:issue` in place of the AppSecret. `force_refresh` forces a renewal if the key has the scope `tokens:refresh` as well; otherwise WeChat is asked in normal mode.',
      security: [],
      requestBody: {
        required: true,
        content: body('StableTokenRequest', {
          normal: {
            summary: 'The current token',
            value: {
              grant_type: 'client_credential',
              appid: 'wx0123456789abcdef',
              secret: 'your-api-key',
            },
          },
          forced: {
            summary: 'A new token (forced renewal; scope `tokens:refresh`)',
            value: {
              grant_type: 'client_credential',
              appid: 'wx0123456789abcdef',
              secret: 'your-api-key',
              force_refresh: true,
            },
          },
        }),
      },
      responses: answer({
        ...answers,
        notJson: error(
          'The body is not a JSON object',
          47001,
          'data format error',
        ),
      }),
    },
    get: {
      tags,
      operationId: 'wechatStableTokenNotPosted',
      summary: 'Not supported: use POST',
      security: [],
      responses: answer({
        notPosted: error('The only response', 43002, 'require POST method'),
      }),
    },
  },
};
