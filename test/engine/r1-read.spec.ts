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
    const { tokens, store } = await world.replica();
    await tokens.getAccessToken();
    const read = vi.spyOn(store, 'read');

    expect(tokens.getAccessToken()).toBe(tokens.getAccessToken());
    expect(read).not.toHaveBeenCalled();
  });
});
