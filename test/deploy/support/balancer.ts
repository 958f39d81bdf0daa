import { once } from 'node:events';
import {
  Agent,
  createServer,
  get,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http';
import type { AddressInfo } from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';

const CHECK_INTERVAL_MS = 50;

/** A replica, as the proxy sees it. */
interface Backend {
  /** Asked all the time; requests are sent here while it answers 200. */
  readonly check: string;
  isUp: boolean;
  /** Nothing is sent here, whatever the check says. */
  isDrained: boolean;
  /** Requests that were sent here and have not been answered to their end. */
  pending: number;
  served: number;
}

/**
 * A proxy on 127.0.0.1 for GET, as HAProxy is: it sends requests in turn to the replicas whose check answers 200, on connections that
 * it keeps open. It tries no request twice: whatever a replica fails, the client sees.
 */
export class Balancer implements AsyncDisposable {
  private readonly backends = new Map<string, Backend>();
  private readonly agent = new Agent({ keepAlive: true });
  private readonly server: Server;
  private readonly checks: Promise<void>;
  private turn = 0;
  private isClosed = false;

  private constructor() {
    this.server = createServer((request, response) =>
      this.forward(request, response),
    );
    // A client that is busy may send its next request at the moment at which an idle connection is closed.
    this.server.keepAliveTimeout = 0;
    this.checks = this.checkUntilClosed();
  }

  static async start(): Promise<Balancer> {
    const balancer = new Balancer();
    balancer.server.listen(0, '127.0.0.1');
    await once(balancer.server, 'listening');
    return balancer;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  /** Requests are sent to the replica at `url` from its first passed check on. */
  add(url: string, check = '/health/ready'): void {
    this.backends.set(url, {
      check,
      isUp: false,
      isDrained: false,
      pending: 0,
      served: 0,
    });
  }

  remove(url: string): void {
    this.backends.delete(url);
  }

  /** As an operator takes a replica out by hand. */
  drain(url: string): void {
    this.backend(url).isDrained = true;
  }

  /** Whether the replica gets no request, and has answered all that it got. */
  isOut(url: string): boolean {
    const backend = this.backend(url);
    return !isOpen(backend) && backend.pending === 0;
  }

  /** How many requests it has answered. */
  served(url: string): number {
    return this.backend(url).served;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.isClosed = true;
    this.server.closeAllConnections();
    this.server.close();
    this.agent.destroy();
    await this.checks;
  }

  private backend(url: string): Backend {
    const backend = this.backends.get(url);
    if (!backend) throw new Error(`no replica at ${url}`);
    return backend;
  }

  private async checkUntilClosed(): Promise<void> {
    while (!this.isClosed) {
      await Promise.all(
        [...this.backends].map(async ([url, backend]) => {
          backend.isUp = await answers200(url + backend.check);
        }),
      );
      await sleep(CHECK_INTERVAL_MS);
    }
  }

  private forward(request: IncomingMessage, response: ServerResponse): void {
    const open = [...this.backends].filter(([, backend]) => isOpen(backend));
    const [url, backend] = open[this.turn++ % open.length] ?? [];
    if (url === undefined || !backend) {
      response.writeHead(503).end('no replica is ready');
      return;
    }
    backend.pending++;
    response.once('close', () => backend.pending--);
    const { headers } = request;
    get(`${url}${request.url}`, { agent: this.agent, headers }, (answer) => {
      backend.served++;
      response.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.once('error', () => response.destroy()).pipe(response);
    }).once('error', (error) => {
      if (response.headersSent) response.destroy();
      else response.writeHead(502).end(`${url}: ${error.message}`);
    });
  }
}

const isOpen = ({ isUp, isDrained }: Backend) => isUp && !isDrained;

function answers200(url: string): Promise<boolean> {
  return new Promise((resolve) => {
    get(url, { agent: false }, (answer) => {
      answer.resume();
      resolve(answer.statusCode === 200);
    }).once('error', () => resolve(false));
  });
}
