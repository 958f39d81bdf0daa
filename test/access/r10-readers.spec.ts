import { DEFAULT_FAKE_ACCOUNT } from '../../src/testing/index.js';
import { World } from '../support/world.js';

const { appId } = DEFAULT_FAKE_ACCOUNT;
/** A reader needs no secret. */
const READER = { role: 'reader', accounts: [{ appId }] } as const;
/** A reader waits for a refresher as long as a lease and a call may take. */
const IMPATIENT = {
  ...READER,
  refresh: { leaseSeconds: 1 },
  api: { timeoutMs: 100 },
} as const;

describe('R10 readers read', () => {
  it('serves what a refresher stores, and what it stores next', async () => {
    await using world = await World.create();
    const refresher = await world.replica();
    const reader = await world.replica(READER);
    const first = await refresher.tokens.getAccessToken();
    expect(await reader.tokens.getAccessToken()).toBe(first);

    await world.advance(7000);
    expect(await reader.tokens.getAccessToken()).toBe(first);
    await refresher.rounds.tick();
    await reader.poller.poll();

    const second = await reader.tokens.getAccessToken();
    expect(second).not.toBe(first);
    expect(world.wechat.accepts(second)).toBe(true);
    expect(world.wechat.calls.total).toBe(2);
  });

  it('waits for a refresher that is about to store the token', async () => {
    await using world = await World.create();
    const reader = await world.replica(READER);
    const waiting = reader.tokens.getAccessToken();

    await world.replica();

    expect(world.wechat.accepts(await waiting)).toBe(true);
    expect(world.wechat.calls.total).toBe(1);
  });

  it('says so when no refresher renews, and never calls the platform', async () => {
    await using world = await World.create();
    const { tokens, refresher } = await world.replica(IMPATIENT);

    await expect(
      tokens.getAccessToken('default', { timeoutMs: 2000 }),
    ).rejects.toMatchObject({
      code: 'TOKEN_UNAVAILABLE',
      message: expect.stringContaining('no refresher'),
      retryAfter: expect.any(Number),
    });
    await expect(refresher.refresh('access_token')).rejects.toMatchObject({
      code: 'TOKEN_UNAVAILABLE',
      message: expect.stringContaining('reader'),
    });
    expect(world.wechat.calls.total).toBe(0);
  });

  it('says so to a caller who does not wait that long, too', async () => {
    await using world = await World.create();
    const { tokens } = await world.replica({ role: 'reader' });

    await expect(
      tokens.getAccessToken('default', { timeoutMs: 150 }),
    ).rejects.toMatchObject({
      code: 'TOKEN_UNAVAILABLE',
      message: expect.stringContaining('no refresher'),
    });
  });

  it('does not call the platform when a token is rejected, and adopts what a refresher made of it', async () => {
    await using world = await World.create();
    const refresher = await world.replica();
    const reader = await world.replica(READER);
    const old = await refresher.tokens.getAccessToken();
    expect(await reader.tokens.getAccessToken()).toBe(old);
    world.wechat.drop();

    const waiting = reader.tokens.invalidate(old);
    const renewed = await refresher.tokens.invalidate(old);

    expect(await waiting).toBe(renewed);
    expect(world.wechat.calls.total).toBe(2);
  });
});
