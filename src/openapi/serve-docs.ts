import { Module } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import {
  ExpressAdapter,
  type NestExpressApplication,
} from '@nestjs/platform-express';
import type { NextFunction, Request, RequestHandler, Response } from 'express';

/** The page takes keys, so it has no code, style or data but the app's own, and stands in no other page. */
const POLICY = [
  "default-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data:",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

/**
 * `/docs`, the page that explains every route and tries them; `/docs-json`, the document itself. What serves them is loaded when
 * somebody asks for the first time, so that the app starts without it.
 */
export function serveDocs(app: NestExpressApplication): void {
  let docs: Promise<RequestHandler> | undefined;
  app.use((request: Request, response: Response, next: NextFunction) => {
    if (!/^\/docs(-json)?(\/|$)/.test(request.path)) return next();
    docs ??= makeDocs();
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

/** An app of its own, which never listens. */
async function makeDocs(): Promise<RequestHandler> {
  const { SwaggerModule } = await import('@nestjs/swagger');
  const { openApiDocument } = await import('./document.js');
  const adapter = new ExpressAdapter();
  // Without a logger of its own: Nest has one for the whole process.
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
      // A page of the manufacturer's would be sent the document's address.
      validatorUrl: null,
      defaultModelsExpandDepth: 0,
      displayRequestDuration: true,
    },
  });
  await app.init();
  return adapter.getInstance<RequestHandler>();
}
