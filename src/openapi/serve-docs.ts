import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import {
  ExpressAdapter,
  type NestExpressApplication,
} from '@nestjs/platform-express';
import type { NextFunction, Request, RequestHandler, Response } from 'express';

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

/** A separate Nest app, which never listens. */
async function createDocs(): Promise<RequestHandler> {
  const { SwaggerModule } = await import('@nestjs/swagger');
  const { openApiDocument } = await import('./document.js');
  const adapter = new ExpressAdapter();
  // No `logger` option: Nest's logger is global, so it would change that of the app.
  const app = await NestFactory.create<NestExpressApplication>(
    DocsModule,
    adapter,
    { abortOnError: false },
  );
  app.disable('x-powered-by');
  app.use((_: Request, response: Response, next: NextFunction) => {
    response.setHeader('Content-Security-Policy', POLICY);
    response.setHeader('X-Content-Type-Options', 'nosniff');
    response.setHeader('Referrer-Policy', 'no-referrer');
    next();
  });
  SwaggerModule.setup('docs', app, openApiDocument, {
    raw: ['json'],
    customSiteTitle: openApiDocument.info.title,
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
