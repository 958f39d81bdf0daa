import { once } from 'node:events';
import { connect, type Socket } from 'node:net';

/** A connection on which a test sends what no HTTP client would. */
export class RawClient {
  /** What has been answered so far. */
  received = '';
  /** Settles when the server has closed the connection. */
  readonly closed: Promise<void>;
  isClosed = false;

  private constructor(readonly socket: Socket) {
    // What it sends to a closed connection is lost, and no failure of the test.
    socket.on('error', () => undefined);
    socket.setEncoding('utf8').on('data', (text: string) => {
      this.received += text;
    });
    this.closed = new Promise((resolve) => {
      socket.once('close', () => {
        this.isClosed = true;
        resolve();
      });
    });
  }

  static async open(url: string): Promise<RawClient> {
    const { hostname, port } = new URL(url);
    const socket = connect(Number(port), hostname);
    const client = new RawClient(socket);
    await once(socket, 'connect');
    return client;
  }

  /** The beginning of a request, up to its body. */
  begin(
    method: string,
    path: string,
    headers: Readonly<Record<string, string>> = {},
  ): void {
    const lines = Object.entries({ host: 'localhost', ...headers }).map(
      ([name, value]) => `${name}: ${value}`,
    );
    this.socket.write(
      `${method} ${path} HTTP/1.1\r\n${lines.join('\r\n')}\r\n\r\n`,
    );
  }

  chunk(size: number): boolean {
    const data = 'x'.repeat(size);
    return this.socket.write(`${size.toString(16)}\r\n${data}\r\n`);
  }

  /** Sends a body without an end until the connection is closed, or so many bytes are sent; returns how much the other side has taken. */
  async flood(atMost: number): Promise<number> {
    while (!this.isClosed && this.socket.bytesWritten < atMost)
      if (!this.chunk(16 * 1024))
        await Promise.race([
          once(this.socket, 'drain').catch(() => this.closed),
          this.closed,
        ]);
      // Lets the other side answer.
      else await new Promise((resolve) => setImmediate(resolve));
    return this.socket.bytesWritten - this.socket.writableLength;
  }
}

export const CHUNKED = { 'transfer-encoding': 'chunked' } as const;
