import type { Paths } from './openapi.types.js';
import { body } from './parts.js';

export const healthPaths: Paths = {
  '/health/live': {
    get: {
      tags: ['Operations'],
      operationId: 'live',
      summary: 'Liveness check',
      description:
        'Reports that the process is running; checks neither tokens nor the database.',
      security: [],
      responses: {
        200: {
          description: 'The process is running.',
          content: {
            'application/json': {
              schema: {
                type: 'object',
                required: ['status'],
                properties: { status: { type: 'string', enum: ['ok'] } },
              },
              examples: { ok: { value: { status: 'ok' } } },
            },
          },
        },
      },
    },
  },
  '/health/ready': {
    get: {
      tags: ['Operations'],
      operationId: 'ready',
      summary: 'Readiness check',
      description:
        'Reports whether requests should be sent here. What another replica would do no better, such as an outage of WeChat, is `degraded`, with the status 200. Costs no statement of the database and no call of WeChat.',
      security: [],
      responses: {
        200: {
          description: 'Requests are served: `ok` or `degraded`.',
          content: body('Readiness', {
            ok: {
              summary: 'All is well',
              value: { status: 'ok', reasons: [] },
            },
            degraded: {
              summary: "This machine's address is not in WeChat's whitelist",
              value: {
                status: 'degraded',
                reasons: [
                  { reason: 'tokens-expired', count: 1 },
                  { reason: 'renewals-failing', class: 'ip', count: 1 },
                ],
              },
            },
          }),
        },
        503: {
          description: 'No new requests, please: `starting` or `stopping`.',
          content: body('Readiness', {
            starting: {
              summary: 'The database is away',
              value: {
                status: 'starting',
                reasons: [{ reason: 'database-not-reached' }],
              },
            },
            stopping: {
              summary: 'The process was told to stop',
              value: { status: 'stopping', reasons: [{ reason: 'stopping' }] },
            },
          }),
        },
      },
    },
  },
};
