import { request } from 'node:http';
import { DEFAULT_FAKE_ACCOUNT } from '../../../src/testing/index.js';
import type { ApiKey } from '../../../src/wechat-token/index.js';
import { KEYS, PLATFORMS, SHOP, WRONG_KEY } from '../../support/http.js';
import { type HttpReplica, World } from '../../support/world.js';

const OWN = DEFAULT_FAKE_ACCOUNT;
/** As `openssl rand -base64 32` makes them. */
const BASE64: ApiKey = {
  id: 'base64',
  key: 'q+f/8mP+0w1kS2+hU7b/9yZ3xC5vB6nM4lK8jH1gF0s=',
  scopes: ['tokens:issue'],
};
const http = { apiKeys: [...Object.values(KEYS), BASE64] };

const question = {
  grant_type: 'client_credential',
  appid: OWN.appId,
  secret: KEYS.issue.key,
};

const forcing = { ...question, secret: KEYS.all.key, force_refresh: true };

interface Answer {
  readonly access_token?: string;
  readonly expires_in?: number;
  readonly errcode?: number;
}

describe.each(PLATFORMS)(
  'POST /cgi-bin/stable_token on %s',
  (platform, adapter) => {
    let world: World;
    let app: HttpReplica;

    beforeEach(async () => {
      world = await World.create({ wechat: { accounts: [OWN, SHOP] } });
      const accounts = [OWN, SHOP];
      app = await world.httpReplica(adapter(), { accounts, http });
      await app.accountCheck.check();
    });
    afterEach(() => world[Symbol.asyncDispose]());

    async function ask(
      body: unknown,
      type = 'application/json',
    ): Promise<Answer> {
      const response = await fetch(`${app.url}/cgi-bin/stable_token`, {
        method: 'POST',
        headers: { 'content-type': type },
        body: typeof body === 'string' ? body : JSON.stringify(body),
      });
      expect(response.status).toBe(200);
      expect(response.headers.get('cache-control')).toBe('no-store');
      return (await response.json()) as Answer;
    }
    const current = () => world.wechat.currentToken(OWN.appId);

    it("answers in WeChat's shape, with the life that is really left", async () => {
      await world.advance(1000);
      const answer = await ask(question);
      expect(answer).toEqual({
        access_token: current(),
        expires_in: expect.any(Number),
      });
      expect(answer.expires_in).toBeGreaterThan(6190);
      expect(answer.expires_in).toBeLessThanOrEqual(6200);
      expect(world.wechat.callsFor(OWN.appId).total).toBe(1);
    });

    it.each([
      [40002, { grant_type: 'authorization_code' }],
      [41002, { appid: undefined }],
      [41002, { appid: 5 }],
      [41004, { secret: '' }],
      [41004, { secret: ['x'] }],
      [40125, { secret: WRONG_KEY }],
      [40125, { secret: OWN.appSecret }],
      [40013, { appid: 'wx_none' }],
      [40013, { secret: KEYS.shop.key }],
      [40013, { secret: KEYS.read.key }],
    ])('%i for %j', async (errcode, wrong) => {
      expect(await ask({ ...question, ...wrong })).toEqual({
        errcode,
        errmsg: expect.any(String),
      });
    });

    it('47001 for what is no object, 43002 for a GET', async () => {
      expect(await ask([])).toMatchObject({ errcode: 47001 });
      expect(await ask('nonsense', 'text/plain')).toMatchObject({
        errcode: 47001,
      });
      const got = await fetch(`${app.url}/cgi-bin/stable_token`);
      expect(got.status).toBe(200);
      expect(await got.json()).toMatchObject({ errcode: 43002 });
    });

    it('47001 for a body that is too large, or not packed as it says', async () => {
      const large = JSON.stringify({ ...question, x: 'x'.repeat(3_000_000) });
      expect(await ask(large)).toMatchObject({ errcode: 47001 });
      for (const encoding of ['gzip', 'unknown']) {
        const response = await fetch(`${app.url}/cgi-bin/stable_token`, {
          method: 'POST',
          headers: {
            'content-type': 'application/json',
            'content-encoding': encoding,
          },
          body: 'not packed',
        });
        expect(response.status).toBe(200);
        expect(await response.json()).toMatchObject({ errcode: 47001 });
      }
    });

    it('43001 for a POST to /cgi-bin/token, whatever its body', async () => {
      const query = new URLSearchParams(question as Record<string, string>);
      for (const [type, body] of [
        ['application/json', JSON.stringify(question)],
        ['application/x-www-form-urlencoded', query.toString()],
        ['text/plain; charset=gbk', 'x'],
      ] as const) {
        const url = `${app.url}/cgi-bin/token?${query.toString()}`;
        const headers = { 'content-type': type };
        const response = await fetch(url, { method: 'POST', headers, body });
        expect(response.status).toBe(200);
        expect(await response.json()).toEqual({
          errcode: 43001,
          errmsg: 'require GET method',
        });
      }
    });

    it.each(['{"appid":', '{appid:1}', '"x', `${KEYS.issue.key}}`])(
      '47001 for %s, which is no JSON although it says so',
      async (body) => {
        expect(await ask(body)).toEqual({
          errcode: 47001,
          errmsg: 'data format error',
        });
      },
    );

    it.each([
      'application/json; charset=utf-8',
      'text/plain',
      'text/plain;charset=UTF-8',
      'application/x-www-form-urlencoded',
      'application/json; charset=gbk',
      'application/json;charset="ISO-8859-1"',
      'text/plain; charset=us-ascii',
      'application/x-www-form-urlencoded; charset=gb2312',
      'application/json; charset=nonsense; x=y',
      'application/octet-stream',
      'text/xml',
    ])('reads JSON that is sent as %s', async (type) => {
      for (const { key: secret } of [KEYS.issue, BASE64])
        // As Python writes it, with blanks.
        expect(
          await ask(JSON.stringify({ ...question, secret }, null, 1), type),
        ).toMatchObject({ access_token: current() });
    });

    it.each(['{a[toString]=1', '{a[b]=1', '{a=1&{a=2'])(
      'a form that could never have been JSON has no token in it: %s',
      async (body) => {
        const answer = await ask(body, 'application/x-www-form-urlencoded');
        // Fastify's parser makes no objects of brackets.
        expect([40002, 47001]).toContain(answer.errcode);
      },
    );

    it('an SDK that forces always costs no write while that is not possible', async () => {
      await ask(forcing);
      await app.journal.settled();
      const before = await world.row();
      const events = async () =>
        (await app.events.page('access_token', { limit: 100 })).length;
      const count = await events();

      for (let n = 0; n < 5; n++)
        expect((await ask(forcing)).access_token).toBe(current());

      expect((await world.row()).version).toBe(before.version);
      expect(await events()).toBe(count);
    });

    it('reads JSON that says of itself nothing', async () => {
      const status = await new Promise<number | undefined>(
        (resolve, reject) => {
          request(`${app.url}/cgi-bin/stable_token`, { method: 'POST' })
            .on('response', (response) => resolve(response.resume().statusCode))
            .on('error', reject)
            .end(JSON.stringify(question));
        },
      );
      expect(status).toBe(200);
    });

    it('R9: force_refresh ends the token once, within the budget that all share', async () => {
      const old = current();
      const forced = await ask(forcing);
      expect(forced.access_token).toBe(current());
      expect(forced.access_token).not.toBe(old);

      // As on the platform: too soon, and so not refreshed.
      const again = await ask(forcing);
      expect(again.access_token).toBe(forced.access_token);
      expect(world.wechat.callsFor(OWN.appId).stableForced).toBe(1);

      await vi.waitFor(async () => {
        const events = await app.events.page('access_token', { limit: 100 });
        expect(events).toContainEqual(
          expect.objectContaining({
            type: 'asked',
            actor: 'all',
            detail: 'forced: stable_token',
          }),
        );
        expect(events).toContainEqual(
          expect.objectContaining({ type: 'forced', actor: 'all' }),
        );
      });
    });

    it('R9: force_refresh of a key without tokens:refresh asks in normal mode, and is answered with the current token', async () => {
      const old = current();
      await world.advance(10);
      const theirs = world.wechat.otherSystemFetches(
        OWN.appId,
        'stable-forced',
      );
      const asking = { ...question, force_refresh: true };

      expect(await ask(asking)).toMatchObject({ access_token: theirs });
      for (let n = 0; n < 20; n++)
        expect(await ask(asking)).toMatchObject({ access_token: theirs });

      expect(theirs).not.toBe(old);
      expect(world.wechat.callsFor(OWN.appId)).toMatchObject({
        stable: 2,
        stableForced: 0,
      });
    });

    it('R9: when WeChat refuses, force_refresh of such a key is answered with the current token', async () => {
      await world.advance(10);
      world.wechat.inject('stable', { errcode: 45009 });
      const asking = { ...question, force_refresh: true };
      expect(await ask(asking)).toMatchObject({ access_token: current() });
      expect(world.wechat.callsFor(OWN.appId).stable).toBe(2);
    });

    it('only `true` is a force', async () => {
      for (const force_refresh of ['true', 1, false])
        await ask({ ...question, force_refresh });
      expect(world.wechat.callsFor(OWN.appId).total).toBe(1);
    });

    it('is "system error" when WeChat refuses', async () => {
      world.wechat.inject('stable', { errcode: 45009 });
      const forced = await ask(forcing);
      expect(forced).toEqual({ errcode: -1, errmsg: 'system error' });
    });
  },
);
