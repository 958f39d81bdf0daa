import type { Paths } from './openapi.types.js';
import { body, noStore, parameter } from './parts.js';
import { problems } from './problem-responses.js';
import {
  quotaExample,
  statsExample,
  summaryExample,
} from './report.examples.js';

const tags = ['Operators'];

export const reportPaths: Paths = {
  '/admin/wechat-tokens/summary': {
    get: {
      tags,
      operationId: 'summarizeTokens',
      summary: 'Get all tokens at a glance',
      description:
        'Scope `tokens:read`. How many tokens have each status, and what was renewed in the last 24 hours. A key that is limited to some accounts gets a summary of those. The answer is a second old at most, or twenty times as old as it takes to find.',
      responses: {
        200: {
          description: 'The summary.',
          headers: noStore,
          content: body('Summary', summaryExample),
        },
        ...problems(401, 403, 429, 503),
      },
    },
  },
  '/admin/wechat-tokens/{name}/stats': {
    get: {
      tags,
      operationId: 'showStats',
      summary: 'Get what was counted of a token',
      description:
        'Scope `tokens:read`. Renewals, failures and response times of the last 7 days, and what is left of the forced renewals of today.',
      parameters: [parameter('name')],
      responses: {
        200: {
          description: 'The counts.',
          headers: noStore,
          content: body('Stats', statsExample),
        },
        ...problems(401, 403, 404, 429, 503),
      },
    },
  },
  '/admin/wechat-tokens/{name}/quota': {
    get: {
      tags,
      operationId: 'showQuota',
      summary: "Ask WeChat for an account's quota",
      description:
        'Scope `tokens:refresh`. Calls `/cgi-bin/openapi/quota/get` for each endpoint that issues tokens, with the access token; at most 5 times a minute for each appid. Only for access tokens of WeChat accounts, otherwise 404. A reader calls nothing: 503.',
      parameters: [parameter('name')],
      responses: {
        200: {
          description: "WeChat's own counters.",
          headers: noStore,
          content: body('Quota', quotaExample),
        },
        ...problems(401, 403, 404, 429, 502, 503),
      },
    },
  },
};
