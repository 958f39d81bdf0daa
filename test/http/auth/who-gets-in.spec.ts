import { DEFAULT_FAKE_ACCOUNT } from '../../../src/testing/index.js';
import {
  bearer,
  KEYS,
  LogLines,
  PLATFORMS,
  posted,
  type Sent,
  WRONG_KEY,
} from '../../support/http.js';
import { httpWorld } from '../../support/http-world.js';
import { type HttpReplica, World } from '../../support/world.js';

const ADMIN = '/admin/wechat-tokens';

interface Route {
  readonly path: string;
  readonly init?: Sent;
  /** The keys it lets in, of those that are for all accounts. */
  readonly admits: readonly (keyof typeof KEYS)[];
}

/** With a key for the shop alone: 200 for `access_token:shop`, 403 for any other name. */
const routes = (name: string): readonly Route[] => [
  { path: `${ADMIN}/${name}`, admits: ['all', 'read'] },
  { path: `${ADMIN}/${name}/events`, admits: ['all', 'read'] },
  { path: `/wechat-tokens/${name}`, admits: ['all', 'issue'] },
  {
    path: `${ADMIN}/${name}/refresh`,
    init: posted({}),
    admits: ['all', 'refresh'],
  },
  {
    path: `/wechat-tokens/${name}/rejected`,
    init: posted({ value: 'a token of yesterday' }),
    admits: ['all', 'issue'],
  },
];
const PAGES: readonly Route[] = [
  { path: ADMIN, admits: ['all', 'read', 'shop'] },
  { path: `${ADMIN}/stream`, admits: ['all', 'read', 'shop'] },
];

describe.each(PLATFORMS)('who gets in, on %s', (_platform, adapter) => {
  let world: World;
  let app: HttpReplica;
  let log: LogLines;

  beforeAll(async () => {
    ({ world, app, log } = await httpWorld(adapter()));
  });
  afterAll(() => world[Symbol.asyncDispose]());

  async function statusOf(
    { path, init }: Route,
    headers: Record<string, string> = {},
  ): Promise<number> {
    const response = await fetch(app.url + path, {
      ...init,
      headers: { ...init?.headers, ...headers },
    });
    if (response.status >= 400) {
      const type = response.headers.get('content-type');
      expect(type).toContain('application/problem+json');
      const { status, title, detail } = await problemIn(response);
      expect(status).toBe(response.status);
      expect([title, detail].every(Boolean)).toBe(true);
    } else await response.body?.cancel();
    return response.status;
  }

  const table = [
    ...PAGES,
    ...routes('access_token'),
    ...routes('access_token:shop'),
  ];
  describe.each(table)('$path', (route) => {
    it('401 without a key', async () => {
      expect(await statusOf(route)).toBe(401);
    });

    it.each(Object.keys(KEYS) as (keyof typeof KEYS)[])(
      'with the key "%s"',
      async (id) => {
        const isShops = id === 'shop' && route.path.includes('access_token:');
        const expected = route.admits.includes(id) || isShops ? 200 : 403;
        expect(await statusOf(route, bearer(KEYS[id]))).toBe(expected);
      },
    );
  });

  it('401 with a wrong key, and the header that says how', async () => {
    const headers = bearer({ key: WRONG_KEY });
    const response = await fetch(app.url + ADMIN, { headers });
    expect(response.status).toBe(401);
    expect(response.headers.get('www-authenticate')).toBe('Bearer');
  });

  it('takes the key from X-API-Key, and never from the URL', async () => {
    const { key } = KEYS.read;
    const route = (query = '') => ({ path: ADMIN + query, admits: [] });
    expect(await statusOf(route(), { 'x-api-key': key })).toBe(200);
    expect(await statusOf(route(`?key=${key}&api_key=${key}`))).toBe(401);
    // A scheme that is a proxy's.
    const basic = { authorization: 'Basic cHJveHk=', 'x-api-key': key };
    expect(await statusOf(route(), basic)).toBe(200);
  });

  it.each(['access_token:none', 'no_token', 'no_token:shop', '\0', 'ä:ö'])(
    '404 for %j, which is none',
    async (name) => {
      for (const route of routes(encodeURIComponent(name)))
        expect(await statusOf(route, bearer(KEYS.all)), route.path).toBe(404);
    },
  );

  it.each(['access_token', 'access_token:none', 'no_token', '\0'])(
    'a key for other accounts learns nothing of %j: 403',
    async (name) => {
      for (const route of routes(encodeURIComponent(name)))
        expect(await statusOf(route, bearer(KEYS.shop)), route.path).toBe(403);
    },
  );

  it('lists to a key the accounts that it is for', async () => {
    const namesFor = async (key: { key: string }) => {
      const headers = bearer(key);
      const response = await fetch(app.url + ADMIN, { headers });
      const { items } = (await response.json()) as {
        items: { name: string }[];
      };
      return items.map(({ name }) => name);
    };
    expect(await namesFor(KEYS.read)).toEqual([
      'access_token',
      'access_token:shop',
    ]);
    expect(await namesFor(KEYS.shop)).toEqual(['access_token:shop']);
  });

  it('R15: no key is in the log', () => {
    expect(log.text).toContain('wrong API key');
    for (const { key } of [...Object.values(KEYS), { key: WRONG_KEY }])
      expect(log.text).not.toContain(key);
  });
});

