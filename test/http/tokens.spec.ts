import { DEFAULT_FAKE_ACCOUNT } from '../../src/testing/index.js';
import type { Problem, TokenAnswer } from '../../src/wechat-token/index.js';
import { fingerprint } from '../../src/wechat-token/common/fingerprint.js';
import { bearer, KEYS, LogLines, PLATFORMS, posted } from '../support/http.js';
import { type HttpReplica, World } from '../support/world.js';

const { appId } = DEFAULT_FAKE_ACCOUNT;
const NAME = 'access_token';
const http = { apiKeys: Object.values(KEYS) };

describe.each(PLATFORMS)('/wechat-tokens/:name on %s', (_platform, adapter) => {
  let world: World;
  let app: HttpReplica;

  beforeEach(async () => {
    world = await World.create();
    app = await world.httpReplica(adapter(), { http });
    await app.accountCheck.check();
  });
  afterEach(() => world[Symbol.asyncDispose]());

  const ask = (headers: Record<string, string> = {}) =>
    fetch(`${app.url}/wechat-tokens/${NAME}`, {
      headers: { ...bearer(KEYS.issue), ...headers },
    });
  const reject = (value: string, key = KEYS.issue) =>
    fetch(
      `${app.url}/wechat-tokens/${NAME}/rejected`,
      posted({ value }, bearer(key)),
    );
  const answer = async (response: Response) => {
    expect(response.status).toBe(200);
    expect(response.headers.get('cache-control')).toBe('no-store');
    return (await response.json()) as TokenAnswer;
  };
  const current = () => world.wechat.currentToken(appId) ?? '';
  const eventsOf = async (type: string) => {
    const events = await app.events.page(NAME, { limit: 100 });
    return events.filter((event) => event.type === type);
  };

  it('is the token, with its life', async () => {
    const row = await world.row();
    const { expiresAt, expiresIn, ...rest } = await answer(await ask());
    expect(rest).toEqual({
      name: NAME,
      value: current(),
      version: row.version,
    });
    expect(expiresIn).toBeGreaterThan(7190);
    expect(expiresIn).toBeLessThanOrEqual(7200);
    // R3: the instant in the row, as near as two clocks can be read.
    const stored = row.databaseNow + row.expiresInMs;
    expect(Math.abs(Date.parse(expiresAt ?? '') - stored)).toBeLessThan(500);
  });

  it('is answered with 304 if the client has it already, by its fingerprint', async () => {
    const tag = (await ask()).headers.get('etag') ?? '';
    const strong = `"${fingerprint(current())}"`;
    // Weak: the life that is left differs between answers with the same token.
    expect(tag).toBe(`W/${strong}`);

    for (const known of [tag, strong, `"00000000", ${tag}`, '*']) {
      const response = await ask({ 'if-none-match': known });
      expect(response.status, known).toBe(304);
      expect(response.headers.get('etag')).toBe(tag);
      expect(response.headers.get('cache-control')).toBe('no-store');
      expect(await response.text()).toBe('');
    }
    const other = await ask({ 'if-none-match': '"00000000"' });
    expect((await answer(other)).value).toBe(current());
  });

  it('R15: a report that is not valid JSON is not repeated in the response', async () => {
    const broken = posted(`{"value": ${current()}}`, bearer(KEYS.issue));
    const response = await fetch(
      `${app.url}/wechat-tokens/${NAME}/rejected`,
      broken,
    );

    expect(response.status).toBe(400);
    const text = await response.text();
    expect(text).not.toContain(current().slice(0, 6));
  });

  it('R1: is served from memory also when the accounts cannot be looked up', async () => {
    let isAway = false;
    const find = () => {
      if (isAway) throw new Error('no connection');
      return DEFAULT_FAKE_ACCOUNT;
    };
    const accounts = { find, list: () => [DEFAULT_FAKE_ACCOUNT] };
    const other = await world.httpReplica(adapter(), { accounts, http });
    const url = `${other.url}/wechat-tokens/${NAME}`;
    const headers = bearer(KEYS.issue);
    const first = await answer(await fetch(url, { headers }));
    isAway = true;

    expect((await answer(await fetch(url, { headers }))).value).toBe(
      first.value,
    );
  });

  it('503 with Retry-After, without the error message, when the AccountSource fails and no token is in memory', async () => {
    const log = new LogLines();
    const find = () => Promise.reject(new RangeError('a-password'));
    const accounts = { find, list: () => [] };
    const other = await world.httpReplica(adapter(), {
      accounts,
      http,
      logger: log,
    });
    const url = `${other.url}/wechat-tokens/${NAME}`;
    for (const response of [
      await fetch(url, { headers: bearer(KEYS.issue) }),
      await fetch(
        `${url}/rejected`,
        posted({ value: 'x' }, bearer(KEYS.issue)),
      ),
    ]) {
      expect(response.status).toBe(503);
      const body = (await response.json()) as Problem;
      expect(body.detail).toContain('AccountSource');
      expect(response.headers.get('retry-after')).toBe(String(body.retryAfter));
      expect(JSON.stringify(body)).not.toMatch(/RangeError|password/);
    }
    expect(log.text).toMatch(/request failed.*\(RangeError\)/);
    expect(log.text).not.toContain('a-password');
  });

  it('R1: costs neither the platform nor the database anything', async () => {
    const before = world.wechat.calls.total;
    await app.dataSource.destroy();
    expect((await answer(await ask())).value).toBe(current());
    expect(world.wechat.calls.total).toBe(before);
  });

  it('R11: is served when the database was unavailable since the start, with expiresAt null', async () => {
    const dataSource = await world.open();
    await dataSource.destroy();
    // Nest would connect again.
    vi.spyOn(dataSource, 'initialize').mockResolvedValue(dataSource);
    const opened = Promise.resolve(dataSource);
    const alone = await world.httpReplica(adapter(), { http, opened });
    const response = await fetch(`${alone.url}/wechat-tokens/${NAME}`, {
      headers: bearer(KEYS.issue),
    });
    const body = await answer(response);
    expect(body.value).toBe(current());
    expect(body.expiresAt).toBeNull();
  });

  it('R5: a rejected token is replaced once, for all who report it', async () => {
    const rejected = current();
    world.wechat.otherSystemFetches(appId, 'stable-forced');
    const reports = await Promise.all(
      Array.from({ length: 10 }, async () => answer(await reject(rejected))),
    );
    expect(new Set(reports.map(({ value }) => value))).toEqual(
      new Set([current()]),
    );
    expect(current()).not.toBe(rejected);
    expect(world.wechat.calls.total).toBe(2);

    const late = await answer(await reject(rejected));
    expect(late.value).toBe(current());
    expect(late.version).toBe((await world.row()).version);
  });

  it('a rejection leaves an event with the id of the key as the actor', async () => {
    const rejected = current();
    world.wechat.otherSystemFetches(appId, 'stable-forced');
    await answer(await reject(rejected));
    expect(await eventsOf('rejected')).toMatchObject([
      { actor: 'issue', fingerprint: fingerprint(rejected) },
    ]);
    await vi.waitFor(async () =>
      expect((await eventsOf('refreshed'))[0]).toMatchObject({
        actor: 'issue',
        fingerprint: fingerprint(current()),
      }),
    );
  });

  it('a late report leaves an event too, which no budget counts, and costs no call', async () => {
    const rejected = current();
    world.wechat.otherSystemFetches(appId, 'stable-forced');
    await answer(await reject(rejected));
    await world.advance(60);
    const { total } = world.wechat.calls;

    for (let round = 0; round < 3; round++)
      await Promise.all(
        Array.from({ length: 50 }, async () => answer(await reject(rejected))),
      );

    await app.journal.settled();
    expect(await eventsOf('reported')).toMatchObject([
      {
        actor: 'issue',
        fingerprint: fingerprint(rejected),
        detail: `late report; the current token is ${fingerprint(current())}`,
      },
      {
        actor: 'issue',
        fingerprint: fingerprint(rejected),
        detail: 'current token',
      },
    ]);
    expect(await eventsOf('rejected')).toHaveLength(1);
    expect(world.wechat.calls.total).toBe(total);
  });

  it('a caller that joins a renewal requested by another leaves an event as well', async () => {
    const rejected = current();
    world.wechat.otherSystemFetches(appId, 'stable-forced');
    await Promise.all(
      [KEYS.issue, KEYS.all, KEYS.issue].map(async (key) =>
        answer(await reject(rejected, key)),
      ),
    );

    await app.journal.settled();
    const reported = await eventsOf('reported');
    expect(reported).toHaveLength(2);
    expect(new Set(reported.map(({ actor }) => actor))).toEqual(
      new Set(['all', 'issue']),
    );
  });

  it('a report for an unknown account leaves no event', async () => {
    const response = await fetch(
      `${app.url}/wechat-tokens/access_token:none/rejected`,
      posted({ value: 'x' }, bearer(KEYS.issue)),
    );
    expect(response.status).toBe(404);
    await app.journal.settled();
    expect(
      await app.events.page('access_token:none', { limit: 1 }),
    ).toHaveLength(0);
  });

  it('502 with the errcode when WeChat refuses another one', async () => {
    world.wechat.inject('stable', { errcode: 45009 });
    const response = await reject(current());
    expect(response.status).toBe(502);
    const problem = (await response.json()) as Problem;
    expect(problem.errcode).toBe(45009);
    expect(response.headers.get('retry-after')).toBe(
      String(problem.retryAfter),
    );
    expect(JSON.stringify(problem)).not.toContain(current());
  });
});
