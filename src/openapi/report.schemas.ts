import { schema } from './parts.js';
import type { Schemas } from './openapi.types.js';

const count = { type: 'integer', minimum: 0 };
const counts = { type: 'object', additionalProperties: count };
const instant = { type: 'string', format: 'date-time' };
const maybe = { type: ['integer', 'null'] };

/** An object of these properties, all of which are there. */
const complete = (
  properties: Record<string, object>,
  description?: string,
) => ({
  ...(description !== undefined && { description }),
  type: 'object',
  additionalProperties: false,
  required: Object.keys(properties),
  properties,
});

export const reportSchemas: Schemas = {
  HourCount: complete(
    {
      hour: { ...instant, description: 'The beginning of the hour.' },
      refreshed: count,
      failed: count,
      failures: { ...counts, description: 'By class.' },
      latencyMs: {
        ...maybe,
        description:
          "The mean of the platforms' response times to successful renewals, milliseconds; null without one.",
      },
    },
    'What was counted in one hour, by the clock of the database.',
  ),
  Summary: complete({
    at: { ...instant, description: 'The clock of the database.' },
    total: count,
    statuses: complete({
      expired: count,
      missing: count,
      'cooling-down': count,
      due: count,
      refreshing: count,
      valid: count,
    }),
    kinds: {
      type: 'array',
      items: { type: 'string' },
      description:
        'The kinds of token that there may be, such as `access_token` and `jsapi_ticket`.',
    },
    hours: {
      type: 'array',
      items: schema('HourCount'),
      minItems: 24,
      maxItems: 24,
      description: 'The last 24 clock hours, the oldest first.',
    },
    leaseHolders: {
      type: 'array',
      maxItems: 20,
      description:
        'Replicas that have renewed tokens, or tried to, in the last 24 clock hours, the latest first. Empty for a key that is limited to some accounts.',
      items: complete({
        owner: { type: 'string' },
        tokens: {
          ...count,
          description: 'Tokens that were issued to the replica.',
        },
        lastAt: {
          ...instant,
          description:
            'The beginning of the hour of its latest renewal or failure.',
        },
      }),
    },
    wechat: complete(
      {
        state: {
          type: 'string',
          enum: ['ok', 'degraded', 'failing', 'idle'],
          description:
            '`failing`: only failures of the platform. `degraded`: both failures and renewals. `idle`: neither.',
        },
        failures: counts,
      },
      'The platforms in the last two clock hours. Failures that concern one account, such as a wrong secret, are not counted here.',
    ),
    database: complete({
      kind: { type: 'string', enum: ['mysql', 'postgres', 'sqlite'] },
      latencyMs: {
        ...count,
        description: 'The time of one statement, milliseconds.',
      },
    }),
    replica: complete(
      {
        id: { type: 'string' },
        role: { type: 'string', enum: ['refresher', 'reader'] },
      },
      'The replica that answered.',
    ),
  }),
  Stats: complete({
    name: { type: 'string' },
    hours: {
      type: 'array',
      items: schema('HourCount'),
      minItems: 168,
      maxItems: 168,
      description: 'The last 168 clock hours, the oldest first.',
    },
    forced: complete(
      {
        today: count,
        limit: count,
        left: count,
        resetsAt: { ...instant, description: 'Midnight, China time.' },
      },
      "Forced renewals; WeChat's day is China's.",
    ),
  }),
  Quota: complete({
    name: { type: 'string' },
    items: {
      type: 'array',
      items: complete({
        path: { type: 'string' },
        dailyLimit: maybe,
        used: maybe,
        remain: maybe,
        error: {
          description:
            'Why WeChat has no counters for this path; null where it has.',
          oneOf: [
            complete({
              errcode: { type: 'integer' },
              message: { type: 'string' },
            }),
            { type: 'null' },
          ],
        },
      }),
    },
  }),
};
