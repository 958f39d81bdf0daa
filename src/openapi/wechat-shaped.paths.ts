import type { Examples, Paths } from './openapi.types.js';
import {
  answerOf,
  busy,
  error,
  queryParameter,
  ticketExample,
} from './shaped-parts.js';
import { body } from './parts.js';

const tags = ['WeChat SDKs'];

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
  busy,
};

const ticketAnswers: Examples = {
  ticket: ticketExample,
  tokenWrong: error(
    'The token is not the current one: request it again',
    40001,
    'invalid credential, access_token is invalid or not latest',
  ),
  tokenMissing: error('Missing access_token', 41001, 'access_token missing'),
  appIdMissing: error(
    'An API key for several accounts, without appid',
    41002,
    'appid missing',
  ),
  typeWrong: error(
    'Another type',
    40097,
    'invalid args: type must be jsapi or wx_card',
  ),
  ticketNotSet: error(
    'The account has no such ticket',
    48001,
    'api unauthorized: this account has no wx_card_ticket here; add "wx_card" to its setting "tickets"',
  ),
  tooOften: error(
    'Too many different tokens that are not current, from this address',
    45011,
    'api minute-quota reach limit, must slower, retry next minute',
  ),
  busy,
};

const answer = answerOf('WechatAnswer', 'A token');
const ticketAnswer = answerOf('TicketAnswer', 'A ticket');

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
        queryParameter('grant_type', 'client_credential', {
          enum: ['client_credential'],
        }),
        queryParameter('appid', 'wx0123456789abcdef'),
        queryParameter('secret', 'your-api-key', {
          description: 'An API key.',
        }),
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
  '/cgi-bin/ticket/getticket': {
    get: {
      tags,
      operationId: 'wechatTicket',
      summary: 'Compatible with /cgi-bin/ticket/getticket of WeChat',
      description:
        'Send the current token, as `/cgi-bin/token` here returns it, or an API key with the scope `tokens:issue`. The account needs the ticket in its setting `tickets`.',
      security: [],
      parameters: [
        queryParameter('access_token', 'a-token-of-wechat', {
          description: 'The current access token, or an API key.',
        }),
        queryParameter('type', 'jsapi', { enum: ['jsapi', 'wx_card'] }),
        {
          name: 'appid',
          in: 'query',
          description:
            'Only for an API key that is not limited to one account.',
          schema: { type: 'string' },
        },
      ],
      responses: ticketAnswer(ticketAnswers),
    },
    post: {
      tags,
      operationId: 'wechatTicketPosted',
      summary: 'Not supported: use GET',
      security: [],
      responses: ticketAnswer({
        posted: error('The only response', 43001, 'require GET method'),
      }),
    },
  },
};
