import type { Paths } from './openapi.types.js';
import { noStore } from './parts.js';
import { problems } from './problem-responses.js';
import { security } from './security.js';

export const metricsPaths: Paths = {
  '/metrics': {
    get: {
      tags: ['Operations'],
      operationId: 'scrapeMetrics',
      summary: 'Metrics for Prometheus',
      description:
        'The setting `METRICS` says who may scrape: `open` (the default) anybody, `key` an API key with the scope `tokens:read` that is not limited to some accounts; with `off` the path is unknown. docs/metrics.md lists the metrics.',
      // Without a key, or with one.
      security: [{}, ...security],
      responses: {
        200: {
          description: "The metrics in Prometheus's text format.",
          headers: noStore,
          content: {
            'text/plain': {
              schema: { type: 'string' },
              examples: {
                scrape: {
                  value:
                    '# HELP wechat_token_held_tokens Tokens in memory.\n# TYPE wechat_token_held_tokens gauge\nwechat_token_held_tokens 3\n',
                },
              },
            },
          },
        },
        ...problems(401, 403, 429, 501),
      },
    },
  },
};
