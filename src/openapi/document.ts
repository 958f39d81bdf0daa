import type { OpenAPIObject } from '@nestjs/swagger';
import { packageVersion } from '../config/package-version.js';
import { adminPaths } from './admin.paths.js';
import { adminSchemas } from './admin.schemas.js';
import { consolePaths } from './console.paths.js';
import { healthPaths } from './health.paths.js';
import { healthSchemas } from './health.schemas.js';
import { metricsPaths } from './metrics.paths.js';
import { parameters } from './parameters.js';
import { problemResponses } from './problem-responses.js';
import { problemSchemas } from './problem.schemas.js';
import { reportPaths } from './report.paths.js';
import { reportSchemas } from './report.schemas.js';
import { security, securitySchemes } from './security.js';
import { tokenPaths } from './token.paths.js';
import { tokenSchemas } from './token.schemas.js';
import { wechatShapedPaths } from './wechat-shaped.paths.js';
import { wechatShapedSchemas } from './wechat-shaped.schemas.js';
import { wecomShapedPaths } from './wecom-shaped.paths.js';

/**
 * The OpenAPI document of the app's routes. It is written as data, because apps that use the module need not install
 * @nestjs/swagger, so the module cannot use its decorators.
 */
export const openApiDocument: OpenAPIObject = {
  openapi: '3.1.0',
  info: {
    title: 'WeChat access tokens',
    version: packageVersion(),
    description: `This server keeps the access tokens and tickets of WeChat and WeCom valid, so that no other program has to. Where to begin:

- **Programs** get the current token, and report a token that WeChat has rejected.
- **WeChat SDKs** whose host can be set need no change: configure an API key in place of the AppSecret.
- **Operators** see the state of every token, without its value, and renew a token on request.

Errors are \`application/problem+json\`; the compatible routes return the platform's own errors instead. Without API keys (setting \`API_KEYS\`) only \`/health\`, \`/metrics\` and this page are available.`,
    license: { name: 'MIT' },
  },
  tags: [
    {
      name: 'Programs',
      description: 'Get a token; replace one that WeChat has rejected.',
    },
    {
      name: 'WeChat SDKs',
      description: "Compatible with WeChat's and WeCom's own endpoints.",
    },
    { name: 'Operators', description: 'Inspect and renew tokens.' },
    { name: 'Operations', description: 'Health checks and metrics.' },
  ],
  security,
  paths: {
    ...tokenPaths,
    ...wechatShapedPaths,
    ...wecomShapedPaths,
    ...adminPaths,
    ...reportPaths,
    ...consolePaths,
    ...healthPaths,
    ...metricsPaths,
  },
  components: {
    schemas: {
      ...tokenSchemas,
      ...wechatShapedSchemas,
      ...adminSchemas,
      ...healthSchemas,
      ...reportSchemas,
      ...problemSchemas,
    },
    responses: problemResponses,
    parameters,
    securitySchemes,
  },
};
