import { once } from 'node:events';
import { createServer, request as send, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { isTokenUnavailableError } from '../../src/wechat-token/index.js';
import { ONCE, type TestReplica, World } from '../support/world.js';

const PASSWORD = 'p@ss/word-0123456789';
const CREDENTIALS = `user:${encodeURIComponent(PASSWORD)}`;

/** A proxy that forwards what it is asked for, to one server if it has that, and refuses tunnels. */
class ForwardProxy implements AsyncDisposable {
  readonly asked: string[] = [];
  authorization: string | undefined;
  private readonly server: Server;

  private constructor(server?: string) {
    this.server = createServer((request, response) => {
      this.asked.push(
        `${request.method} ${new URL(request.url ?? '').pathname}`,
      );
      this.authorization = request.headers['proxy-authorization'];
      const { method, headers } = request;
      const { pathname } = new URL(request.url ?? '');
      const url = server ? server + pathname : (request.url ?? '');
      const onward = send(url, { method, headers }, (answer) => {
        response.writeHead(answer.statusCode ?? 502, answer.headers);
        answer.pipe(response);
      });
      request.pipe(onward);
    }).on('connect', (request, socket) => {
      this.asked.push(`CONNECT ${request.url}`);
      socket.end('HTTP/1.1 407 Proxy Authentication Required\r\n\r\n');
    });
  }

  static async start(server?: string): Promise<ForwardProxy> {
    const proxy = new ForwardProxy(server);
    await once(proxy.server.listen(0, '127.0.0.1'), 'listening');
    return proxy;
  }

  get host(): string {
    return `127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }
}

/** An address of which only a proxy knows what it is. */
const AWAY = { baseUrl: 'http://wechat.invalid', allowHttp: true };

const VARIABLES = ['http_proxy', 'https_proxy', 'all_proxy', 'no_proxy'];

describe('R8 a proxy to WeChat', () => {
  let world: World;
  beforeEach(async () => {
    world = await World.create();
    for (const name of VARIABLES)
      for (const variable of [name, name.toUpperCase()])
        vi.stubEnv(variable, undefined);
  });
  afterEach(async () => {
    vi.unstubAllEnvs();
    await world[Symbol.asyncDispose]();
  });

  async function failureOf({ tokens }: TestReplica): Promise<string> {
    const error: unknown = await tokens
      .getAccessToken(...ONCE)
      .catch((thrown: unknown) => thrown);
    expect(error).toSatisfy(isTokenUnavailableError);
    const { stack, message } = error as Error;
    for (const secret of [PASSWORD, CREDENTIALS, 'user'])
      expect(`${stack} ${JSON.stringify(error)}`).not.toContain(secret);
    return message;
  }
  /** An address on which nothing listens any more. */
  async function dead(): Promise<string> {
    await using proxy = await ForwardProxy.start();
    return proxy.host;
  }

  it('is that of the option api.proxyUrl, with its user and password, whatever the environment says', async () => {
    await using proxy = await ForwardProxy.start();
    vi.stubEnv('HTTP_PROXY', `http://${await dead()}`);
    vi.stubEnv('NO_PROXY', '*');
    const { tokens } = await world.replica({
      api: { proxyUrl: `http://${CREDENTIALS}@${proxy.host}` },
    });

    expect(world.wechat.accepts(await tokens.getAccessToken())).toBe(true);

    expect(proxy.asked).toEqual(['POST /cgi-bin/stable_token']);
    const told = Buffer.from(`user:${PASSWORD}`).toString('base64');
    expect(proxy.authorization).toBe(`Basic ${told}`);
  });

  it('is else that of the environment', async () => {
    await using proxy = await ForwardProxy.start(world.wechat.baseUrl);
    vi.stubEnv('HTTP_PROXY', `http://${proxy.host}`);
    const { tokens } = await world.replica({ api: AWAY });
    await tokens.getAccessToken();
    expect(proxy.asked).toHaveLength(1);
  });

  it('is that of the environment for no loopback address', async () => {
    vi.stubEnv('HTTP_PROXY', `http://${await dead()}`);
    vi.stubEnv('ALL_PROXY', `http://${await dead()}`);
    const { tokens } = await world.replica();
    expect(world.wechat.accepts(await tokens.getAccessToken())).toBe(true);
    await world.wechat.goDown();
    const { message } = await tokens
      .invalidate(await tokens.getAccessToken(), ...ONCE)
      .then(
        () => new Error(),
        (error: Error) => error,
      );
    expect(message).not.toContain('proxy');
  });

  it.each([
    ['HTTP_PROXY', 'http://wechat.invalid'],
    ['http_proxy', 'http://wechat.invalid'],
    ['HTTPS_PROXY', 'https://wechat.invalid'],
    ['https_proxy', 'https://wechat.invalid'],
    ['ALL_PROXY', 'https://wechat.invalid'],
    ['all_proxy', 'http://wechat.invalid'],
  ])('that is dead is named with %s', async (variable, baseUrl) => {
    const host = await dead();
    vi.stubEnv(variable, `http://${CREDENTIALS}@${host}`);
    const message = await failureOf(
      await world.replica({ api: { ...AWAY, baseUrl } }),
    );
    expect(message).toContain(
      `by way of the proxy http://${host} (ECONNREFUSED). Check that this proxy runs and allows ${baseUrl}, or correct ${variable}.`,
    );
  });

  it('that is dead is named with the option', async () => {
    const host = await dead();
    const proxyUrl = `http://${CREDENTIALS}@${host}`;
    const message = await failureOf(await world.replica({ api: { proxyUrl } }));
    expect(message).toContain(`the proxy http://${host} (ECONNREFUSED). `);
    expect(message).toContain('or correct api.proxyUrl (WECHAT_PROXY_URL).');
  });

  it('that refuses a tunnel is named', async () => {
    await using proxy = await ForwardProxy.start();
    vi.stubEnv('HTTPS_PROXY', `http://${CREDENTIALS}@${proxy.host}`);
    const replica = await world.replica({
      api: { baseUrl: 'https://wechat.invalid' },
    });
    const message = await failureOf(replica);
    expect(proxy.asked).toEqual(['CONNECT wechat.invalid:443']);
    expect(message).toContain('HTTP 407');
    expect(message).toContain(
      `the proxy http://${proxy.host}, which HTTPS_PROXY sets`,
    );
  });

  it('that is no URL is named by its variable', async () => {
    vi.stubEnv('HTTP_PROXY', `http://${CREDENTIALS}@[`);
    const message = await failureOf(await world.replica({ api: AWAY }));
    expect(message).toContain('or correct HTTP_PROXY.');
  });

  it('is not named where NO_PROXY leaves it out', async () => {
    vi.stubEnv('HTTP_PROXY', `http://${CREDENTIALS}@${await dead()}`);
    vi.stubEnv('NO_PROXY', 'wechat.invalid');
    const replica = await world.replica({ api: AWAY });
    expect(await failureOf(replica)).not.toContain('proxy');
  });
});
