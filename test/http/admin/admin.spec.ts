import { DEFAULT_FAKE_ACCOUNT } from '../../../src/testing/index.js';
import type { AdminView, Problem } from '../../../src/wechat-token/index.js';
import {
  fingerprint,
  mask,
} from '../../../src/wechat-token/common/fingerprint.js';
import {
  bearer,
  KEYS,
  LogLines,
  PLATFORMS,
  posted,
  type Sent,
  SHOP,
} from '../../support/http.js';
import {
  type HttpReplica,
  type ReplicaOptions,
  World,
} from '../../support/world.js';

const OWN = DEFAULT_FAKE_ACCOUNT;
const NAME = 'access_token';
const http = { apiKeys: Object.values(KEYS) };
const accounts = [OWN, SHOP];

interface Page<Item, Next> {
  readonly items: readonly Item[];
  readonly next: Next | null;
}
interface Event {
  readonly id: number;
  readonly type: string;
  readonly actor: string;
  readonly at: string;
  readonly detail: string | null;
}

describe.each(PLATFORMS)('/admin/wechat-tokens on %s', (_platform, adapter) => {
  let world: World;
  let app: HttpReplica;

  beforeEach(async () => {
    world = await World.create({ wechat: { accounts } });
  });
  afterEach(() => world[Symbol.asyncDispose]());

  async function start(options: ReplicaOptions = {}): Promise<void> {
    app = await world.httpReplica(adapter(), { accounts, http, ...options });
    await app.accountCheck.check();
  }

  const ask = (path = '', init: Sent = {}, key = KEYS.all) =>
    fetch(`${app.url}/admin/wechat-tokens${path}`, {
      ...init,
      headers: { ...init.headers, ...bearer(key) },
    });
  async function get<Body>(path = ''): Promise<Body> {
    const response = await ask(path);
    expect(response.status).toBe(200);
    expect(response.headers.get('cache-control')).toBe('no-store');
    return (await response.json()) as Body;
  }
  const one = (name = NAME) => get<AdminView>(`/${name}`);
  const refresh = (body: unknown = {}, name = NAME) =>
    ask(`/${name}/refresh`, posted(body));
  const eventsOf = (name = NAME) => get<Page<Event, number>>(`/${name}/events`);

  /** The problem of a response, whose status must be this. */
  async function problem(response: Response, status: number): Promise<Problem> {
    expect(response.status).toBe(status);
    expect(response.headers.get('content-type')).toContain(
      'application/problem+json',
    );
    return (await response.json()) as Problem;
  }

  it('shows a token without its value', async () => {
    await start();
    const row = await world.row();
    const token = world.wechat.currentToken(OWN.appId) ?? '';

    const view = await one();
    expect(view).toEqual({
      name: NAME,
      account: 'default',
      appId: OWN.appId,
      agentId: null,
      kind: 'official-account',
      platform: 'WeChat',
      source: 'stable',
      canForce: true,
      status: 'valid',
      fingerprint: fingerprint(token),
      masked: mask(token),
      issuedAt: expect.stringMatching(/^\d{4}-\d\d-\d\dT.*Z$/),
      refreshAt: expect.any(String),
      expiresAt: expect.any(String),
      expiresIn: expect.any(Number),
      version: row.version,
      lease: null,
      lastError: null,
      failureCount: 0,
      nextAttemptAt: null,
      forcedToday: 0,
    });
    expect(view.expiresIn).toBeGreaterThan(7190);
    expect(view.expiresIn).toBeLessThanOrEqual(7200);
  });

  it("R3: its instants are the row's own", async () => {
    await start();
    const [stored] = await world.sql<Record<string, string>>(
      `SELECT issued_at AS issuedAt, refresh_at AS refreshAt, expires_at AS expiresAt
        FROM system_var WHERE name = '${NAME}'`,
    );
    const iso = Object.entries(stored ?? {}).map(([name, at]) => [
      name,
      `${at.replace(' ', 'T')}Z`,
    ]);
    expect(await one()).toMatchObject(Object.fromEntries(iso));
  });

  it('shows the status, from the lease to the expiry', async () => {
    await start();
    const set = (assignment: string) =>
      world.sql(`UPDATE system_var SET ${assignment} WHERE name = '${NAME}'`);
    const at = (modifier: string) =>
      `strftime('%Y-%m-%d %H:%M:%f', 'now', '${modifier}')`;
    const status = async () => (await one()).status;

    await set(`refresh_at = ${at('-1 minute')}`);
    expect(await status()).toBe('due');
    await set(`next_attempt_at = ${at('+1 minute')}`);
    expect(await status()).toBe('cooling-down');
    // R2: less than the safety margin left.
    await set(
      `issued_at = ${at('-2 hours')}, expires_at = ${at('+5 seconds')}`,
    );
    expect(await status()).toBe('expired');
    await set('value = NULL');
    expect(await status()).toBe('missing');
    await set(`lease_owner = 'replica-2', lease_until = ${at('+1 minute')}`);
    expect(await one()).toMatchObject({
      status: 'refreshing',
      fingerprint: null,
      masked: null,
      lease: { owner: 'replica-2', until: expect.stringMatching(/Z$/) },
    });
  });

  it('shows an account that has no row yet as missing', async () => {
    await start();
    await world.sql('DELETE FROM system_var');
    expect(await one()).toMatchObject({
      account: 'default',
      status: 'missing',
      version: 0,
      expiresAt: null,
      expiresIn: null,
    });
    expect((await get<Page<AdminView, string>>()).items).toEqual([]);
  });

  it('R15: a row that cannot be decrypted is shown, with the reason', async () => {
    const key = Buffer.alloc(32, 1).toString('base64');
    await start({ encryptionKeys: [{ id: 'gone', key }] });
    await app.close();
    app = await world.httpReplica(adapter(), { accounts, http });

    const sealed = {
      name: NAME,
      masked: null,
      fingerprint: null,
      status: 'missing',
      lastError: {
        class: 'sealed',
        errcode: null,
        message: expect.stringContaining('"gone"'),
        at: expect.stringMatching(/Z$/),
      },
    };
    expect(await one()).toMatchObject(sealed);
    const { items } = await get<Page<AdminView, string>>();
    expect(items[0]).toMatchObject(sealed);
    const issued = await fetch(`${app.url}/wechat-tokens/${NAME}`, {
      headers: bearer(KEYS.all),
    });
    expect((await problem(issued, 503)).detail).toContain('"gone"');
  });

  it('lists tokens in pages', async () => {
    await start();
    await world.sql(
      `INSERT INTO system_var (name, value, remark, version, failure_count) VALUES ('a_variable', 'x', '', 0, 0)`,
    );
    type Tokens = Page<AdminView, string>;
    const first = await get<Tokens>('?limit=1');
    expect(first.items.map(({ name }) => name)).toEqual([NAME]);
    expect(first.next).toBe(NAME);
    const last = await get<Tokens>(`?limit=1&after=${first.next}`);
    expect(last.items.map(({ name }) => name)).toEqual(['access_token:shop']);
    expect(last.next).toBeNull();
    expect(await get<Tokens>('?after=access_token:shop')).toEqual({
      items: [],
      next: null,
    });
  });

  it('omits the tokens of unknown accounts', async () => {
    await start();
    await app.close();
    app = await world.httpReplica(adapter(), { accounts: [SHOP], http });
    const { items } = await get<Page<AdminView, string>>();
    expect(items.map(({ account }) => account)).toEqual(['shop']);
    await problem(await ask(`/${NAME}`), 404);
  });

  it('lists the history, newest first, in pages', async () => {
    await start();
    await refresh({ reason: 'just because' });
    await vi.waitFor(async () =>
      expect((await eventsOf()).items).toHaveLength(2),
    );
    const { items, next } = await eventsOf();
    expect(next).toBeNull();
    expect(items[0]).toMatchObject({
      type: 'asked',
      actor: 'all',
      detail: 'normal mode: just because',
      at: expect.stringMatching(/^\d{4}-.*Z$/),
    });
    expect(items[1]).toMatchObject({ type: 'refreshed' });
    const first = await get<Page<Event, number>>(`/${NAME}/events?limit=1`);
    expect(first.items).toEqual(items.slice(0, 1));
    const rest = `/${NAME}/events?limit=1&before=${first.next}`;
    expect(await get(rest)).toEqual({ items: items.slice(1), next: null });
  });

  it('POST …/refresh: unchanged, refreshed, superseded', async () => {
    await start();
    const before = await one();
    const outcome = async (body: unknown) => {
      const response = await refresh(body);
      expect(response.status).toBe(200);
      return response.json();
    };

    expect(await outcome({})).toMatchObject({
      outcome: 'unchanged',
      fingerprint: before.fingerprint,
    });
    const meant = { force: true, expectedFingerprint: before.fingerprint };
    const refreshed = await outcome({ ...meant, reason: 'leak' });
    expect(refreshed).toEqual({
      outcome: 'refreshed',
      name: NAME,
      fingerprint: fingerprint(world.wechat.currentToken(OWN.appId) ?? ''),
      version: expect.any(Number),
      expiresIn: 7200,
    });
    expect(await outcome(meant)).toEqual({
      ...(refreshed as object),
      outcome: 'superseded',
      expiresIn: expect.any(Number),
    });
    expect(await one()).toMatchObject({ forcedToday: 1 });
  });

  it('needs no body for a refresh', async () => {
    await start();
    const response = await ask(`/${NAME}/refresh`, { method: 'POST' });
    expect(response.status).toBe(200);
  });

  it('every refresh leaves events with the id of the key as the actor', async () => {
    await start();
    await refresh({ force: true, reason: 'leak' });
    await vi.waitFor(async () => {
      const { items } = await eventsOf();
      const asked = items.filter(({ actor }) => actor === 'all');
      expect(asked.map(({ type }) => type).sort()).toEqual([
        'asked',
        'forced',
        'refreshed',
      ]);
      expect(asked).toContainEqual(
        expect.objectContaining({ type: 'asked', detail: 'forced: leak' }),
      );
    });
  });

  it('R9: 429 with Retry-After when the budget does not allow it', async () => {
    await start();
    expect((await refresh({ force: true })).status).toBe(200);
    const response = await refresh({ force: true });
    const { retryAfter, detail } = await problem(response, 429);
    expect(retryAfter).toBeGreaterThan(25);
    expect(retryAfter).toBeLessThanOrEqual(30);
    expect(response.headers.get('retry-after')).toBe(String(retryAfter));
    expect(detail).toContain('less than 30 s ago');
  });

  it.each([
    [40164, 'not in whitelist'],
    [45009, 'quota'],
    [40125, 'appSecret'],
  ])(
    '502 with the errcode when WeChat refuses with %i',
    async (errcode, words) => {
      await start();
      await world.advance(10);
      world.wechat.inject('stable', { errcode });
      const body = await problem(await refresh(), 502);
      expect(body.errcode).toBe(errcode);
      expect(body.detail).toContain(words);
      expect(await one()).toMatchObject({
        lastError: { errcode },
        failureCount: 1,
      });
    },
  );

  it('502 without an errcode when WeChat does not answer', async () => {
    await start();
    await world.advance(10);
    await world.wechat.goDown();
    const body = await problem(await refresh(), 502);
    expect(body).not.toHaveProperty('errcode');
    expect(body.retryAfter).toBeGreaterThan(0);
  });

  it('503 on a reader, which never calls WeChat', async () => {
    app = await world.httpReplica(adapter(), {
      accounts,
      http,
      role: 'reader',
    });
    const { detail } = await problem(await refresh(), 503);
    expect(detail).toContain('is a reader');
  });

  it('503 with Retry-After without a database', async () => {
    await start();
    await app.dataSource.destroy();
    for (const response of [
      await ask(),
      await ask('/stream'),
      await ask(`/${NAME}`),
      await ask(`/${NAME}/events`),
      await refresh(),
    ]) {
      const { retryAfter } = await problem(response, 503);
      expect(retryAfter).toBeGreaterThan(0);
      expect(response.headers.get('retry-after')).toBe(String(retryAfter));
    }
  });

  it('a refresh with an unparsed body is refused, not treated as one without a body', async () => {
    await start();
    const response = await fetch(
      `${app.url}/admin/wechat-tokens/${NAME}/refresh`,
      {
        method: 'POST',
        headers: { ...bearer(KEYS.all), 'content-type': 'text/plain' },
        body: '{"force":true}',
      },
    );
    expect(response.status).toBe(400);
    expect(world.wechat.calls.stableForced).toBe(0);
  });

  describe('with an AccountSource that fails', () => {
    const password = 'the-password-of-the-database';
    const shown = [
      () => ask(`/${NAME}`),
      () => ask(`/${NAME}/events`),
      () => refresh(),
      () => ask(),
      () => ask('/stream'),
    ];

    it('503 with Retry-After, without the error message; the log has the class', async () => {
      await start();
      await app.close();
      const log = new LogLines();
      const find = () => {
        throw new TypeError(`no connection with ${password}`);
      };
      app = await world.httpReplica(adapter(), {
        accounts: { find, list: () => [] },
        http,
        logger: log,
      });
      for (const asked of shown) {
        const response = await asked();
        const body = await problem(response, 503);
        expect(body.detail).toContain('AccountSource');
        expect(body.retryAfter).toBeGreaterThan(0);
        expect(response.headers.get('retry-after')).toBe(
          String(body.retryAfter),
        );
        expect(JSON.stringify(body)).not.toMatch(/TypeError|password/);
      }
      expect(log.text).toMatch(/request failed.*\(TypeError\)/);
      expect(log.text).not.toContain(password);
    });

    it('503 that names the field of an account that is not valid; the others are shown', async () => {
      await start();
      await app.close();
      const source = [{ ...OWN, appId: `${password} ` }, SHOP];
      app = await world.httpReplica(adapter(), {
        accounts: {
          find: (name) =>
            source.find((a) => ('name' in a ? a.name : 'default') === name),
          list: () => source,
        },
        http,
      });
      for (const asked of shown.slice(0, 3)) {
        const body = await problem(await asked(), 503);
        expect(body.detail).toContain('"default"');
        expect(body.detail).toContain('appId');
        expect(body).not.toHaveProperty('retryAfter');
        expect(JSON.stringify(body)).not.toContain(password);
      }
      const { items } = await get<Page<AdminView, string>>();
      expect(items.map(({ account }) => account)).toEqual(['shop']);
    });
  });

  describe('an invalid request names the field', () => {
    beforeEach(() => start());

    it.each([
      ['?limit=0', 'limit'],
      ['?limit=101', 'limit'],
      ['?limit=', 'limit'],
      ['?limit=ten', 'limit'],
      ['?limit=1&limit=2', 'limit'],
      ['?after=%00', 'after'],
      [`?after=${'x'.repeat(192)}`, 'after'],
      ['/stream?limit=-1', 'limit'],
      [`/${NAME}/events?before=x`, 'before'],
      [`/${NAME}/events?before=-1`, 'before'],
    ])('GET %s', async (path, field) => {
      const { errors } = await problem(await ask(path), 400);
      expect(errors).toEqual([{ field, problem: expect.any(String) }]);
    });

    it.each([
      [{ force: 'yes' }, 'force'],
      [{ expectedFingerprint: 'ABCDEF01' }, 'expectedFingerprint'],
      [{ expectedFingerprint: 12345678 }, 'expectedFingerprint'],
      [{ reason: 'x'.repeat(201) }, 'reason'],
      [{ reason: null }, 'reason'],
      [{ forced: true }, 'forced'],
      // It might be a secret.
      [{ [KEYS.all.key]: true }, 'body'],
      [[], 'body'],
    ])('POST %j', async (body, field) => {
      const { errors } = await problem(await refresh(body), 400);
      expect(errors).toEqual([{ field, problem: expect.any(String) }]);
      expect((await eventsOf()).items).toHaveLength(1);
    });

    it.each([
      [{}],
      [{ value: '' }],
      [{ value: 5 }],
      [{ value: 'x'.repeat(4097) }],
    ])('POST …/rejected %j', async (body) => {
      const init = posted(body, bearer(KEYS.all));
      const url = `${app.url}/wechat-tokens/${NAME}/rejected`;
      const { errors } = await problem(await fetch(url, init), 400);
      expect(errors).toEqual([{ field: 'value', problem: expect.any(String) }]);
    });

    it('400 for a body that is not valid JSON', async () => {
      const { detail } = await problem(await refresh('{"force":'), 400);
      expect(detail).toBeTruthy();
    });

    it('413 for a body that is too large', async () => {
      const reason = 'x'.repeat(2 * 1024 * 1024);
      await problem(await refresh({ reason }), 413);
    });
  });
});
