import { Agent, request } from 'node:http';
import { setTimeout } from 'node:timers/promises';
import fc from 'fast-check';
import { byDepth } from '../support/depth.js';
import {
  bearer,
  KEYS,
  type LogLines,
  PLATFORMS,
  SHOP,
  WRONG_KEY,
} from '../support/http.js';
import { httpWorld, OWN } from '../support/http-world.js';
import type { HttpReplica, World } from '../support/world.js';

/** On each of the two platforms. */
const REQUESTS = byDepth({ short: 1000, full: 5000 });
/** So many at the same time. */
const BATCH = 20;

interface Fuzzed {
  readonly method: string;
  readonly path: string;
  readonly headers: Readonly<Record<string, string>>;
  /** So many times over: thus a report of what failed stays short. */
  readonly body: { readonly text: string; readonly times: number };
}
interface Answered {
  readonly status: number;
  readonly text: string;
}

const keys = Object.values(KEYS).map(({ key }) => key);
const oneOf = <T>(...values: readonly T[]) => fc.constantFrom(...values);

const name = fc.oneof(
  { weight: 3, arbitrary: oneOf('access_token', 'access_token:shop') },
  oneOf('access_token:default', 'stream', 'console', '..', '%', '%00', '%zz'),
  fc.string({ unit: 'binary', maxLength: 20 }).map(encodeURIComponent),
  fc.string({ unit: 'grapheme-ascii', maxLength: 300 }).map(fit),
);
const route = fc
  .tuple(
    oneOf('/admin/wechat-tokens', '/wechat-tokens', '/cgi-bin', ''),
    fc.oneof(
      name,
      oneOf('token', 'stable_token', 'stream', ''),
      oneOf('ticket/getticket', 'gettoken', 'get_jsapi_ticket', 'ticket/get'),
    ),
    oneOf('', '', '/events', '/refresh', '/rejected', '/', '//'),
  )
  .map(([base, middle, end]) => `${base}/${middle}${end}`);
const value = fc.oneof(
  oneOf('1', '0', '-1', 'client_credential', OWN.appId, SHOP.appId),
  oneOf('jsapi', 'wx_card', 'agent_config'),
  oneOf(...keys, WRONG_KEY),
  fc.string({ unit: 'grapheme-ascii', maxLength: 30 }),
);
const query = fc
  .array(
    fc.tuple(
      fc.oneof(
        oneOf('limit', 'after', 'before', 'grant_type', 'appid', 'secret'),
        oneOf('access_token', 'type', 'corpid', 'corpsecret', 'agentid', 'key'),
      ),
      value,
    ),
    { maxLength: 4 },
  )
  .map((pairs) => new URLSearchParams(pairs).toString());

const field = oneOf(
  'force',
  'reason',
  'expectedFingerprint',
  'value',
  'grant_type',
  'appid',
  'secret',
  'force_refresh',
  '__proto__',
  'constructor',
);
const json = fc
  .oneof(
    fc.dictionary(field, fc.oneof(fc.jsonValue(), value), { maxKeys: 6 }),
    fc.jsonValue(),
  )
  .map((any) => JSON.stringify(any));
const body = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({ text: json, times: fc.constant(1) }),
  },
  fc.record({
    text: fc.oneof(
      fc.string({ unit: 'binary' }),
      json.map((text) => text.slice(1)),
    ),
    times: fc.constant(1),
  }),
  fc.record({ text: oneOf('[', 'x'), times: oneOf(50_000, 1_500_000) }),
);
const headers = fc
  .record(
    {
      'content-type': oneOf(
        'application/json',
        'application/json;charset=x',
        'application/x-www-form-urlencoded',
        'text/plain',
        'x',
      ),
      authorization: fc.oneof(
        { weight: 8, arbitrary: oneOf(...keys).map((key) => `Bearer ${key}`) },
        oneOf('Bearer', `Bearer ${WRONG_KEY}`, 'Basic eDp5', 'Bearer  '),
      ),
      'x-api-key': oneOf(...keys, WRONG_KEY, ''),
      'if-none-match': fc.oneof(
        oneOf('*', '"', 'W/""'),
        fc.string({ unit: 'grapheme-ascii', maxLength: 20 }).map(fit),
      ),
      'accept-encoding': oneOf('gzip', 'x'),
      'content-encoding': oneOf('gzip', 'x'),
    },
    { requiredKeys: ['authorization'] },
  )
  .map((some) => {
    // Mostly none, which says most.
    const { 'content-encoding': encoding, ...rest } = some;
    return encoding === 'x' ? some : rest;
  });

