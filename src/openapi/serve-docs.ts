import type { NestExpressApplication } from '@nestjs/platform-express';
import { SwaggerModule } from '@nestjs/swagger';
import type { NextFunction, Request, Response } from 'express';
import { openApiDocument } from './document.js';

/** The page takes keys, so it has no code, style or data but the app's own, and stands in no other page. */
const POLICY = [
  "default-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data:",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

/** `/docs`, the page that explains every route and tries them; `/docs-json`, the document itself. */
export function serveDocs(app: NestExpressApplication): void {
  app.use('/docs', (_: Request, response: Response, next: NextFunction) => {
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
}
