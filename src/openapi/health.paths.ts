import type { Paths } from './openapi.types.js';

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
};
