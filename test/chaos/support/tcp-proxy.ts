import { once } from 'node:events';
import {
  type AddressInfo,
  connect,
  createServer,
  type Server,
  type Socket,
} from 'node:net';
import { Transform } from 'node:stream';

const DEFAULT_PORTS: Readonly<Record<string, number>> = {
  'mysql:': 3306,
  'mariadb:': 3306,
  'postgres:': 5432,
};

/** What passes is what it returns. */
type Edit = (bytes: Buffer) => Buffer;

/** What the line does to what passes. */
interface Edits {
  readonly question?: Edit;
  readonly answer?: Edit;
}

const same: Edit = (bytes) => bytes;

/**
 * A line on 127.0.0.1 to a server, which can be cut without either end noticing. Initially it forwards everything.
 *
 * What a black hole has held goes on when it ends, in order and with whatever ends it held too: TCP sends again until the
 * other side answers. So a statement that its sender gave up long ago still arrives, which is what fencing is for.
 */
export class TcpProxy implements AsyncDisposable {
  private readonly sockets = new Set<Socket>();
  private readonly listener: Server;
  private gate = new Gate();
  private address: AddressInfo | undefined;

  private constructor(
    private target: URL | undefined,
    private readonly edits: Edits,
  ) {
    // One side may have said all it has to say, and still listen.
    this.listener = createServer({ allowHalfOpen: true }, (client) => {
      void this.accept(client);
    });
  }

  /** @param url Whose host and port it leads to; {@link leadTo} names one that is not known yet. */
  static async start(url?: string, edits: Edits = {}): Promise<TcpProxy> {
    const proxy = new TcpProxy(url === undefined ? url : new URL(url), edits);
    await proxy.listen();
    return proxy;
  }

  leadTo(url: string): void {
    this.target = new URL(url);
  }

  get port(): number {
    if (!this.address) throw new Error('The proxy has never listened.');
    return this.address.port;
  }

  /** That URL by way of this proxy. */
  through(url: string): string {
    const changed = new URL(url);
    changed.host = `127.0.0.1:${this.port}`;
    return changed.href;
  }

  /** Everything passes, what was held first. */
  async passThrough(): Promise<void> {
    await this.listen();
    this.gate.open();
  }

  /** Connections stay open and new ones are accepted, but not one byte passes, in either direction. */
  async blackHole(): Promise<void> {
    await this.listen();
    if (this.gate.isOpen) this.gate = new Gate({ closed: true });
  }

  /** All connections are reset, new ones refused. What was held is lost. */
  async refuse(): Promise<void> {
    const closed = this.listener.listening && once(this.listener, 'close');
    this.listener.close();
    for (const socket of this.sockets) socket.resetAndDestroy();
    this.gate.open();
    await closed;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.refuse();
  }

  private async listen(): Promise<void> {
    if (this.listener.listening) return;
    this.listener.listen(this.address?.port ?? 0, '127.0.0.1');
    await once(this.listener, 'listening');
    this.address = this.listener.address() as AddressInfo;
  }

  private async accept(client: Socket): Promise<void> {
    this.keep(client);
    await this.gate.opened;
    if (client.destroyed) return;
    const server = this.keep(this.dial());
    client.pipe(this.valve(this.edits.question)).pipe(server);
    server.pipe(this.valve(this.edits.answer)).pipe(client);
    this.endTogether(client, server);
    this.endTogether(server, client);
  }

  private dial(): Socket {
    if (!this.target) throw new Error('The proxy leads nowhere yet.');
    const { hostname: host, port, protocol } = this.target;
    return connect({
      host,
      port: Number(port) || (DEFAULT_PORTS[protocol] ?? 80),
      allowHalfOpen: true,
    });
  }

  /** In a black hole, that one side is gone stays unknown to the other. */
  private endTogether(one: Socket, other: Socket): void {
    one.once('close', () => void this.gate.opened.then(() => other.end()));
    one.once('error', () => void this.gate.opened.then(() => other.destroy()));
  }

  private valve(edit = same): Transform {
    return new Transform({
      transform: (chunk: Buffer, _encoding, done) =>
        void this.gate.opened.then(() => done(null, edit(chunk))),
      flush: (done) => void this.gate.opened.then(() => done()),
    });
  }

  private keep(socket: Socket): Socket {
    this.sockets.add(socket);
    return socket
      .setNoDelay(true)
      .on('error', () => undefined)
      .once('close', () => this.sockets.delete(socket));
  }
}

/** What waits for `opened` goes on once it is open. It is opened once. */
class Gate {
  readonly opened: Promise<void>;
  isOpen = false;
  private release: () => void = () => undefined;

  constructor({ closed = false } = {}) {
    this.opened = new Promise((resolve) => (this.release = resolve));
    if (!closed) this.open();
  }

  open(): void {
    this.isOpen = true;
    this.release();
  }
}
