import type { Examples, Paths } from './openapi.types.js';
import {
  answerOf,
  busy,
  error,
  queryParameter,
  ticketExample,
} from './shaped-parts.js';

const tags = ['WeChat SDKs'];

const SEVERAL =
  'this API key is for several applications of the corporation: limit it by "accounts" to one of them, or send agentid too';

const applicationErrors: Examples = {
  severalApplications: error(
    'An API key for several applications, without agentid',
    40001,
    SEVERAL,
  ),
  corpIdWrong: error(
    'Unknown corpid, or the key is limited to other accounts',
    40013,
    'invalid corpid',
  ),
  agentIdWrong: error('Unknown agentid', 40056, 'invalid agentid'),
  corpIdMissing: error('Missing corpid', 41002, 'corpid missing'),
  tooOften: error(
    'Too many wrong keys or tokens from this address',
    45009,
    'api freq out of limit',
  ),
  busy,
};

const tokenAnswers: Examples = {
  token: {
    summary: 'The token',
    value: {
      errcode: 0,
      errmsg: 'ok',
      access_token: 'a-token-of-wecom',
      expires_in: 7106,
    },
  },
  secretWrong: error('Unknown API key', 40001, 'invalid credential'),
  secretMissing: error('Missing corpsecret', 41004, 'corpsecret missing'),
  ...applicationErrors,
};

const ticketAnswers: Examples = {
  ticket: ticketExample,
  tokenWrong: error(
    'The token is not the current one: request it again',
    40014,
    'invalid access_token',
  ),
  tokenMissing: error('Missing access_token', 41001, 'access_token missing'),
  ticketNotSet: error(
    'The application has no such ticket',
    48002,
    'api unauthorized: this account has no corp_ticket here; add "corp" to its setting "tickets"',
  ),
  ...applicationErrors,
};

const tokenAnswer = answerOf('WecomAnswer', 'A token');
const ticketAnswer = answerOf('TicketAnswer', 'A ticket');
const posted = {
  posted: error('The only response', 43001, 'require GET method'),
};

const optional = (name: string, description: string) => ({
  name,
  in: 'query' as const,
  description,
  schema: { type: 'string' as const },
});
const agentId = optional(
  'agentid',
  'Only for an API key that is for several applications of the corporation.',
);
const corpId = optional(
  'corpid',
  'Only for an API key that is not limited to one account.',
);
const accessToken = queryParameter('access_token', 'a-token-of-wecom', {
  description: 'The current access token, or an API key.',
});

export const wecomShapedPaths: Paths = {
  '/cgi-bin/gettoken': {
    get: {
      tags,
      operationId: 'wecomToken',
      summary: 'Compatible with /cgi-bin/gettoken of WeCom',
      description:
        'Send an API key with the scope `tokens:issue` in place of the secret, best one that is limited to the account of one application: each application has a token of its own.',
      security: [],
      parameters: [
        queryParameter('corpid', 'ww0123456789abcdef'),
        queryParameter('corpsecret', 'your-api-key', {
          description: 'An API key.',
        }),
        agentId,
      ],
      responses: tokenAnswer(tokenAnswers),
    },
    post: {
      tags,
      operationId: 'wecomTokenPosted',
      summary: 'Not supported: use GET',
      security: [],
      responses: tokenAnswer(posted),
    },
  },
  '/cgi-bin/get_jsapi_ticket': {
    get: {
      tags,
      operationId: 'wecomCorpTicket',
      summary: 'Compatible with /cgi-bin/get_jsapi_ticket of WeCom',
      description:
        'The ticket of the corporation, for `wx.config`. Send the current token, as `/cgi-bin/gettoken` here returns it, or an API key with the scope `tokens:issue`. The account needs `corp` in its setting `tickets`.',
      security: [],
      parameters: [accessToken, corpId, agentId],
      responses: ticketAnswer(ticketAnswers),
    },
    post: {
      tags,
      operationId: 'wecomCorpTicketPosted',
      summary: 'Not supported: use GET',
      security: [],
      responses: ticketAnswer(posted),
    },
  },
  '/cgi-bin/ticket/get': {
    get: {
      tags,
      operationId: 'wecomAgentTicket',
      summary: 'Compatible with /cgi-bin/ticket/get of WeCom',
      description:
        'The ticket of the application, for `wx.agentConfig`. As `/cgi-bin/get_jsapi_ticket`; the account needs `agent` in its setting `tickets`.',
      security: [],
      parameters: [
        accessToken,
        queryParameter('type', 'agent_config', { enum: ['agent_config'] }),
        corpId,
        agentId,
      ],
      responses: ticketAnswer({
        ...ticketAnswers,
        typeWrong: error(
          'Another type',
          40058,
          'invalid Request Parameter: type must be agent_config',
        ),
      }),
    },
    post: {
      tags,
      operationId: 'wecomAgentTicketPosted',
      summary: 'Not supported: use GET',
      security: [],
      responses: ticketAnswer(posted),
    },
  },
};
