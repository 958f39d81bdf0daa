import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { OpenAPIObject } from '@nestjs/swagger';
import { adminPaths } from './admin.paths.js';
import { adminSchemas } from './admin.schemas.js';
import { healthPaths } from './health.paths.js';
import { parameters } from './parameters.js';
import { problemResponses } from './problem-responses.js';
import { problemSchemas } from './problem.schemas.js';
import { security, securitySchemes } from './security.js';
import { tokenPaths } from './token.paths.js';
import { tokenSchemas } from './token.schemas.js';
import { wechatShapedPaths } from './wechat-shaped.paths.js';
import { wechatShapedSchemas } from './wechat-shaped.schemas.js';

/**
 * What the app's routes take and answer, as data: the module has no decorators of @nestjs/swagger, since an app of its users
 * need not have that package.
 */
export const openApiDocument: OpenAPIObject = {
  openapi: '3.1.0',
  info: {
    title: 'WeChat access tokens',
    version: versionOfThePackage(),
    description: `One party keeps the tokens of WeChat valid; all others use them. Where to begin:

- **Programs** ask for a token, and report one that WeChat refused.
- **SDKs of WeChat** whose host can be set need no change: an API key in place of the AppSecret.
- **Operators** see every token without its value, and renew one by hand.

Errors are \`application/problem+json\`, but for the routes in WeChat's shape, whose errors are WeChat's. Without API keys (setting \`API_KEYS\`) only \`/health\` and this page answer.`,
    license: { name: 'MIT' },
  },
  tags: [
    { name: 'Programs', description: 'A token, and what to do when it fails.' },
    { name: 'SDKs of WeChat', description: "WeChat's own endpoints." },
    { name: 'Operators', description: 'See, and renew by hand.' },
    { name: 'Operations', description: 'For load balancers and the like.' },
  ],
  security,
  paths: {
    ...tokenPaths,
    ...wechatShapedPaths,
    ...adminPaths,
    ...healthPaths,
  },
  components: {
    schemas: {
      ...tokenSchemas,
      ...wechatShapedSchemas,
      ...adminSchemas,
      ...problemSchemas,
    },
    responses: problemResponses,
    parameters,
    securitySchemes,
  },
};

/** Of package.json, which lies above src/ as it does above dist/. */
function versionOfThePackage(): string {
  const file = join(import.meta.dirname, '../../package.json');
  const { version } = JSON.parse(readFileSync(file, 'utf8')) as {
    version: string;
  };
  return version;
}
