import { STATUS_CODES } from 'node:http';
import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import {
  ExpressAdapter,
  type NestExpressApplication,
} from '@nestjs/platform-express';
import type { OpenAPIObject, SwaggerModule } from '@nestjs/swagger';
import type { NextFunction, Request, RequestHandler, Response } from 'express';
import { messages } from '../config/config.messages.js';

/** Users enter keys on the page, so it loads code, styles and data from the app only, and cannot be framed. */
const POLICY = [
  "default-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data:",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

/**
 * Serves `/docs`, the Swagger UI page, and `/docs-json`, the document itself. Swagger is loaded on the first request, so that it
 * does not slow down the app's start.
 */
export function serveDocs(app: NestExpressApplication): void {
  let docs: Promise<RequestHandler> | undefined;
  app.use((request: Request, response: Response, next: NextFunction) => {
    if (!/^\/docs(-json)?(\/|$)/.test(request.path)) return next();
    docs ??= createDocs();
    docs.then(
      (handle) => handle(request, response, next),
      (error: unknown) => {
        docs = undefined;
        next(error);
      },
    );
  });
}

@Module({})
class DocsModule {}

async function createDocs(): Promise<RequestHandler> {
  const { openApiDocument } = await import('./document.js');
  try {
    const { SwaggerModule } = await import('@nestjs/swagger');
    return await createSwaggerApp(SwaggerModule, openApiDocument);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== 'ERR_MODULE_NOT_FOUND') throw error;
    return documentOnly(openApiDocument);
  }
}

/** Without the page, which needs a package that `npm ci --omit=dev` leaves out. */
function documentOnly(document: OpenAPIObject): RequestHandler {
  return ({ path }, response) => {
    if (path.startsWith('/docs-json')) response.json(document);
    else
      response.status(501).type('application/problem+json').json({
        type: 'about:blank',
        title: STATUS_CODES[501],
        status: 501,
        detail: messages.swaggerMissing(),
      });
  };
}

/** A separate Nest app, which never listens. */
async function createSwaggerApp(
  swagger: typeof SwaggerModule,
  document: OpenAPIObject,
): Promise<RequestHandler> {
  const adapter = new ExpressAdapter();
  // No `logger` option: Nest's logger is global, so it would change that of the app.
  const app = await NestFactory.create<NestExpressApplication>(
    DocsModule,
    adapter,
    { abortOnError: false, bodyParser: false },
  );
  app.disable('x-powered-by');
  app.use((_: Request, response: Response, next: NextFunction) => {
    response.setHeader('Content-Security-Policy', POLICY);
    response.setHeader('X-Content-Type-Options', 'nosniff');
    response.setHeader('Referrer-Policy', 'no-referrer');
    next();
  });
  swagger.setup('docs', app, document, {
    raw: ['json'],
    customSiteTitle: document.info.title,
    customCss: '.swagger-ui .topbar { display: none }',
    swaggerOptions: {
      // Disables the online validator, which would get the document's address.
      validatorUrl: null,
      defaultModelsExpandDepth: 0,
      displayRequestDuration: true,
    },
  });
  await app.init();
  return adapter.getInstance<RequestHandler>();
}
