import type { HealthReasonCode, HealthStatus } from '../wechat-token/index.js';
import type { Schemas } from './openapi.types.js';

const STATUSES = [
  'starting',
  'ok',
  'degraded',
  'stopping',
] as const satisfies readonly HealthStatus[];
const REASONS = [
  'stopping',
  'database-not-reached',
  'accounts-not-read',
  'database-failing',
  'accounts-failing',
  'tokens-expired',
  'tokens-missing',
  'renewals-failing',
  'tokens-not-stored',
  'rows-of-another-app',
] as const satisfies readonly HealthReasonCode[];

export const healthSchemas: Schemas = {
  Readiness: {
    type: 'object',
    additionalProperties: false,
    required: ['status', 'reasons'],
    properties: {
      status: { type: 'string', enum: [...STATUSES] },
      reasons: {
        type: 'array',
        description: 'Empty when the status is `ok`. No names.',
        items: {
          type: 'object',
          additionalProperties: false,
          required: ['reason'],
          properties: {
            reason: { type: 'string', enum: [...REASONS] },
            count: {
              type: 'integer',
              description: 'How many tokens are concerned.',
            },
            class: {
              type: 'string',
              description: 'Of `renewals-failing`: the class of the failure.',
            },
          },
        },
      },
    },
  },
};
