import { ExpressAdapter } from '@nestjs/platform-express';
import { DEFAULT_FAKE_ACCOUNT } from '../../../src/testing/index.js';
import type { ApiKey, TokenAnswer } from '../../../src/wechat-token/index.js';
import { bearer, KEYS, posted } from '../../support/http.js';
import { type HttpReplica, World } from '../../support/world.js';

const { appId } = DEFAULT_FAKE_ACCOUNT;
const NAME = 'access_token';
const ATTACKER = KEYS.issue;
const HONEST: ApiKey = {
  id: 'honest',
  key: 'honest-key-0123456789abcdefghijklmnop',
  scopes: ['tokens:issue'],
};
const OPERATOR = KEYS.refresh;
const http = { apiKeys: [...Object.values(KEYS), HONEST] };

describe.each(['stable', 'classic'] as const)(
  'R5 a key with tokens:issue, %s',
  (mode) => {
    let world: World;
    let app: HttpReplica;

    beforeEach(async () => {
      world = await World.create();
      const accounts = [{ ...DEFAULT_FAKE_ACCOUNT, mode }];
      app = await world.httpReplica(new ExpressAdapter(), { accounts, http });
      await app.accountCheck.check();
    });
    afterEach(() => world[Symbol.asyncDispose]());

    const current = () => world.wechat.currentToken(appId, mode) ?? '';
    const report = (value: string, key: ApiKey) =>
      fetch(
        `${app.url}/wechat-tokens/${NAME}/rejected`,
        posted({ value }, bearer(key)),
      );
    const answer = async (response: Response) => {
      expect(response.status).toBe(200);
      return ((await response.json()) as TokenAnswer).value;
    };
    const force = (key: ApiKey) =>
      fetch(
        `${app.url}/admin/wechat-tokens/${NAME}/refresh`,
        posted({ force: true, reason: 'the token has leaked' }, bearer(key)),
      );
    const typesOf = async () => {
      await app.journal.settled();
      const page = await app.events.page(NAME, { limit: 100 });
      return page.map(({ type }) => type);
    };

    it('that reports the current token ten times in a second renews nothing, and takes no rejection from the others', async () => {
      const good = current();
      for (let n = 0; n < 10; n++)
        expect(await answer(await report(current(), ATTACKER))).toBe(good);

      // The token is tried once; in stable mode it was confirmed before.
      const asked = mode === 'stable' ? 2 : 1;
      expect(world.wechat.calls).toMatchObject({ [mode]: asked, business: 1 });
      expect(await typesOf()).not.toContain('rejected');
      const unconfirmed = (await typesOf()).filter((t) => t === 'unconfirmed');
      expect(unconfirmed).toHaveLength(1);

      await world.advance(11);
      world.wechat.dropSilently();
      const renewed = await answer(await report(good, HONEST));
      expect(world.wechat.accepts(renewed)).toBe(true);
    });

    it('that reports the current token for 281 s, every 31 s or every second, leaves the others their reports', async () => {
      const good = current();
      for (let second = 0; second < 281; second += 31) {
        expect(await answer(await report(current(), ATTACKER))).toBe(good);
        await world.advance(31);
      }
      expect(world.wechat.calls.business).toBe(10);
      const startedAt = world.clock.now();
      for (let second = 0; second < 62; second++) {
        expect(await answer(await report(current(), ATTACKER))).toBe(good);
        await world.advance(1);
      }
      // Once in 10 s at most.
      const elapsedMs = world.clock.now() - startedAt;
      const most = 1 + Math.floor(elapsedMs / 10_000);
      expect(world.wechat.calls.business - 10).toBeLessThanOrEqual(most);
      expect(world.wechat.calls.stableForced).toBe(0);

      await world.advance(11);
      world.wechat.dropSilently();
      const renewed = await answer(await report(good, HONEST));
      expect(world.wechat.accepts(renewed)).toBe(true);
    });

    it('that reports tokens WeChat really refuses has 3 of the 10 of a life, and the next one is heard', async () => {
      for (let n = 0; n < 3; n++) {
        world.wechat.dropSilently();
        await answer(await report(current(), ATTACKER));
        await app.journal.settled();
        await world.advance(31);
      }
      world.wechat.dropSilently();
      const { total } = world.wechat.calls;
      const startedAt = world.clock.now();
      for (let n = 0; n < 20; n++) {
        const refused = await report(current(), ATTACKER);
        expect(refused.status).toBe(503);
        expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(60);
      }
      // The platform is asked, though not for each report.
      const seconds = (world.clock.now() - startedAt) / 1000;
      const each = mode === 'stable' ? 2 : 1;
      expect(world.wechat.calls.total - total).toBeLessThanOrEqual(
        each * (1 + Math.floor(seconds / 10)),
      );

      const renewed = await answer(await report(current(), HONEST));
      expect(world.wechat.accepts(renewed)).toBe(true);
    });

    it('that sends force_refresh every 31 s forces nothing, and the operator’s forced refresh is made', async () => {
      const good = current();
      const body = {
        grant_type: 'client_credential',
        appid: appId,
        secret: ATTACKER.key,
        force_refresh: true,
      };
      for (let n = 0; n < 25; n++) {
        const url = `${app.url}/cgi-bin/stable_token`;
        const got = await (await fetch(url, posted(body))).json();
        expect(got).toMatchObject({ access_token: good });
        await world.advance(31);
      }
      expect(world.wechat.calls.stableForced).toBe(0);
      expect(await typesOf()).not.toContain('forced');

      expect(await (await force(OPERATOR)).json()).toMatchObject({
        outcome: 'refreshed',
      });
      expect(current()).not.toBe(good);
    });
  },
);

describe('R9 a key with tokens:refresh', () => {
  it('forces 5 times a day, and leaves the rest to the others', async () => {
    await using world = await World.create();
    const app = await world.httpReplica(new ExpressAdapter(), { http });
    await app.accountCheck.check();
    const force = (key: ApiKey) =>
      fetch(
        `${app.url}/admin/wechat-tokens/${NAME}/refresh`,
        posted({ force: true }, bearer(key)),
      );
    for (let n = 0; n < 5; n++) {
      expect((await force(KEYS.all)).status).toBe(200);
      await world.advance(31);
    }

    const refused = await force(KEYS.all);

    expect(refused.status).toBe(429);
    expect(Number(refused.headers.get('retry-after'))).toBeGreaterThan(0);
    expect(await refused.text()).toContain('5 of them');
    expect((await force(OPERATOR)).status).toBe(200);
    expect(world.wechat.calls.stableForced).toBe(6);
  });
});
