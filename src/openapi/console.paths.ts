import type { Paths } from './openapi.types.js';
import { problems } from './problem-responses.js';

const tags = ['Operators'];
const cached = (value: string) => ({
  'Cache-Control': { schema: { type: 'string', enum: [value] } },
  ETag: { schema: { type: 'string' } },
});

export const consolePaths: Paths = {
  '/admin/wechat-tokens/console': {
    get: {
      tags,
      operationId: 'openConsole',
      summary: 'Open the console',
      description:
        'A static page that shows the tokens and renews them. It asks for an API key, and keeps it for the tab only.',
      security: [],
      responses: {
        200: {
          description: 'The page.',
          headers: cached('no-cache'),
          content: {
            'text/html': {
              schema: { type: 'string' },
              examples: {
                page: { summary: 'The page', value: '<!doctype html>…' },
              },
            },
          },
        },
        ...problems(404),
      },
    },
  },
  '/admin/wechat-tokens/console/assets/{file}': {
    get: {
      tags,
      operationId: 'getConsoleAsset',
      summary: 'Get a part of the console',
      description: 'Scripts and styles, with a hash in their names.',
      security: [],
      parameters: [
        {
          name: 'file',
          in: 'path',
          required: true,
          schema: { type: 'string' },
          example: 'index-0a1b2c3d.js',
        },
      ],
      responses: {
        200: {
          description: 'The file.',
          headers: cached('public, max-age=31536000, immutable'),
          content: {
            'text/javascript': {
              schema: { type: 'string' },
              examples: {
                script: { summary: 'A script', value: 'const …' },
              },
            },
          },
        },
        ...problems(404),
      },
    },
  },
};
