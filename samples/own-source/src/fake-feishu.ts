import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import {
  createServer,
  type IncomingMessage,
  type Server,
  type ServerResponse,
} from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

export const FAKE_APP = {
  appId: 'cli_fake0123456789',
  appSecret: 'fake-app-secret-0123456789abcdef',
};

const TOKEN_PATH = '/open-apis/auth/v3/tenant_access_token/internal';
const LIFE_MS = 7200_000;
/** With so much of its life left, Feishu issues no other token. */
const RENEWAL_MS = 1800_000;

interface Answer {
  readonly code: number;
  readonly msg: string;
  readonly [field: string]: unknown;
}

/** A stand-in of Feishu on a local port, with the rules of its tenant tokens. */
export class FakeFeishu {
  /** The tokens in the order of their issue. */
  readonly issued: string[] = [];
  /** Calls of the endpoint that issues tokens. */
  calls = 0;
  /** What every call is refused with. */
  refusal: Answer | undefined;
  /** Whether connections are closed without an answer. */
  isDown = false;
  /** Awaited before each answer. */
  beforeAnswer: (() => Promise<unknown>) | undefined;
  private readonly ends = new Map<string, number>();

  private constructor(
    private readonly server: Server,
    private readonly now: () => number,
  ) {}

  /** @param now A clock, milliseconds. */
  static async start(now = () => performance.now()): Promise<FakeFeishu> {
    const server = createServer();
    const feishu = new FakeFeishu(server, now);
    server.on('request', (request, response) => {
      feishu.respond(request, response).catch(() => response.destroy());
    });
    await once(server.listen(0, '127.0.0.1'), 'listening');
    return feishu;
  }

  get baseUrl(): string {
    const { port } = this.server.address() as AddressInfo;
    return `http://127.0.0.1:${port}`;
  }

  accepts(token: string): boolean {
    return (this.ends.get(token) ?? 0) > this.now();
  }

  /** Ends a token before its time. */
  revoke(token: string): void {
    this.ends.delete(token);
  }

  async stop(): Promise<void> {
    this.server.close();
    this.server.closeAllConnections();
    await once(this.server, 'close');
  }

  private async respond(
    request: IncomingMessage,
    response: ServerResponse,
  ): Promise<void> {
    const body = await text(request);
    const isForToken = request.url === TOKEN_PATH;
    if (isForToken) this.calls += 1;
    if (this.isDown) return void response.destroy();
    const answer =
      this.refusal ?? (isForToken ? this.tokenFor(body) : this.botFor(request));
    await this.beforeAnswer?.();
    response.setHeader('content-type', 'application/json; charset=utf-8');
    response.end(JSON.stringify(answer));
  }

  private botFor({ headers: { authorization = '' } }: IncomingMessage): Answer {
    return this.accepts(authorization.replace('Bearer ', ''))
      ? { code: 0, msg: 'ok', bot: { app_name: 'A bot' } }
      : { code: 99991663, msg: 'Invalid access token for authorization.' };
  }

  private tokenFor(body: string): Answer {
    const { app_id, app_secret } = JSON.parse(body) as Record<string, unknown>;
    if (app_id !== FAKE_APP.appId) return { code: 10003, msg: 'invalid param' };
    if (app_secret !== FAKE_APP.appSecret)
      return { code: 10014, msg: 'app secret invalid' };
    const [token, end] = this.current() ?? this.issue();
    const expire = Math.floor((end - this.now()) / 1000);
    return { code: 0, msg: 'ok', tenant_access_token: token, expire };
  }

  private current(): [string, number] | undefined {
    const token = this.issued.at(-1) ?? '';
    const end = this.ends.get(token) ?? 0;
    return end - this.now() >= RENEWAL_MS ? [token, end] : undefined;
  }

  private issue(): [string, number] {
    const token = `t-fake${randomBytes(16).toString('hex')}`;
    const end = this.now() + LIFE_MS;
    this.issued.push(token);
    this.ends.set(token, end);
    return [token, end];
  }
}
