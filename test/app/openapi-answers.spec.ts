import {
  DEFAULT_FAKE_ACCOUNT,
  DEFAULT_FAKE_WECOM_ACCOUNT,
} from '../../src/testing/index.js';
import { API_KEY, apiKeys, AppSandbox } from '../support/app-sandbox.js';
import type { AppProcess } from '../support/run-app.js';
import { faultsOf, operations } from './openapi-document.js';

const KEYS = {
  all: API_KEY,
  issue: 'issue-key-0123456789abcdefghijklmnop',
  shop: 'shop-key-0123456789abcdefghijklmnop',
};
const ALL = ['tokens:read', 'tokens:refresh', 'tokens:issue'];
const { appId } = DEFAULT_FAKE_ACCOUNT;
const STORE = { appId: 'wx_store', appSecret: 'store-secret-0123456789abcdef' };
const CRM = DEFAULT_FAKE_WECOM_ACCOUNT;

let sandbox: AppSandbox;
let app: AppProcess;
beforeAll(async () => {
  sandbox = await AppSandbox.create();
  sandbox.wechat.addAccount(STORE);
  sandbox.wechat.addAccount(CRM);
  app = await sandbox.run({
    WECHAT_ACCOUNTS: JSON.stringify([
      { name: 'store', ...STORE, tickets: ['jsapi'] },
      { name: 'crm', kind: 'wecom', ...CRM, tickets: ['corp', 'agent'] },
    ]),
    WECOM_API_BASE_URL: sandbox.wechat.baseUrl,
    API_KEYS: apiKeys(
      { id: 'all', key: KEYS.all, scopes: ALL },
      { id: 'issue', key: KEYS.issue },
      { id: 'shop', key: KEYS.shop, scopes: ALL, accounts: ['shop'] },
    ),
  });
});
afterAll(() => sandbox[Symbol.asyncDispose]());

interface Request {
  /** Of the path, and of the query. */
  readonly path?: string;
  /** Undefined for none at all. */
  readonly key?: string | undefined;
  readonly body?: unknown;
}

/** Makes a request of a documented route, and says in what its answer is not as documented. */
async function ask(route: string, request: Request = {}, url = app.url) {
  const [method = '', template = ''] = route.split(' ');
  const { path = template, body } = request;
  const key = 'key' in request ? request.key : KEYS.all;
  const response = await fetch(url + path, {
    method,
    headers: {
      ...(key !== undefined && { authorization: `Bearer ${key}` }),
      ...(body !== undefined && { 'content-type': 'application/json' }),
    },
    ...(body !== undefined && {
      body: typeof body === 'string' ? body : JSON.stringify(body),
    }),
  });
  const documented = operations().find((one) => one.route === route)?.responses[
    response.status
  ];
  expect(documented, `${route} ${response.status}`).toBeDefined();
  const type = (response.headers.get('content-type') ?? '').split(';')[0] ?? '';
  const media = documented?.content?.[type];
  expect(media, `${route} ${response.status} ${type}`).toBeDefined();
  const answer: unknown = await response.json();
  expect(faultsOf(media?.schema, answer), route).toEqual([]);
  const examples = Object.values(media?.examples ?? {}).map(
    (example) => (example as { value: unknown }).value,
  );
  return { status: response.status, answer, examples };
}

const TOKEN = 'GET /wechat-tokens/{name}';
const REJECTED = 'POST /wechat-tokens/{name}/rejected';
const LIST = 'GET /admin/wechat-tokens';
const ONE = 'GET /admin/wechat-tokens/{name}';
const EVENTS = 'GET /admin/wechat-tokens/{name}/events';
const SUMMARY = 'GET /admin/wechat-tokens/summary';
const STATS = 'GET /admin/wechat-tokens/{name}/stats';
const QUOTA = 'GET /admin/wechat-tokens/{name}/quota';
const REFRESH = 'POST /admin/wechat-tokens/{name}/refresh';
const CLASSIC = 'GET /cgi-bin/token';
const STABLE = 'POST /cgi-bin/stable_token';
const TICKET = 'GET /cgi-bin/ticket/getticket';
const WECOM_TOKEN = 'GET /cgi-bin/gettoken';
const CORP_TICKET = 'GET /cgi-bin/get_jsapi_ticket';
const AGENT_TICKET = 'GET /cgi-bin/ticket/get';

const own = (route: string) =>
  route.replace(/^\w+ /, '').replace('{name}', 'access_token');