const fuzzed: fc.Arbitrary<Fuzzed> = fc.record({
  method: oneOf(
    'GET',
    'GET',
    'POST',
    'POST',
    'PUT',
    'DELETE',
    'HEAD',
    'OPTIONS',
  ),
  path: fc.tuple(route, query).map(([path, text]) => `${path}?${text}`),
  headers,
  body,
});

/** What may stand in the first line of a request. */
function fit(text: string): string {
  return text.replace(/[^\x21-\x7e]|[?#]/g, '-');
}

describe.each(PLATFORMS)('fuzzed requests on %s', (_platform, adapter) => {
  let world: World;
  let app: HttpReplica;
  let log: LogLines;
  // One connection per request: the server may close one on which too much was sent.
  const agent = new Agent({ keepAlive: false });

  beforeAll(async () => {
    ({ world, app, log } = await httpWorld(adapter()));
    for (const key of Object.values(KEYS))
      await fetch(`${app.url}/wechat-tokens/access_token:shop`, {
        headers: bearer(key),
      });
  });
  afterAll(async () => {
    agent.destroy();
    await world[Symbol.asyncDispose]();
  });

  function send({ method, path, headers, body }: Fuzzed): Promise<Answered> {
    const isBodiless = method === 'GET' || method === 'HEAD';
    const bytes = Buffer.from(isBodiless ? '' : body.text.repeat(body.times));
    return new Promise((resolve, reject) => {
      const sent = request(app.url, {
        method,
        path,
        // Node does not say it of a DELETE.
        headers: { ...headers, 'content-length': bytes.length },
        agent,
      });
      sent.on('error', (error) => {
        // A client that is refused while it is still sending may find the connection closed.
        if (body.times > 1) resolve({ status: 413, text: '' });
        else reject(error);
      });
      sent.on('response', (response) => {
        const { statusCode: status = 0, headers } = response;
        const isStream = headers['content-type'] === 'text/event-stream';
        let text = JSON.stringify(headers);
        response.setEncoding('utf8').on('data', (chunk: string) => {
          text += chunk;
          if (isStream) sent.destroy();
        });
        // Of the stream, which we leave ourselves.
        response.on('error', () => undefined);
        response.on('close', () => resolve({ status, text }));
      });
      sent.end(bytes);
    });
  }

  const issues = ({ path }: Fuzzed) =>
    /^\/+(wechat-tokens|cgi-bin)\//.test(path);

  it('cause no 500 and no crash, and reveal no secret', async () => {
    const statuses = new Set<number>();
    const secrets = [...keys, OWN.appSecret, SHOP.appSecret];
    await fc.assert(
      fc.asyncProperty(
        fc.array(fuzzed, { minLength: BATCH, maxLength: BATCH }),
        async (batch) => {
          const answers = await Promise.all(batch.map(send));
          for (const [index, { status, text }] of answers.entries()) {
            const asked = batch[index];
            const where = `${asked?.method} ${asked?.path}`;
            statuses.add(status);
            expect([0, 500], where).not.toContain(status);
            // Fastify's own words on a URL that it cannot read repeat it, before any code of ours.
            if (text.includes('FST_ERR_BAD_URL')) continue;
            for (const secret of secrets)
              expect(text, where).not.toContain(secret);
            if (asked && !issues(asked))
              for (const token of world.wechat.issuedTokens)
                expect(text, where).not.toContain(token);
          }
        },
      ),
      { numRuns: REQUESTS / BATCH, endOnFailure: true },
    );
    // It came through to the handlers, and not only to those who refuse.
    for (const status of [200, 400, 403, 404])
      expect(statuses).toContain(status);

    for (const secret of [...secrets, WRONG_KEY, ...world.wechat.issuedTokens])
      expect(log.text).not.toContain(secret);
    expect(log.text).not.toContain('request failed');
  });

  it('leave nothing open, and the app as it was', async () => {
    const statements = vi.spyOn(app.dataSource, 'createQueryRunner');
    await vi.waitFor(async () => {
      statements.mockClear();
      await world.skip(2);
      await setTimeout(200);
      expect(statements).not.toHaveBeenCalled();
    });
    const response = await fetch(`${app.url}/wechat-tokens/access_token`, {
      headers: bearer(KEYS.issue),
    });
    expect(await response.json()).toMatchObject({
      value: world.wechat.currentToken(OWN.appId),
    });
  });
});
