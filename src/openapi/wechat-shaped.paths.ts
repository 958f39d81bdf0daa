import type { Examples, Paths } from './openapi.types.js';
import { body, noStore } from './parts.js';

const tags = ['SDKs of WeChat'];

const error = (summary: string, errcode: number, errmsg: string) => ({
  summary,
  value: { errcode, errmsg },
});

const answers: Examples = {
  token: {
    summary: 'The token',
    value: { access_token: 'a-token-of-wechat', expires_in: 7106 },
  },
  grantType: error('grant_type is not right', 40002, 'invalid grant_type'),
  appIdMissing: error('No appid', 41002, 'appid missing'),
  secretMissing: error('No secret', 41004, 'appsecret missing'),
  secretWrong: error('A wrong API key', 40125, 'invalid appsecret'),
  appIdWrong: error(
    'No such account, or none that the key is for',
    40013,
    'invalid appid',
  ),
  tooOften: error(
    'Too many wrong keys from this address',
    45011,
    'api minute-quota reach limit, must slower, retry next minute',
  ),
  busy: error('There is no token now; the log says why', -1, 'system error'),
};

const answer = (examples: Examples) => ({
  200: {
    description: "WeChat's own shape, errors included.",
    headers: noStore,
    content: body('WechatAnswer', examples),
  },
});

export const wechatShapedPaths: Paths = {
  '/cgi-bin/token': {
    get: {
      tags,
      operationId: 'wechatToken',
      summary: 'As /cgi-bin/token of WeChat',
      description:
        "An API key with the scope `tokens:issue` takes the place of the AppSecret. Asking ends nobody's token.",
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
  },
  '/cgi-bin/stable_token': {
    post: {
      tags,
      operationId: 'wechatStableToken',
      summary: 'As /cgi-bin/stable_token of WeChat',
      description:
        'An API key with the scope `tokens:issue` takes the place of the AppSecret.',
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
            summary: 'Another one, now',
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
          'The body is no object in JSON',
          47001,
          'data format error',
        ),
      }),
    },
    get: {
      tags,
      operationId: 'wechatStableTokenNotPosted',
      summary: 'Must be a POST',
      security: [],
      responses: answer({
        notPosted: error('Always', 43002, 'require POST method'),
      }),
    },
  },
};
