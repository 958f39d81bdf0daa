import { DEFAULT_FAKE_ACCOUNT } from '../../src/testing/index.js';
import { untilChinaMidnight } from '../../src/wechat-token/renewal/policy/back-off.js';
import { ONCE, World } from '../support/world.js';

const { appId } = DEFAULT_FAKE_ACCOUNT;
const NEW_SECRET = 'another-secret-0123456789abcdef';
const withNewSecret = {
  accounts: [{ appId, appSecret: NEW_SECRET }],
};

describe('R8 failure has a class: the wait after each errcode, in seconds', () => {
  it.each([
    { errcode: -1, class: 'transient', least: 0.8, most: 1.1 },
    { errcode: 99999, class: 'transient', least: 0.8, most: 1.1 },
    { errcode: 45011, class: 'transient', least: 59.5, most: 60.5 },
    { errcode: 61005, class: 'transient', least: 0.8, most: 1.1 },
    { errcode: 61006, class: 'transient', least: 0.8, most: 1.1 },
    { errcode: 40002, class: 'transient', least: 0.8, most: 1.1 },
    { errcode: 41002, class: 'transient', least: 0.8, most: 1.1 },
    { errcode: 41004, class: 'transient', least: 0.8, most: 1.1 },
    { errcode: 43002, class: 'transient', least: 0.8, most: 1.1 },
    { errcode: 40014, class: 'rejected', least: 0.8, most: 1.1 },
    { errcode: 42001, class: 'rejected', least: 0.8, most: 1.1 },
    { errcode: 50002, class: 'account', least: 59.5, most: 66 },
    { errcode: 50004, class: 'account', least: 59.5, most: 66 },
    { errcode: 48004, class: 'account', least: 59.5, most: 66 },
    { errcode: 42007, class: 'account', least: 59.5, most: 66 },
    { errcode: 61023, class: 'account', least: 59.5, most: 66 },
    { errcode: 40001, class: 'credentials', least: 59.5, most: 66 },
    { errcode: 40125, class: 'credentials', least: 59.5, most: 66 },
    { errcode: 40013, class: 'credentials', least: 59.5, most: 66 },
    { errcode: 40243, class: 'credentials', least: 59.5, most: 66 },
    { errcode: 40164, class: 'ip', least: 599, most: 601 },
    { errcode: 61004, class: 'ip', least: 599, most: 601 },
    { errcode: 89501, class: 'ip', least: 599, most: 601 },
    { errcode: 89502, class: 'ip', least: 599, most: 601 },
    { errcode: 89504, class: 'ip', least: 599, most: 601 },
    { errcode: 89505, class: 'ip', least: 599, most: 601 },
    { errcode: 89503, class: 'ip', least: 3599, most: 3601 },
    { errcode: 89507, class: 'ip', least: 3599, most: 3601 },
    { errcode: 89506, class: 'ip', least: 86_399, most: 86_401 },
  ])(
    '$errcode ($class): at least $least, at most $most',
    async ({ errcode, class: failureClass, least, most }) => {
      await using world = await World.create();
      world.wechat.inject('stable', { errcode });
      const { tokens, rounds, accountCheck } = await world.replica();
      await accountCheck.check();
      const { lastError, failureCount } = await world.row();
      expect(lastError).toMatchObject({ class: failureClass, errcode });
      expect(failureCount).toBe(1);

      await world.advance(least - 0.8);
      await rounds.tick();
      await expect(tokens.getAccessToken(...ONCE)).rejects.toMatchObject({
        code: 'TOKEN_UNAVAILABLE',
        message: expect.stringContaining(String(errcode)),
        retryAfter: expect.any(Number),
      });
      expect(world.wechat.calls.total).toBe(1);

      // What concerns one replica alone, another one looks at first.
      const turn = failureClass === 'ip' ? 30 : 0;
      await world.advance(most - least + 0.8 + turn);
      await rounds.tick();
      expect(world.wechat.calls.total).toBe(2);
      expect(await world.row()).toMatchObject({
        value: world.wechat.issuedTokens[0],
        failureCount: 0,
        lastError: null,
        nextAttemptInMs: -Infinity,
      });
    },
  );

  it('45009 (quota): until midnight in China', async () => {
    await using world = await World.create();
    world.wechat.inject('stable', { errcode: 45009 });
    const { rounds, accountCheck } = await world.replica();
    await accountCheck.check();

    const { lastError, nextAttemptInMs, databaseNow } = await world.row();
    const midnight = untilChinaMidnight(databaseNow);
    expect(lastError?.class).toBe('quota');
    expect(nextAttemptInMs).toBeGreaterThan(midnight - 2000);
    expect(nextAttemptInMs).toBeLessThan(midnight + 62_000);
    await rounds.tick();
    expect(world.wechat.calls.total).toBe(1);

    await world.advance(midnight / 1000 + 62);
    await rounds.tick();
    expect(world.wechat.calls.total).toBe(2);
  });
});

