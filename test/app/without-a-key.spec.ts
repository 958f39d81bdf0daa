import { createApp } from '../../src/app.js';
import { openDatabase } from '../../src/config/database.js';
import { loadSettings } from '../../src/config/settings.js';
import { apiKeys, AppSandbox } from '../support/app-sandbox.js';
import { bearer, KEYS, posted } from '../support/http.js';
import { CHUNKED, RawClient } from '../support/raw-client.js';

/** What kernels hold on their way: a body without an end is read without bound, or not. */
const MAX_TAKEN = 16 * 1024 * 1024;
const JSON_BODY = { ...CHUNKED, 'content-type': 'application/json' } as const;
const REJECTED = '/wechat-tokens/access_token/rejected';
const ADMIN = '/admin/wechat-tokens';

/** The app in this process, with these settings besides the usual ones. */
async function start(others: Readonly<Record<string, string>> = {}) {
  const sandbox = await AppSandbox.create();
  const API_KEYS = apiKeys({ ...KEYS.all });
  const settings = loadSettings(
    sandbox.settings({ LOG_LEVEL: 'fatal', API_KEYS, ...others }),
  );
  const dataSource = await openDatabase(settings.database, settings.migrate);
  const app = await createApp(settings, dataSource);
  await app.listen(0, settings.host);
  const url = await app.getUrl();
  return {
    url,
    connect: () => RawClient.open(url),
    [Symbol.asyncDispose]: async () => {
      await app.close();
      await sandbox[Symbol.asyncDispose]();
    },
  };
}

describe('a client without a key', () => {
  let app: Awaited<ReturnType<typeof start>>;
  beforeAll(async () => {
    app = await start();
  });
  afterAll(() => app[Symbol.asyncDispose]());

  it.each([
    ['/cgi-bin/stable_token', 200],
    ['/cgi-bin/token', 200],
    [REJECTED, 401],
    [`${ADMIN}/access_token/refresh`, 401],
    ['/health/live', 404],
    ['/no/such/path', 404],
    ['/docs-json', 404],
  ])(
    'is answered on %s (%i), and its endless body is not read',
    async (path, status) => {
      const client = await app.connect();
      client.begin('POST', path, JSON_BODY);
      expect(await client.flood(2 * MAX_TAKEN)).toBeLessThan(MAX_TAKEN);
      await client.closed;
      // Where the answer was lost in the flood, the same without one.
      const other = await app.connect();
      other.begin('POST', path, JSON_BODY);
      if (path.endsWith('stable_token')) other.chunk(20 * 1024);
      await other.closed;
      expect(other.received).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
    },
  );

  it('is told so before it sends its body', async () => {
    for (const headers of [{}, bearer({ key: 'x'.repeat(64) })]) {
      const client = await app.connect();
      client.begin('POST', REJECTED, { ...JSON_BODY, ...headers });
      await client.closed;
      expect(client.received).toMatch(/^HTTP\/1\.1 401 /);
    }
  });

  it('with one may send bodies of up to 16 kB, one after the other', async () => {
    const client = await app.connect();
    const body = JSON.stringify({ reason: 'x' }) + ' '.repeat(16_000);
    for (let n = 1; n <= 3; n++) {
      client.begin('POST', `${ADMIN}/access_token/refresh`, {
        'content-type': 'application/json',
        'content-length': String(body.length),
        ...bearer(KEYS.all),
      });
      client.socket.write(body);
      await vi.waitFor(() =>
        expect(client.received.match(/"outcome"/g)).toHaveLength(n),
      );
    }
    client.begin('POST', `${ADMIN}/access_token/refresh`, {
      ...JSON_BODY,
      ...bearer(KEYS.all),
    });
    client.chunk(16 * 1024 + 1);
    await client.closed;
    expect(client.received).toMatch(/HTTP\/1\.1 413 /);
  });

  it('gets no other content types made of an answer', async () => {
    for (const path of [
      '/health/live',
      '/docs-json',
      '/none',
      '/cgi-bin/token',
      ADMIN,
    ]) {
      const response = await fetch(app.url + path);
      await response.body?.cancel();
      expect(response.headers.get('x-content-type-options'), path).toBe(
        'nosniff',
      );
    }
  });
});

describe('a client that is slow', () => {
  const SECOND = { HEADERS_TIMEOUT_MS: '1000', REQUEST_TIMEOUT_MS: '1000' };

  it.each([
    ['says nothing', () => undefined],
    [
      'does not end its headers',
      (client: RawClient) =>
        client.socket.write('GET /health/live HTTP/1.1\r\nx: '),
    ],
    [
      'does not end its body',
      (client: RawClient) =>
        client.begin('POST', '/cgi-bin/stable_token', JSON_BODY),
    ],
  ])('and %s is cut off, and no event stream is', async (_, begin) => {
    await using app = await start(SECOND);
    const stream = await app.connect();
    stream.begin('GET', `${ADMIN}/stream`, bearer(KEYS.all));
    await vi.waitFor(() => expect(stream.received).toMatch(/^data: /m));
    for (let round = 0; round < 2; round++) {
      const client = await app.connect();
      begin(client);
      await client.closed;
    }
    const seen = stream.received.length;
    await fetch(
      `${app.url}${ADMIN}/access_token/refresh`,
      posted({ force: true }, bearer(KEYS.all)),
    );
    await vi.waitFor(
      () => expect(stream.received.slice(seen)).toMatch(/^data: /m),
      5000,
    );
    stream.socket.destroy();
  });

  it('between two requests is not slow: a load balancer keeps its connections', async () => {
    await using app = await start(SECOND);
    const kept = await app.connect();
    const ask = async (times: number) => {
      kept.begin('GET', '/health/live');
      await vi.waitFor(() =>
        expect(kept.received.match(/ 200 OK/g)).toHaveLength(times),
      );
    };
    await ask(1);
    // By then more than the time for headers has passed.
    for (let round = 0; round < 2; round++) await (await app.connect()).closed;
    await ask(2);
    kept.socket.destroy();
  });

  it('has seconds by default', () => {
    expect(
      loadSettings({ WECHAT_APP_ID: 'wx_one', WECHAT_APP_SECRET: 'secret' }),
    ).toMatchObject({
      headersTimeoutMs: 5000,
      requestTimeoutMs: 10_000,
      maxConnections: 2000,
    });
  });
});

it('MAX_CONNECTIONS: one more is closed, until one of them ends', async () => {
  await using app = await start({ MAX_CONNECTIONS: '3' });
  /** Whether a new connection is answered; if not, it was closed. */
  const isLetIn = async () => {
    const client = await app.connect();
    client.begin('GET', '/health/live');
    await vi.waitUntil(() => client.received !== '' || client.isClosed, 10_000);
    return client.received !== '' && client;
  };
  const held = [await isLetIn(), await isLetIn(), await isLetIn()];
  expect(held).not.toContain(false);
  expect(await isLetIn()).toBe(false);
  for (const client of held) if (client) client.socket.destroy();
  await vi.waitFor(async () => expect(await isLetIn()).not.toBe(false), 10_000);
});
