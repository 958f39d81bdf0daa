import type { Readable } from 'node:stream';
import { HttpException } from '@nestjs/common';
import type { AbstractHttpAdapter } from '@nestjs/core';
import { HttpProblem } from '../problem/http-problem.js';
import type { HttpRequest } from '../problem/http-request.js';
import { MAX_BODY_BYTES, readText } from '../problem/request-body.js';
import type { AdapterRoute, RouteHandlers } from './route-handlers.js';

/** Registers a route on the HTTP adapter. */
export function mount(
  adapter: AbstractHttpAdapter,
  path: string,
  route: AdapterRoute,
  handlers: RouteHandlers,
): void {
  if (adapter.getType() === 'fastify')
    mountOnFastify(adapter, path, route, handlers);
  else mountOnExpress(adapter, path, route, handlers);
}

/**
 * Express's parser refuses most encodings, before any route is reached. Bodies in WeChat's shape are JSON in ASCII, so the
 * declared encoding is taken away. To be called before the parsers are registered. An app without HTTP
 * has no adapter.
 */
export function acceptAnyCharset(
  adapter: AbstractHttpAdapter | null,
  paths: ReadonlySet<string>,
): void {
  if (adapter?.getType() !== 'express') return;
  adapter.use(({ headers, url }: HttpRequest, _: unknown, next: () => void) => {
    const type = headers['content-type'];
    if (
      type &&
      !/charset="?utf-/i.test(type) &&
      paths.has(url.split('?')[0] ?? '')
    )
      headers['content-type'] = type.replace(/;\s*charset=[^;]*/gi, '');
    next();
  });
}

function mountOnExpress(
  adapter: AbstractHttpAdapter,
  path: string,
  { method }: AdapterRoute,
  { answer, refuseBody }: RouteHandlers,
): void {
  adapter[method](path, answer);
  // The error of a parser comes past all routes.
  adapter.use(
    path,
    (
      error: unknown,
      request: HttpRequest & { readonly originalUrl: string },
      response: unknown,
      next: (error: unknown) => void,
    ) => {
      const refusal = refusalOfParser(error);
      const isAnswered =
        refusal &&
        request.method.toLowerCase() === method &&
        refuseBody(refusal, { url: request.originalUrl }, response);
      if (!isAnswered) next(error);
    },
  );
}

interface Fastify {
  register(
    plugin: (scope: Fastify, options: object, done: () => void) => void,
  ): void;
  hasContentTypeParser(type: string): boolean;
  addContentTypeParser(
    type: string,
    parser: (request: unknown, body: Readable) => Promise<string>,
  ): void;
  route(options: object): void;
}

function mountOnFastify(
  adapter: AbstractHttpAdapter,
  path: string,
  { method, unreadable }: AdapterRoute,
  { answer, refuseBody }: RouteHandlers,
): void {
  const fastify = adapter.getInstance<Fastify>();
  const route = {
    method: method.toUpperCase(),
    url: path,
    // Of the app's parsers too; how long they wait is its `requestTimeout`.
    bodyLimit: MAX_BODY_BYTES,
    handler: answer,
    errorHandler: (error: unknown, request: HttpRequest, reply: unknown) => {
      // Thrown again, it is for the app's own handler.
      const refusal = refusalOfParser(error);
      if (!refusal || !refuseBody(refusal, request, reply)) throw error;
    },
  };
  if (!unreadable) return fastify.route(route);
  fastify.register((scope, _options, done) => {
    // For every type that the app has no parser for.
    if (!scope.hasContentTypeParser('*'))
      scope.addContentTypeParser('*', (_, body) => readText(body));
    scope.route(route);
    done();
  });
}

/**
 * What Nest makes of the error of a parser, of Express's `body-parser`, of Fastify or of zlib, when a body could not be read.
 * Undefined for any other error, which is the app's.
 */
function refusalOfParser(error: unknown): HttpException | undefined {
  if (!(error instanceof Error)) return undefined;
  if (error instanceof HttpProblem) return error;
  const { type, code, statusCode = 400 } = error as ParserError;
  const isOfParser =
    /^(?:entity|encoding|charset|request|parameters)\./.test(String(type)) ||
    /^(?:FST_ERR_CTP|Z)_/.test(String(code));
  return isOfParser ? new HttpException(error.message, statusCode) : undefined;
}

interface ParserError {
  readonly type?: unknown;
  readonly code?: unknown;
  readonly statusCode?: number;
}
