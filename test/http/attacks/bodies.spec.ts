import { bearer, KEYS, PLATFORMS, type LogLines } from '../../support/http.js';
import { httpWorld } from '../../support/http-world.js';
import { CHUNKED, RawClient } from '../../support/raw-client.js';
import type { HttpReplica, World } from '../../support/world.js';

/** What kernels hold on their way, and a part more: an endless body is read without bound, or not. */
const MAX_TAKEN = 16 * 1024 * 1024;
const STABLE = '/cgi-bin/stable_token';
/** No parser of the app takes it, so that the module reads it. */
const OTHER = { 'content-type': 'application/octet-stream' } as const;

describe.each(PLATFORMS)('bodies, on %s', (platform, adapter) => {
  let world: World;
  let app: HttpReplica;
  let log: LogLines;
  beforeAll(async () => {
    ({ world, app, log } = await httpWorld(adapter()));
  });
  afterAll(() => world[Symbol.asyncDispose]());

  it.each([
    'text/plain',
    'application/json',
    'application/x-www-form-urlencoded',
  ])('that are cut off are no error: %s', async (type) => {
    const before = log.text;
    for (const path of [
      STABLE,
      '/wechat-tokens/access_token/rejected',
      '/none',
    ])
      for (const length of [CHUNKED, { 'content-length': '5000' }]) {
        const client = await RawClient.open(app.url);
        client.begin('POST', path, { ...length, 'content-type': type });
        client.chunk(100);
        await new Promise((resolve) => client.socket.write('', resolve));
        client.socket.resetAndDestroy();
        await client.closed;
      }
    // By then the server has seen them end.
    expect((await fetch(`${app.url}/wechat-tokens/access_token`)).status).toBe(
      401,
    );
    await new Promise((resolve) => setImmediate(resolve));
    expect(log.text).toBe(before);
  });

  it('that are endless are read up to 16 kB, then answered and closed', async () => {
    const client = await RawClient.open(app.url);
    client.begin('POST', STABLE, { ...CHUNKED, ...OTHER });
    expect(await client.flood(2 * MAX_TAKEN)).toBeLessThan(MAX_TAKEN);
    await client.closed;
  });

  it.each([
    OTHER,
    // Fastify parses these, up to the limit of the route; on Express that is the parser of the app, which reads on.
    ...(platform === 'Fastify'
      ? ['text/plain', 'application/json'].map((type) => ({
          'content-type': type,
        }))
      : []),
  ])(
    'of more than 16 kB are not JSON, in the shape of WeChat: %j',
    async (type) => {
      const client = await RawClient.open(app.url);
      client.begin('POST', STABLE, { ...CHUNKED, ...type });
      client.chunk(16 * 1024);
      client.chunk(1);
      await client.closed;
      expect(client.received).toMatch(
        /^HTTP\/1\.1 200 .*\r\nconnection: close\r\n.*"errcode":47001/is,
      );
    },
  );

  it('that take longer than 5 s are answered as if they were not JSON, and closed', async () => {
    const client = await RawClient.open(app.url);
    client.begin('POST', STABLE, { ...CHUNKED, ...OTHER });
    const drip = setInterval(() => client.chunk(1), 500);
    await client.closed;
    clearInterval(drip);
    expect(client.received).toMatch(/^HTTP\/1\.1 200 .*"errcode":47001/s);
  });

  it('on a connection that is kept can follow each other', async () => {
    const client = await RawClient.open(app.url);
    for (let n = 1; n <= 3; n++) {
      client.begin('POST', STABLE, { 'content-length': '2', ...OTHER });
      client.socket.write('{}');
      await vi.waitFor(() =>
        expect(client.received.match(/"errcode":40002/g)).toHaveLength(n),
      );
    }
    client.socket.destroy();
  });

  it('are read without a parser of the app only after the key: 401 at once', async () => {
    if (platform === 'Fastify') return;
    const client = await RawClient.open(app.url);
    client.begin('POST', '/wechat-tokens/access_token/rejected', {
      ...CHUNKED,
      ...OTHER,
    });
    await client.closed;
    expect(client.received).toMatch(
      /^HTTP\/1\.1 401 .*\r\nconnection: close\r\n/is,
    );
  });

  it('of a type that is not JSON are refused with the right key, and closed', async () => {
    if (platform === 'Fastify') return;
    const client = await RawClient.open(app.url);
    const path = '/admin/wechat-tokens/access_token/refresh';
    client.begin('POST', path, { ...CHUNKED, ...OTHER, ...bearer(KEYS.all) });
    await client.closed;
    expect(client.received).toMatch(
      /^HTTP\/1\.1 400 .*\r\nconnection: close\r\n/is,
    );
  });
});
