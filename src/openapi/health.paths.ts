import type { Paths } from './openapi.types.js';

export const healthPaths: Paths = {
  '/health/live': {
    get: {
      tags: ['Operations'],
      operationId: 'live',
      summary: 'The process runs and answers',
      description: 'Says nothing about tokens or the database.',
      security: [],
      responses: {
        200: {
          description: 'It does.',
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
