import { servedTokenExample } from './examples.js';
import type { Paths } from './openapi.types.js';
import { body, noStore, parameter } from './parts.js';
import { problems } from './problem-responses.js';

const tags = ['Programs'];

const etag = {
  ETag: {
    description:
      "The token's fingerprint. The ETag is weak, because `expiresIn` differs between responses.",
    schema: { type: 'string' },
  },
};

export const tokenPaths: Paths = {
  '/wechat-tokens/{name}': {
    get: {
      tags,
      operationId: 'getToken',
      summary: 'Get the current token',
      description:
        'Scope `tokens:issue`. Served from memory. Get the token before each call to WeChat, or cache it for less than a minute.',
      parameters: [
        parameter('name'),
        {
          name: 'If-None-Match',
          in: 'header',
          description: 'ETag of the cached token, such as `W/"4b97ab73"`.',
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
          description: 'The cached token is the current one.',
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
      summary: 'Report a rejected token',
      description:
        'Scope `tokens:issue`. For the errcodes 40001, 40014 and 42001. If the rejected token has been replaced already, the response is its replacement, without a call to WeChat; otherwise the token is tried at WeChat, and renewed, once for all callers that report it, unless WeChat accepts it: then the response is the same token. Each key has 3 of the 10 renewals of rejected tokens within one life. Then retry the call to WeChat once.',
      parameters: [parameter('name')],
      requestBody: {
        required: true,
        content: body('RejectedToken', {
          rejected: {
            summary: 'The token that was rejected',
            value: { value: 'the-rejected-token' },
          },
        }),
      },
      responses: {
        200: {
          description:
            'The replacement token, or the same one if WeChat accepts it.',
          headers: noStore,
          content: body('ServedToken', servedTokenExample),
        },
        ...problems(400, 401, 403, 404, 413, 429, 502, 503),
      },
    },
  },
};
