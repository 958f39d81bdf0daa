import { STATUS_CODES } from 'node:http';
import { body } from './parts.js';
import type { Headers, Responses, SharedResponses } from './openapi.types.js';

interface Example {
  readonly summary: string;
  readonly detail: string;
  readonly more?: {
    readonly errors?: readonly { field: string; problem: string }[];
    readonly errcode?: number;
    readonly retryAfter?: number;
  };
}

/** The problem responses by status. A test checks that the examples match the app's messages word for word. */
const PROBLEMS: Readonly<
  Record<number, { description: string; examples: Record<string, Example> }>
> = {
  400: {
    description: 'A field is not valid, or the body is not valid JSON.',
    examples: {
      field: {
        summary: 'A query parameter that is not valid',
        detail: 'Invalid request; see `errors`.',
        more: {
          errors: [
            { field: 'limit', problem: 'must be an integer from 1 to 100' },
          ],
        },
      },
      json: {
        summary: 'A body that is not valid JSON',
        detail:
          'Unreadable request body; send JSON with the content type application/json.',
      },
    },
  },
  401: {
    description: 'The API key is missing or unknown.',
    examples: {
      missing: {
        summary: 'No API key',
        detail:
          'API key required; send it as "Authorization: Bearer <key>" or "X-API-Key: <key>".',
      },
      wrong: {
        summary: 'Unknown API key',
        detail:
          'Unknown API key. Send one that the server has (API_KEYS, its file, or http.apiKeys).',
      },
    },
  },
  403: {
    description:
      'The key lacks the required scope, or is limited to other accounts.',
    examples: {
      scope: {
        summary: 'Missing scope',
        detail:
          'The API key lacks the scope "tokens:read". Add the scope to the key, or use another key.',
      },
      account: {
        summary: 'Key for other accounts',
        detail:
          'The API key does not allow this account. Add the account to the key, or use another key.',
      },
    },
  },
  404: {
    description: 'The account or the token does not exist.',
    examples: {
      account: {
        summary: 'Unknown account',
        detail:
          'Unknown account "shop". Add it to the module\'s `accounts` (WECHAT_ACCOUNTS of the app), or correct the name.',
      },
    },
  },
  409: {
    description: 'A token of this kind cannot be forced.',
    examples: {
      force: {
        summary: 'A ticket',
        detail:
          'The platform has no call that ends "jsapi_ticket:store" before its time: it gives the same one until then. Refresh it without force.',
      },
    },
  },
  413: {
    description: 'The body is too large.',
    examples: {
      large: {
        summary: 'A body of more than 16 kB',
        detail:
          'The request body is larger than 16 kB; nothing that these routes take is.',
      },
    },
  },
  429: {
    description:
      'Too many wrong keys, from this address or at once; a right key is never refused. For a forced renewal also: the limit of WeChat is reached. For the stream also: 5 streams are open with this key.',
    examples: {
      keys: {
        summary: 'Too many wrong keys',
        detail:
          'Too many wrong API keys; correct the key, or try again later. A right key is let in at once.',
        more: { retryAfter: 42 },
      },
      budget: {
        summary: 'Too many forced renewals',
        detail:
          '"access_token" was force-renewed less than 30 s ago. The next forced renewal is possible in 17 s.',
        more: { retryAfter: 17 },
      },
      streams: {
        summary: 'Too many streams for one key',
        detail:
          'Too many open event streams of this caller (limit 5). Close one, or try again later.',
        more: { retryAfter: 30 },
      },
    },
  },
  501: {
    description: 'The app was installed without a package that this needs.',
    examples: {
      promClient: {
        summary: 'prom-client is not installed',
        detail:
          '/metrics needs prom-client, which is not installed: npm install prom-client, or set METRICS=off.',
      },
    },
  },
  502: {
    description: 'WeChat refused to issue a token.',
    examples: {
      refused: {
        summary: "The server's IP is not whitelisted",
        detail:
          'Renewal of "access_token" failed: WeChat answered 40164 "invalid ip 203.0.113.7 ipv6 ::ffff:203.0.113.7, not in whitelist". Add this machine\'s IP to the whitelist in WeChat\'s console; it will be retried automatically.',
        more: { errcode: 40164, retryAfter: 600 },
      },
    },
  },
  503: {
    description:
      'The database is unavailable, or there is no valid token and none could be obtained in time.',
    examples: {
      database: {
        summary: 'Database unavailable',
        detail:
          'Database query failed (ECONNREFUSED). Valid tokens are still served from memory; check the database and its address.',
        more: { retryAfter: 5 },
      },
      coolingDown: {
        summary: 'WeChat refused; the next attempt is later',
        detail:
          '"access_token" is not valid; renewal will be retried in 371 s: WeChat answered 40164 "invalid ip 203.0.113.7 ipv6 ::ffff:203.0.113.7, not in whitelist". Add this machine\'s IP to the whitelist in WeChat\'s console; it will be retried automatically.',
        more: { retryAfter: 371 },
      },
    },
  },
};

const refOf = (status: number) => ({
  $ref: `#/components/responses/Problem${status}`,
});

/** References to the responses with these statuses. */
export function problems(...statuses: readonly number[]): Responses {
  return Object.fromEntries(
    statuses.map((status) => [String(status), refOf(status)]),
  );
}

/** All problem responses, for the document's components. */
export const problemResponses: SharedResponses = Object.fromEntries(
  Object.entries(PROBLEMS).map(([key, { description, examples }]) => {
    const status = Number(key);
    const values = Object.entries(examples).map(
      ([name, { summary, detail, more }]) =>
        [
          name,
          {
            summary,
            value: {
              type: 'about:blank',
              title: STATUS_CODES[status],
              status,
              detail,
              ...more,
            },
          },
        ] as const,
    );
    return [
      `Problem${status}`,
      {
        description,
        headers: headersOf(status),
        content: body(
          'Problem',
          Object.fromEntries(values),
          'application/problem+json',
        ),
      },
    ];
  }),
);

function headersOf(status: number): Headers {
  if (status === 401)
    return {
      'WWW-Authenticate': {
        description: 'Always `Bearer`.',
        schema: { type: 'string' },
      },
    };
  if (status === 429 || status >= 500)
    return {
      'Retry-After': {
        description: 'Seconds; absent if a retry cannot succeed.',
        schema: { type: 'integer' },
      },
    };
  return {};
}
