import { SchedulerRegistry } from '@nestjs/schedule';
import { DEFAULT_FAKE_ACCOUNT } from '../../src/testing/index.js';
import { isTokenUnavailableError } from '../../src/wechat-token/index.js';
import { World } from '../support/world.js';

const NAME = 'access_token';
const failure = (work: Promise<unknown>) =>
  work.then(
    () => undefined,
    (error: unknown) => error,
  );

describe('R12 start', () => {
  it.each([0, 600, 6000])(
    'with a valid stored token, after a pause of %d s, makes no call',
    async (pause) => {
      await using world = await World.create();
      const first = await world.replica();
      const token = await first.tokens.getAccessToken();
      await first.close();
      await world.advance(pause);

      const { tokens, accountCheck } = await world.replica();
      await accountCheck.check();

      expect(await tokens.getAccessToken()).toBe(token);
      expect(world.wechat.calls.total).toBe(1);
    },
  );

  it('fetches the tokens of all accounts without being asked', async () => {
    await using world = await World.create();
    world.wechat.addAccount({ appId: 'wx_shop', appSecret: 'secret-of-shop' });
    await world.replica({
      accounts: [
        { name: 'shop', appId: 'wx_shop', appSecret: 'secret-of-shop' },
        {
          name: 'shop-classic',
          appId: 'wx_shop',
          appSecret: 'secret-of-shop',
          mode: 'classic',
        },
      ],
    });

    await vi.waitFor(async () => {
      const rows = await world.sql(
        'SELECT name, source FROM system_var WHERE value IS NOT NULL ORDER BY name',
      );
      expect(rows).toEqual([
        { name: 'access_token:shop', source: 'stable' },
        { name: 'access_token:shop-classic', source: 'classic' },
      ]);
    });
  });

  it('does not fail when the platform is down', async () => {
    await using world = await World.create();
    await world.wechat.goDown();

    const { accountCheck } = await world.replica();
    await accountCheck.check();

    expect((await world.row()).failureCount).toBeGreaterThan(0);
  });
});

describe('R12 stop', () => {
  it('leaves nothing that runs', async () => {
    await using world = await World.create();
    const { module, tokens, close } = await world.replica();
    await tokens.getAccessToken();
    const scheduler = module.get(SchedulerRegistry, { strict: false });
    expect(scheduler.getCronJobs().size).toBe(1);
    expect(scheduler.getIntervals()).toHaveLength(1);

    await close();

    expect(scheduler.getCronJobs().size).toBe(0);
    expect(scheduler.getIntervals()).toHaveLength(0);
  });

  it('renews nothing any more', async () => {
    await using world = await World.create();
    const { tokens, rounds, close } = await world.replica();
    await tokens.getAccessToken();
    await close();
    await world.advance(7200);

    await rounds.tick();
    const error = await failure(tokens.getAccessToken());

    expect(error).toSatisfy(isTokenUnavailableError);
    expect(world.wechat.calls.total).toBe(1);
  });

  it('waits for the renewal that is under way, and stores its answer', async () => {
    await using world = await World.create();
    const { tokens, close } = await world.replica();
    await tokens.getAccessToken();
    await world.advance(7000);
    world.wechat.inject('stable', { delayMs: 1000 });
    await tokens.getAccessToken();
    await vi.waitFor(() => expect(world.wechat.calls.stable).toBe(2));

    await close();

    const row = await world.row();
    expect(row).toMatchObject({
      value: world.wechat.issuedTokens[1],
      leaseOwner: null,
    });
    const next = await world.replica();
    expect(await next.tokens.getAccessToken()).toBe(row.value);
    expect(world.wechat.calls.total).toBe(2);
  });

  it('gives the lease back when the platform does not answer', async () => {
    await using world = await World.create();
    world.wechat.inject('stable', { hang: true });
    const { close } = await world.replica({ api: { timeoutMs: 500 } });
    await vi.waitFor(() => expect(world.wechat.calls.stable).toBe(1));

    await close();

    expect(await world.row()).toMatchObject({ leaseOwner: null });
  });

  it('does not keep those who wait for another replica', async () => {
    await using world = await World.create();
    const store = await world.store();
    await store.insertMissing([{ name: NAME, remark: '' }]);
    await store.claim(await world.row(), 'another', 30_000);
    const { tokens, close } = await world.replica();
    const waiting = failure(tokens.getAccessToken());
    const start = performance.now();

    await close();

    expect(await waiting).toSatisfy(isTokenUnavailableError);
    expect(performance.now() - start).toBeLessThan(7000);
    expect(await world.row()).toMatchObject({ leaseOwner: 'another' });
  });
});

describe('R12 stop, when the accounts cannot be had', () => {
  it('ends a little after the timeout of a call, whatever hangs', async () => {
    await using world = await World.create();
    let answer: (nobody: undefined) => void = () => undefined;
    const unanswered = new Promise<undefined>((resolve) => (answer = resolve));
    const { close } = await world.replica({
      api: { timeoutMs: 100 },
      accounts: {
        find: () => unanswered,
        list: () => [DEFAULT_FAKE_ACCOUNT],
      },
    });
    const start = performance.now();

    await close();

    expect(performance.now() - start).toBeLessThan(20_000);
    answer(undefined);
  });
});
