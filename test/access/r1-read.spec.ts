import { setImmediate } from 'node:timers/promises';
import { DEFAULT_FAKE_ACCOUNT } from '../../src/testing/index.js';
import { Clock } from '../../src/wechat-token/common/clock.js';
import { SqlRunner } from '../../src/wechat-token/store/sql-runner.js';
import { World } from '../support/world.js';

describe('R1 read', () => {
  it('hands out a token that the platform accepts', async () => {
    await using world = await World.create();
    const { tokens } = await world.replica();

    const token = await tokens.getAccessToken();

    expect(world.wechat.accepts(token)).toBe(true);
    expect(world.wechat.calls.total).toBe(1);
  });

  it('1000 concurrent cold callers cost one upstream call', async () => {
    await using world = await World.create();
    const { tokens } = await world.replica();

    const got = await Promise.all(
      Array.from({ length: 1000 }, () => tokens.getAccessToken()),
    );

    expect(new Set(got).size).toBe(1);
    expect(world.wechat.calls.total).toBe(1);
  });

  it('gives the same promise again while the token is valid: nothing is allocated, nothing asked', async () => {
    await using world = await World.create();
    const { tokens, module } = await world.replica();
    await tokens.getAccessToken();
    const session = module.get(SqlRunner);
    const statements = [vi.spyOn(session, 'rows'), vi.spyOn(session, 'change')];
    const promise = tokens.getAccessToken();

    for (let read = 0; read < 10_000; read++)
      expect(tokens.getAccessToken() === promise).toBe(true);

    for (const spy of statements) expect(spy).not.toHaveBeenCalled();
    expect(world.wechat.calls.total).toBe(1);
  });

  it('reads the clock for the first two of many reads in a row, and for each single read', async () => {
    await using world = await World.create();
    const { tokens, module, accountCheck, poller } = await world.replica();
    const token = await tokens.getAccessToken();
    // What runs once at the start reads the clock too.
    await Promise.all([accountCheck.check(), poller.poll()]);
    const clock = module.get(Clock);
    let time = clock.now();
    const looks = vi.spyOn(clock, 'now').mockImplementation(() => time);

    for (let read = 0; read < 1000; read++)
      expect(await tokens.getAccessToken()).toBe(token);
    expect(looks).toHaveBeenCalledTimes(2);

    looks.mockClear();
    for (let read = 0; read < 3; read++) {
      await setImmediate();
      time += 1;
      expect(await tokens.getAccessToken()).toBe(token);
    }
    expect(looks).toHaveBeenCalledTimes(3);
  });

  it('takes the default account for the unnamed one, and keeps accounts apart', async () => {
    await using world = await World.create();
    const shop = { appId: 'wx_shop', appSecret: 'secret-of-the-shop' };
    world.wechat.addAccount(shop);
    const { tokens } = await world.replica({
      accounts: [DEFAULT_FAKE_ACCOUNT, { ...shop, name: 'shop' }],
    });

    const unnamed = await tokens.getAccessToken();
    const ofShop = await tokens.getAccessToken('shop');

    expect(await tokens.getAccessToken('default')).toBe(unnamed);
    expect(unnamed).toBe(world.wechat.currentToken(DEFAULT_FAKE_ACCOUNT.appId));
    expect(ofShop).toBe(world.wechat.currentToken(shop.appId));
    expect((await world.row('access_token:shop')).value).toBe(ofShop);
  });

  it('says how long a token lives', async () => {
    await using world = await World.create();
    const { tokens } = await world.replica();
    await tokens.getAccessToken();
    await world.advance(100);

    const { expiresIn: left } = await tokens.getAccessTokenWithLife();
    expect(left).toBeLessThanOrEqual(7100);
    expect(left).toBeGreaterThan(7080);
  });

  it('goes on with a row that somebody deleted', async () => {
    await using world = await World.create();
    const { tokens, refresher, variables } = await world.replica();
    for (let change = 0; change < 5; change++)
      await refresher.refresh('access_token');
    await world.sql('DELETE FROM system_var');
    await world.advance(7200);

    const token = await tokens.getAccessToken();

    expect(world.wechat.accepts(token)).toBe(true);
    expect(await variables.get('access_token')).toBe(token);
  });
});
