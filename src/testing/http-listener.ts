import { createServer } from 'node:http';
import type { IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { setTimeout as wait } from 'node:timers/promises';
import type { PlatformRequest } from './platform-request.js';

type Handler = (req: IncomingMessage, res: ServerResponse) => Promise<void>;

/** An HTTP server that can be closed at once and reopened on the same port. */
export class HttpListener {
  private server: Server | undefined;
  private closing: Promise<unknown> = Promise.resolve();
  private readonly sockets = new Set<Socket>();
  private boundPort: number;

  constructor(
    private readonly handler: Handler,
    private readonly host: string,
    port: number,
  ) {
    this.boundPort = port;
  }

  /** The port, known after the first `open`. */
  get port(): number {
    return this.boundPort;
  }

  async open(): Promise<void> {
    await this.closing;
    if (this.server) return;
    const server = this.createServer();
    this.server = server;
    try {
      await listen(server, this.host, this.boundPort);
    } catch (error) {
      this.server = undefined;
      throw error;
    }
    this.boundPort = (server.address() as AddressInfo).port;
  }

  /** Refuses new connections and cuts open ones, including those that await a response. */
  async close(): Promise<void> {
    const { server } = this;
    if (server) {
      this.server = undefined;
      this.closing = new Promise((resolve) => server.close(resolve));
      for (const socket of this.sockets) socket.destroy();
    }
    await this.closing;
  }

  private createServer(): Server {
    const server = createServer((req, res) => {
      this.handler(req, res).catch((error: unknown) => {
        // Errors after the caller has disconnected are expected; any other error is a bug.
        if (res.destroyed || res.headersSent) return res.destroy();
        res.writeHead(500).end(`FakeWechat failed: ${String(error)}`);
      });
    });
    // No server timeouts: only faults close a connection.
    server.keepAliveTimeout = 0;
    server.requestTimeout = 0;
    server.headersTimeout = 0;
    server.on('connection', (socket) => {
      this.sockets.add(socket);
      socket.on('close', () => this.sockets.delete(socket));
    });
    return server;
  }
}

/** Reads the complete request. */
export async function readRequest(
  req: IncomingMessage,
): Promise<PlatformRequest> {
  const parts: Buffer[] = [];
  for await (const part of req) parts.push(part as Buffer);
  const url = new URL(req.url ?? '/', 'http://localhost');
  return {
    method: req.method ?? 'GET',
    path: url.pathname,
    query: url.searchParams,
    body: parseBody(Buffer.concat(parts).toString()),
  };
}

function parseBody(text: string): unknown {
  if (!text) return null;
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return text;
  }
}

/** Listens on the port again; another process may have taken it meanwhile, so listening is retried for a while. */
async function listen(
  server: Server,
  host: string,
  port: number,
): Promise<void> {
  for (let left = port === 0 ? 0 : 20; ; left -= 1) {
    try {
      return await listenOnce(server, host, port);
    } catch (error) {
      if (
        left === 0 ||
        (error as NodeJS.ErrnoException).code !== 'EADDRINUSE'
      ) {
        throw error;
      }
      await wait(100);
    }
  }
}

function listenOnce(server: Server, host: string, port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, () => {
      server.off('error', reject);
      resolve();
    });
  });
}