const credentials = {
  grant_type: 'client_credential',
  appid: appId,
  secret: KEYS.issue,
};
const byKey = { access_token: KEYS.issue };
const corpid = { corpid: CRM.corpId };
const asked = {
  jsapi: { ...byKey, type: 'jsapi', appid: STORE.appId },
  token: { ...corpid, corpsecret: KEYS.issue },
  corp: { ...byKey, ...corpid },
  agent: { ...byKey, ...corpid, type: 'agent_config' },
};
const asQuery = (fields: object) =>
  new URLSearchParams(Object.entries(fields)).toString();

describe('what the running app answers is as documented', () => {
  it.each<[string, number, Request]>([
    [TOKEN, 200, { path: own(TOKEN) }],
    [REJECTED, 200, { path: own(REJECTED), body: { value: 'an-old-one' } }],
    [LIST, 200, {}],
    [LIST, 200, { path: '/admin/wechat-tokens?limit=1&after=access' }],
    [LIST, 200, { path: '/admin/wechat-tokens?order=urgency&search=a' }],
    [SUMMARY, 200, {}],
    [STATS, 200, { path: own(STATS) }],
    [QUOTA, 200, { path: own(QUOTA) }],
    [ONE, 200, { path: own(ONE) }],
    [EVENTS, 200, { path: own(EVENTS) }],
    [ONE, 200, { path: '/admin/wechat-tokens/jsapi_ticket:store' }],
    [REFRESH, 200, { path: own(REFRESH), body: {} }],
    [REFRESH, 200, { path: own(REFRESH), body: { force: true } }],
    [CLASSIC, 200, { path: `${own(CLASSIC)}?${asQuery(credentials)}` }],
    [CLASSIC, 200, {}],
    [STABLE, 200, { body: credentials }],
    [STABLE, 200, { body: { ...credentials, secret: '' } }],
    [STABLE, 200, { body: '{' }],
    ['GET /cgi-bin/stable_token', 200, {}],
    [TICKET, 200, { path: `${own(TICKET)}?${asQuery(asked.jsapi)}` }],
    [TICKET, 200, {}],
    ['POST /cgi-bin/ticket/getticket', 200, {}],
    [WECOM_TOKEN, 200, { path: `${own(WECOM_TOKEN)}?${asQuery(asked.token)}` }],
    [WECOM_TOKEN, 200, {}],
    ['POST /cgi-bin/gettoken', 200, {}],
    [CORP_TICKET, 200, { path: `${own(CORP_TICKET)}?${asQuery(asked.corp)}` }],
    [CORP_TICKET, 200, {}],
    ['POST /cgi-bin/get_jsapi_ticket', 200, {}],
    [
      AGENT_TICKET,
      200,
      { path: `${own(AGENT_TICKET)}?${asQuery(asked.agent)}` },
    ],
    [AGENT_TICKET, 200, {}],
    ['POST /cgi-bin/ticket/get', 200, {}],
    [TOKEN, 200, { path: '/wechat-tokens/jsapi_ticket:store' }],
    [ONE, 200, { path: '/admin/wechat-tokens/agent_ticket:crm' }],
    ['GET /health/live', 200, { key: undefined }],
    ['GET /health/ready', 200, { key: undefined }],
  ])('%s %i %j', async (route, status, request) => {
    expect((await ask(route, request)).status).toBe(status);
  });

  it('an event has the id of the key', async () => {
    const { answer } = await ask(EVENTS, { path: own(EVENTS) });
    const { items } = answer as { items: { type: string; actor: string }[] };
    expect(items).toContainEqual(
      expect.objectContaining({ type: 'asked', actor: 'all' }),
    );
  });
});

it('the stream begins with the tokens of the page', async () => {
  const gone = new AbortController();
  const response = await fetch(`${app.url}/admin/wechat-tokens/stream`, {
    headers: { authorization: `Bearer ${KEYS.all}` },
    signal: gone.signal,
  });
  expect(response.status).toBe(200);
  expect(response.headers.get('content-type')).toMatch(/^text\/event-stream/);
  let text = '';
  for await (const chunk of response.body ?? []) {
    text += Buffer.from(chunk).toString();
    if (text.includes('data: ') && text.endsWith('\n\n')) break;
  }
  gone.abort();
  const [, type = '', data = ''] =
    /^event: (\w+)\nid: \d+\ndata: (.+)$/m.exec(text) ?? [];
  expect(type).toBe('token');
  const schema = { $ref: '#/components/schemas/Token' };
  expect(faultsOf(schema, JSON.parse(data))).toEqual([]);
});

