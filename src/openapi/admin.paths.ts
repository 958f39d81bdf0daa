import {
  eventsExample,
  forcedOutcomeExample,
  streamExample,
  tokenExample,
  tokenPageExample,
} from './examples.js';
import type { Paths } from './openapi.types.js';
import { body, noStore, parameter } from './parts.js';
import { problems } from './problem-responses.js';

const tags = ['Operators'];

export const adminPaths: Paths = {
  '/admin/wechat-tokens': {
    get: {
      tags,
      operationId: 'listTokens',
      summary: 'All tokens, masked',
      description:
        'Scope `tokens:read`. Ordered by name; a key for some accounts sees those.',
      parameters: [parameter('limit'), parameter('after')],
      responses: {
        200: {
          description: 'A page.',
          headers: noStore,
          content: body('TokenPage', tokenPageExample),
        },
        ...problems(400, 401, 403, 429, 503),
      },
    },
  },
  '/admin/wechat-tokens/stream': {
    get: {
      tags,
      operationId: 'streamTokens',
      summary: 'A page of tokens as it changes',
      description:
        'Scope `tokens:read`. Server-sent events: each token of the page once, then again within a second of each change; a comment every 15 s. It ends after 10 minutes: open it again. 5 for each key, 20 in all. Read it with `fetch`: a key does not belong in an URL.',
      parameters: [parameter('limit'), parameter('after')],
      responses: {
        200: {
          description: 'Events of the type `token`, whose data is a Token.',
          content: {
            'text/event-stream': {
              schema: { type: 'string' },
              examples: streamExample,
            },
          },
        },
        ...problems(400, 401, 403, 429, 503),
      },
    },
  },
  '/admin/wechat-tokens/{name}': {
    get: {
      tags,
      operationId: 'showToken',
      summary: 'One token, masked',
      description: 'Scope `tokens:read`.',
      parameters: [parameter('name')],
      responses: {
        200: {
          description: 'The token.',
          headers: noStore,
          content: body('Token', tokenExample),
        },
        ...problems(401, 403, 404, 429, 503),
      },
    },
  },
  '/admin/wechat-tokens/{name}/events': {
    get: {
      tags,
      operationId: 'listEvents',
      summary: 'What happened to a token',
      description: 'Scope `tokens:read`. Newest first; kept for 30 days.',
      parameters: [parameter('name'), parameter('limit'), parameter('before')],
      responses: {
        200: {
          description: 'A page.',
          headers: noStore,
          content: body('EventPage', eventsExample),
        },
        ...problems(400, 401, 403, 404, 429, 503),
      },
    },
  },
  '/admin/wechat-tokens/{name}/refresh': {
    post: {
      tags,
      operationId: 'refreshToken',
      summary: 'Renew a token now',
      description:
        'Scope `tokens:refresh`. Leaves an event with the id of the key. Ignores a cool-down; `force` is limited as WeChat limits it.',
      parameters: [parameter('name')],
      requestBody: {
        required: false,
        content: body('RefreshRequest', {
          gentle: { summary: 'Ask gently', value: {} },
          forced: {
            summary: 'The token has leaked',
            value: {
              force: true,
              expectedFingerprint: '4b97ab73',
              reason: 'leaked in a log',
            },
          },
        }),
      },
      responses: {
        200: {
          description: 'What came of it.',
          headers: noStore,
          content: body('RefreshOutcome', forcedOutcomeExample),
        },
        ...problems(400, 401, 403, 404, 413, 429, 502, 503),
      },
    },
  },
};