describe.each(PLATFORMS)('wrong keys, on %s', (_platform, adapter) => {
  let world: World;
  let app: HttpReplica;
  const log = new LogLines();

  beforeAll(async () => {
    world = await World.create();
    const http = { apiKeys: [KEYS.all, KEYS.issue] };
    app = await world.httpReplica(adapter(), { http, logger: log });
    await app.accountCheck.check();
  });
  afterAll(() => world[Symbol.asyncDispose]());

  const ask = (key: string) =>
    fetch(`${app.url}/wechat-tokens/access_token`, {
      headers: bearer({ key }),
    });

  it('are checked ten times a minute; then 429 with Retry-After', async () => {
    expect((await ask(KEYS.all.key)).status).toBe(200);
    for (let attempt = 0; attempt < 10; attempt++)
      expect((await ask(`${WRONG_KEY}-${attempt}`)).status).toBe(401);

    const refused = await ask(WRONG_KEY);
    expect(refused.status).toBe(429);
    const seconds = Number(refused.headers.get('retry-after'));
    expect(seconds).toBeGreaterThan(50);
    expect(seconds).toBeLessThanOrEqual(60);
    expect(await problemIn(refused)).toMatchObject({
      status: 429,
      retryAfter: seconds,
    });
  });

  it('lock out no right key, whether it has used that address before or not', async () => {
    expect((await ask(KEYS.all.key)).status).toBe(200);
    expect((await ask(KEYS.issue.key)).status).toBe(200);
  });

  it('are as many, in the shape of WeChat', async () => {
    const answers = await Promise.all(
      [WRONG_KEY, KEYS.issue.key, KEYS.all.key].map(async (secret) => {
        const appid = DEFAULT_FAKE_ACCOUNT.appId;
        const query = { grant_type: 'client_credential', appid, secret };
        const text = new URLSearchParams(query).toString();
        const response = await fetch(`${app.url}/cgi-bin/token?${text}`);
        expect(response.status).toBe(200);
        return response.json();
      }),
    );
    expect(answers).toMatchObject([
      { errcode: 45011 },
      { access_token: world.wechat.issuedTokens[0] },
      { access_token: world.wechat.issuedTokens[0] },
    ]);
  });

  it('are logged ten times, with the address and without the key', () => {
    const lines = log.text.split('\n').filter((l) => l.includes('wrong API'));
    expect(lines).toHaveLength(10);
    for (const line of lines) {
      expect(line).toContain('127.0.0.1');
      expect(line).not.toContain(WRONG_KEY);
    }
  });
});

interface ProblemBody {
  readonly status: number;
  readonly title: string;
  readonly detail: string;
}

async function problemIn(response: Response): Promise<ProblemBody> {
  return (await response.json()) as ProblemBody;
}
