import { servedTokenExample } from './examples.js';
import type { Paths } from './openapi.types.js';
import { body, noStore, parameter } from './parts.js';
import { problems } from './problem-responses.js';

const tags = ['Programs'];

const etag = {
  ETag: {
    description:
      "The token's fingerprint, as a weak tag, since the life that is left differs between answers.",
    schema: { type: 'string' },
  },
};

export const tokenPaths: Paths = {
  '/wechat-tokens/{name}': {
    get: {
      tags,
      operationId: 'getToken',
      summary: 'The token that is valid now',
      description:
        'Scope `tokens:issue`. Answered from memory. Ask before each call of WeChat, or keep the token for less than a minute.',
      parameters: [
        parameter('name'),
        {
          name: 'If-None-Match',
          in: 'header',
          description:
            'The ETag of the token that is at hand, such as `W/"4b97ab73"`.',
          schema: { type: 'string' },
        },
      ],
      responses: {
        200: {
          description: 'The token.',
          headers: { ...noStore, ...etag },
          content: body('ServedToken', servedTokenExample),
        },
        304: {
          description: 'The token at hand is the one that is valid now.',
          headers: { ...noStore, ...etag },
        },
        ...problems(401, 403, 404, 429, 502, 503),
      },
    },
  },
  '/wechat-tokens/{name}/rejected': {
    post: {
      tags,
      operationId: 'reportRejectedToken',
      summary: 'WeChat refused this token: which one instead?',
      description:
        'Scope `tokens:issue`. For 40001, 40014 and 42001. If another has taken the place of the refused token, that is the answer, without a call of WeChat; else it is renewed, once for all who report it. Then call WeChat once more, and not a third time.',
      parameters: [parameter('name')],
      requestBody: {
        required: true,
        content: body('RejectedToken', {
          refused: {
            summary: 'The token of the call that failed',
            value: { value: 'the-token-that-wechat-refused' },
          },
        }),
      },
      responses: {
        200: {
          description: 'The token to use instead.',
          headers: noStore,
          content: body('ServedToken', servedTokenExample),
        },
        ...problems(400, 401, 403, 404, 413, 429, 502, 503),
      },
    },
  },
};
