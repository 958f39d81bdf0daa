import type { Server } from 'node:http';
import type { NextFunction, Request, Response } from 'express';
import type { AppSettings } from './settings.js';

/** How often Node looks for requests that are too slow. */
const CHECK_INTERVAL_MS = 1000;

/** Bounds what a client can hold without a key. To be called before the server listens. */
export function boundServer(server: Server, settings: AppSettings): void {
  // A load balancer sends requests on connections that it has kept open, for 60 s in most; on one that is closed here first, its
  // client gets a 502.
  server.keepAliveTimeout = settings.keepAliveTimeoutMs;
  // From the first byte of a request to its last header, and to its last byte. Idle connections and answers, such as an event
  // stream, are not concerned.
  server.headersTimeout = settings.headersTimeoutMs;
  server.requestTimeout = settings.requestTimeoutMs;
  server.maxConnections = settings.maxConnections;
  // An option of createServer, which is Nest's; Node reads it when the server listens.
  Object.assign(server, { connectionsCheckingInterval: CHECK_INTERVAL_MS });
}

/**
 * What every answer of the app has. A body that nobody reads to its end, such as that of an unknown path, ends with the answer:
 * Node would go on reading for as long as the client sends.
 */
export function prepareAnswer(
  request: Request,
  response: Response,
  next: NextFunction,
): void {
  response.setHeader('X-Content-Type-Options', 'nosniff');
  const { 'content-length': length = '0', 'transfer-encoding': encoding } =
    request.headers;
  if (length !== '0' || encoding !== undefined) {
    response.setHeader('Connection', 'close');
    request.once('end', () => {
      if (!response.headersSent) response.removeHeader('Connection');
    });
  }
  next();
}
