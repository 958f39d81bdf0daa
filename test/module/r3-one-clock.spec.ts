import { ONCE, World } from '../support/world.js';

describe('R3 one clock: a life is counted from before the request was sent', () => {
  it('an answer that came late is served no longer than the platform takes it', async () => {
    await using world = await World.create({ wechat: { lifeSeconds: 60 } });
    world.wechat.inject('classic', { delayMs: 400 });
    world.wechat.inject('stable', { delayMs: 400 });
    const { tokens } = await world.replica();
    const waiting = tokens.getAccessToken();
    await vi.waitFor(() => expect(world.wechat.calls.stable).toBe(1));
    // The answer is on its way for 20 s.
    await world.advance(20);
    const token = await waiting;

    const { expiresIn } = await tokens.getAccessTokenWithLife();
    expect(expiresIn).toBeLessThan(40);
    expect(expiresIn).toBeGreaterThan(30);
    const { issuedInMs, expiresInMs } = await world.row();
    expect(issuedInMs).toBeLessThanOrEqual(-20_000);
    expect(expiresInMs).toBeLessThan(40_000);

    await world.wechat.goDown();
    await world.advance(34);
    expect(await tokens.getAccessToken()).toBe(token);
    expect(world.wechat.accepts(token)).toBe(true);
    await world.advance(3);
    await expect(tokens.getAccessToken(...ONCE)).rejects.toMatchObject({
      code: 'TOKEN_UNAVAILABLE',
    });
  });

  it('memory and row have the same expiry, and neither a later one than the platform', async () => {
    await using world = await World.create();
    const [ours, other] = await world.pair();
    await ours.tokens.getAccessToken();
    await world.advance(1000);
    await other.tokens.getAccessToken();

    const [left, leftThere] = await Promise.all(
      [ours, other].map(async ({ tokens }) => {
        const { expiresIn } = await tokens.getAccessTokenWithLife();
        return expiresIn;
      }),
    );

    expect(left).toBeLessThanOrEqual(6200);
    expect(left).toBeGreaterThan(6190);
    expect(Math.abs((left ?? 0) - (leftThere ?? NaN))).toBeLessThanOrEqual(1);
    expect((await world.row()).expiresInMs).toBeLessThanOrEqual(6_200_000);
  });
});

describe('R3 a wall clock that is set back again and again', () => {
  afterEach(() => vi.useRealTimers());

  it('does not keep the cron silent', async () => {
    await using world = await World.create();
    // TypeORM knows a column's type by the real Date.
    const opened = world.open();
    await opened;
    await world.advance(0);
    vi.useFakeTimers({
      toFake: [
        'Date',
        'setTimeout',
        'clearTimeout',
        'setInterval',
        'clearInterval',
      ],
    });
    const { rounds } = await world.replica({
      opened,
      refresh: { cron: '* * * * * *', syncIntervalMs: 1000 },
    });
    const tick = vi.spyOn(rounds, 'tick');

    // Sooner each time than the cron's timer ends.
    for (let step = 0; step < 40; step++) {
      vi.setSystemTime(Date.now() - 3_600_000);
      await world.advance(0.7);
      await vi.advanceTimersByTimeAsync(700);
    }

    // 28 s: at the latest two periods and a second after the one before.
    expect(tick.mock.calls.length).toBeGreaterThanOrEqual(6);
  });
});