describe('R8 a stop over credentials', () => {
  it('ends when the secret changes', async () => {
    await using world = await World.create();
    world.wechat.changeSecret(appId, NEW_SECRET);
    const old = await world.replica();
    await old.accountCheck.check();
    expect((await world.row()).lastError).toMatchObject({ errcode: 40125 });

    const { tokens } = await world.replica(withNewSecret);

    expect(world.wechat.accepts(await tokens.getAccessToken())).toBe(true);
    expect(world.wechat.calls.total).toBe(2);
  });

  it('binds only those who have the old secret: the cron of the others goes on', async () => {
    await using world = await World.create();
    world.wechat.changeSecret(appId, NEW_SECRET);
    const current = await world.replica(withNewSecret);
    const first = await current.tokens.getAccessToken();
    // A rolling deployment: these start with the credentials that are wrong by now.
    const [outdated] = await world.pair();
    await outdated.accountCheck.check();
    expect(await outdated.tokens.getAccessToken()).toBe(first);
    expect(world.wechat.calls.total).toBe(2);
    expect((await world.row()).value).toBe(first);

    await world.advance(7000);
    await current.rounds.tick();

    const { value } = await world.row();
    expect(value).not.toBe(first);
    expect(world.wechat.accepts(value ?? '')).toBe(true);
  });
});

describe('R8 a failure over the IP address', () => {
  it('stops this replica alone: another succeeds, and its token is adopted', async () => {
    await using world = await World.create();
    world.wechat.inject('stable', { errcode: 40164 });
    const refused = await world.replica();
    await refused.accountCheck.check();
    await expect(refused.tokens.getAccessToken(...ONCE)).rejects.toThrow(
      /203\.0\.113\.7.*whitelist/,
    );
    expect((await world.row()).lastError?.message).toContain('203.0.113.7');

    const other = await world.replica();
    const token = await other.tokens.getAccessToken();

    await refused.poller.poll();
    expect(await refused.tokens.getAccessToken()).toBe(token);
    expect(world.wechat.calls.total).toBe(2);
  });
});

describe('R8 the platform down for an hour', () => {
  it('costs 4 replicas at most 60 calls, and the first success comes within 90 s of its return', async () => {
    await using world = await World.create();
    const fleet = await world.fleet(4);
    for (const { tokens } of fleet) await tokens.getAccessToken();
    await world.advance(6950);
    const before = world.wechat.calls.total;
    const down = world.wechat.inject(
      'any',
      { status: 503 },
      { times: Infinity },
    );
    const step = async () => {
      await world.advance(5);
      for (const { rounds } of fleet) await rounds.tick();
    };

    for (let elapsed = 0; elapsed < 3600; elapsed += 5) await step();
    expect(world.wechat.calls.total - before).toBeLessThanOrEqual(60);
    expect(world.wechat.calls.total - before).toBeGreaterThan(30);

    down.remove();
    for (let elapsed = 0; elapsed < 90; elapsed += 5) await step();
    const { value, expiresInMs } = await world.row();
    expect(expiresInMs).toBeGreaterThan(0);
    expect(world.wechat.accepts(value ?? '')).toBe(true);
  }, 40_000);
});
