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
const listParameters = [
  'order',
  'status',
  'kind',
  'search',
  'tokenNames',
  'limit',
  'after',
].map(parameter);

export const adminPaths: Paths = {
  '/admin/wechat-tokens': {
    get: {
      tags,
      operationId: 'listTokens',
      summary: 'List tokens',
      description:
        'Scope `tokens:read`. Ordered by name or by urgency, without the values. A key that is limited to some accounts gets the tokens of those accounts. In the order of urgency, and by status, kind or a search, each request reads every row, unless it names tokens; such requests are answered one after the other.',
      parameters: listParameters,
      responses: {
        200: {
          description: 'A page of tokens.',
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
      summary: 'Stream changes to a page of tokens',
      description:
        'Scope `tokens:read`. Server-sent events: first every token of the page and the page itself, then every token that changes, and the page when its tokens or their order change, within a second; a search that takes long is repeated after four times as long, 10 s at most. A comment is sent after 15 s without an event. The stream ends after 10 minutes; reconnect to continue. At most 5 streams per key and 20 in total. Use `fetch` to read the stream, because `EventSource` cannot send a key and a key must not be in a URL.',
      parameters: listParameters,
      responses: {
        200: {
          description:
            'Events of type `token`, the data of each is a Token; and of type `page`: `names` in their order, and `next` as in a list.',
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
      summary: 'Get a token',
      description:
        'Scope `tokens:read`. The response does not contain the value.',
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
      summary: "List a token's events",
      description:
        'Scope `tokens:read`. Newest first. Events are kept for 30 days.',
      parameters: [parameter('name'), parameter('limit'), parameter('before')],
      responses: {
        200: {
          description: 'A page of events.',
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
      summary: 'Renew a token',
      description:
        'Scope `tokens:refresh`. Recorded as an event with the id of the key. A cool-down is ignored; `force` is subject to the limits of WeChat, and refused for a kind of token that cannot be forced.',
      parameters: [parameter('name')],
      requestBody: {
        required: false,
        content: body('RefreshRequest', {
          normal: { summary: 'Renew in normal mode', value: {} },
          forced: {
            summary: 'Replace a token that has leaked',
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
          description: 'The outcome.',
          headers: noStore,
          content: body('RefreshOutcome', forcedOutcomeExample),
        },
        ...problems(400, 401, 403, 404, 409, 413, 429, 502, 503),
      },
    },
  },
};