describe('errors of the running app are those of the examples, to the word', () => {
  it.each<[string, number, Request]>([
    [LIST, 400, { path: '/admin/wechat-tokens?limit=0' }],
    [LIST, 401, { key: undefined }],
    [TOKEN, 401, { path: own(TOKEN), key: 'wrong-key-0123456789' }],
    [LIST, 403, { key: KEYS.issue }],
    [TOKEN, 403, { path: own(TOKEN), key: KEYS.shop }],
    [TOKEN, 404, { path: '/wechat-tokens/access_token:shop' }],
    [
      REFRESH,
      409,
      {
        path: '/admin/wechat-tokens/jsapi_ticket:store/refresh',
        body: { force: true },
      },
    ],
    [
      REJECTED,
      413,
      { path: own(REJECTED), body: { value: 'x'.repeat(200_000) } },
    ],
  ])('%s %i', async (route, status, request) => {
    const { status: got, answer, examples } = await ask(route, request);
    expect(got).toBe(status);
    expect(examples).toContainEqual(answer);
  });

  it('a budget that is spent, but for the seconds', async () => {
    const request = { path: own(REFRESH), body: { force: true } };
    await ask(REFRESH, request);
    const { status, answer, examples } = await ask(REFRESH, request);
    expect(status).toBe(429);
    const details = [answer, ...examples].map((problem) =>
      (problem as { detail: string }).detail.replace(/\d+ s\.$/, ''),
    );
    expect(details.slice(1)).toContain(details[0]);
  });

  it('a refusal of WeChat, with its errcode', async () => {
    await using other = await AppSandbox.create();
    other.wechat.inject('stable', { errcode: 40164 }, { times: Infinity });
    const API_KEYS = apiKeys({ id: 'all', key: KEYS.all, scopes: ALL });
    const { url } = await other.run({ API_KEYS });
    const request = { path: own(REFRESH), body: {} };
    const { status, answer, examples } = await ask(REFRESH, request, url);
    expect(status).toBe(502);
    const rid = / rid: [\w-]+/;
    const { detail } = answer as { detail: string };
    expect({
      ...(answer as object),
      detail: detail.replace(rid, ''),
      retryAfter: expect.any(Number) as number,
    }).toEqual(examples[0]);
    // Until then a program gets the time to wait.
    const program = await ask(TOKEN, { path: own(TOKEN) }, url);
    expect(program.status).toBe(503);
    expect(program.answer).toMatchObject({ retryAfter: expect.any(Number) });
  });

  it('wrong keys, too many of them', async () => {
    await using other = await AppSandbox.create();
    const { url } = await other.run();
    const request = { path: own(TOKEN), key: 'wrong-key-0123456789' };
    for (let attempt = 0; attempt < 10; attempt += 1)
      expect((await ask(TOKEN, request, url)).status).toBe(401);
    const { status, answer, examples } = await ask(TOKEN, request, url);
    expect(status).toBe(429);
    const retryAfter = expect.any(Number) as number;
    expect({ ...(answer as object), retryAfter }).toEqual(examples[0]);
  });

  it('a body that is no JSON', async () => {
    const { status } = await ask(REFRESH, { path: own(REFRESH), body: '{' });
    expect(status).toBe(400);
  });
});

describe('/docs', () => {
  it('is a page whose every part comes from the app, and nothing else may', async () => {
    const response = await fetch(`${app.url}/docs`);
    expect(response.status).toBe(200);
    expect(response.headers.get('content-security-policy')).toMatch(
      /^default-src 'self';/,
    );
    const html = await response.text();
    const parts = [...html.matchAll(/(?:src|href)=['"]([^'"]+)['"]/g)].map(
      ([, link = '']) => new URL(link, `${app.url}/docs`),
    );
    expect(parts.length).toBeGreaterThan(4);
    for (const part of parts) {
      expect(part.origin).toBe(app.url);
      expect((await fetch(part)).status, part.href).toBe(200);
    }
    const script = await (
      await fetch(`${app.url}/docs/swagger-ui-init.js`)
    ).text();
    expect(script).toContain('"validatorUrl": null');
  });

  it('and the document ask for no key, and show none, nor a secret or a token', async () => {
    const [page, json] = await Promise.all(
      ['/docs/swagger-ui-init.js', '/docs-json'].map(async (path) =>
        (await fetch(app.url + path)).text(),
      ),
    );
    expect(json).toContain('"openapi":"3.1.0"');
    const { appSecret } = DEFAULT_FAKE_ACCOUNT;
    const secrets = [...Object.values(KEYS), appSecret];
    for (const secret of [...secrets, ...sandbox.wechat.issuedTokens])
      for (const text of [page, json]) expect(text).not.toContain(secret);
  });
});
