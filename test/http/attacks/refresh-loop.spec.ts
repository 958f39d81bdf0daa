import { ExpressAdapter } from '@nestjs/platform-express';
import { DEFAULT_FAKE_ACCOUNT } from '../../../src/testing/index.js';
import type { ApiKey } from '../../../src/wechat-token/index.js';
import { bearer, KEYS, posted } from '../../support/http.js';
import { World } from '../../support/world.js';

const { appId } = DEFAULT_FAKE_ACCOUNT;
const NAME = 'access_token';
const http = { apiKeys: Object.values(KEYS) };
const SECRET = 'another-secret-0123456789abcdef';

const refresh = (app: { url: string }, key: ApiKey = KEYS.refresh) =>
  fetch(
    `${app.url}/admin/wechat-tokens/${NAME}/refresh`,
    posted({ reason: 'in a loop' }, bearer(key)),
  );

describe('R9 an operator in a loop', () => {
  it('gets the last answer within 10 s of it, without a call, and leaves one event a minute', async () => {
    await using world = await World.create();
    const app = await world.httpReplica(new ExpressAdapter(), { http });
    const startedAt = world.clock.now();
    await app.accountCheck.check();

    for (let n = 0; n < 300; n++) {
      if (n % 10 === 0) await world.advance(1);
      const response = await refresh(app);
      expect(response.status).toBe(200);
      expect(await response.json()).toMatchObject({ outcome: 'unchanged' });
    }

    // The first token, and one call in 10 s.
    const elapsedMs = world.clock.now() - startedAt;
    const { stable } = world.wechat.calls;
    expect(stable).toBeLessThanOrEqual(1 + Math.floor(elapsedMs / 10_000));
    expect(stable).toBeGreaterThanOrEqual(1 + 2);
    await app.journal.settled();
    const events = await app.events.page(NAME, { limit: 100 });
    expect(events.filter(({ type }) => type === 'asked')).toHaveLength(1);
    expect(events).toHaveLength(2);
  });

  it('gets the last refusal within 10 s of it, on every replica, without a call or an event', async () => {
    await using world = await World.create();
    const app = await world.httpReplica(new ExpressAdapter(), { http });
    const other = await world.httpReplica(new ExpressAdapter(), { http });
    await app.accountCheck.check();
    await world.advance(10);
    world.wechat.changeSecret(appId, SECRET);

    for (let n = 0; n < 20; n++)
      for (const replica of [app, other]) {
        const response = await refresh(replica);
        expect(response.status).toBe(502);
        expect(await response.json()).toMatchObject({ errcode: 40125 });
        expect(Number(response.headers.get('retry-after'))).toBeGreaterThan(0);
      }
    expect(world.wechat.calls.stable).toBe(2);

    await world.advance(11);
    expect((await refresh(other)).status).toBe(502);
    expect(world.wechat.calls.stable).toBe(3);
    await app.journal.settled();
    const events = await app.events.page(NAME, { limit: 100 });
    expect(events.filter(({ type }) => type === 'failed')).toHaveLength(2);
  });

  it('who has corrected the secret gets a call at once', async () => {
    await using world = await World.create();
    const app = await world.httpReplica(new ExpressAdapter(), { http });
    await app.accountCheck.check();
    await world.advance(10);
    world.wechat.changeSecret(appId, SECRET);
    expect((await refresh(app)).status).toBe(502);

    const accounts = [{ ...DEFAULT_FAKE_ACCOUNT, appSecret: SECRET }];
    const corrected = await world.httpReplica(new ExpressAdapter(), {
      accounts,
      http,
    });

    expect((await refresh(corrected)).status).toBe(200);
    expect(world.wechat.calls.stable).toBe(3);
  });
});
