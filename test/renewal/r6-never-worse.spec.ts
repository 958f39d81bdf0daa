import { DEFAULT_FAKE_ACCOUNT } from '../../src/testing/index.js';
import { isTokenUnavailableError } from '../../src/wechat-token/index.js';
import { GARBAGE } from '../support/garbage.js';
import { World } from '../support/world.js';

const stored = (world: World) =>
  world.sql(
    'SELECT value, source, issued_at, refresh_at, expires_at, credential_id FROM system_var',
  );

describe('R6 never worse: a failed renewal leaves the stored token as it was', () => {
  let world: World;
  beforeAll(async () => (world = await World.create()));
  afterAll(() => world[Symbol.asyncDispose]());

  it.each(GARBAGE)(
    'when the platform answers with %s',
    async (_what, fault) => {
      const replica = await world.replica({ api: { timeoutMs: 1000 } });
      const { tokens, refresher } = replica;
      const held = await tokens.getAccessToken();
      // An operator is told of the last answer for as long.
      await world.advance(10);
      const before = await stored(world);
      const lasting = world.wechat.inject('stable', fault, { times: Infinity });
      const { stable } = world.wechat.calls;

      await expect(refresher.refresh('access_token')).rejects.toMatchObject({
        code: 'TOKEN_UNAVAILABLE',
        retryAfter: expect.any(Number),
        cause: { name: 'UpstreamError', class: 'transient' },
      });

      lasting.remove();

      // A call on a connection that was kept open, and is closed, is repeated once.
      const isClosed = 'reset' in fault || 'lostAnswer' in fault;
      const calls = world.wechat.calls.stable - stable;
      expect(calls).toBeGreaterThan(0);
      expect(calls).toBeLessThanOrEqual(isClosed ? 2 : 1);
      expect(await stored(world)).toEqual(before);
      expect(await tokens.getAccessToken()).toBe(held);
      await replica.close();
    },
  );

  it('and does not follow a redirect, wherever it leads', async () => {
    const { refresher } = await world.replica();
    await world.advance(10);
    const before = await stored(world);
    const { appId, appSecret } = DEFAULT_FAKE_ACCOUNT;
    const redirect = `${world.wechat.baseUrl}/cgi-bin/token?grant_type=client_credential&appid=${appId}&secret=${appSecret}`;
    world.wechat.inject('stable', { redirect });

    await expect(refresher.refresh('access_token')).rejects.toSatisfy(
      isTokenUnavailableError,
    );

    expect(world.wechat.calls.classic).toBe(0);
    expect(await stored(world)).toEqual(before);
  });
});

describe.each(['stable', 'classic'] as const)(
  'R6 when the platform has answered and the database takes no %s token',
  (mode) => {
    const account = { ...DEFAULT_FAKE_ACCOUNT, mode };
    const breakWrites = `CREATE TRIGGER broken BEFORE UPDATE OF value ON system_var
      BEGIN SELECT RAISE(ABORT, 'disk full'); END`;
    const repairWrites = 'DROP TRIGGER broken';

    it('serves the answer, writes it later, and does not ask again', async () => {
      await using world = await World.create();
      await world.sql(breakWrites);
      const { tokens, rounds } = await world.replica({
        accounts: [account],
      });

      const held = await tokens.getAccessToken();
      expect(world.wechat.accepts(held)).toBe(true);
      // Past the lease, too.
      for (let step = 0; step < 8; step++) {
        await rounds.tick();
        expect(await tokens.getAccessToken()).toBe(held);
        await world.advance(5);
      }
      expect((await world.row()).value).toBeNull();

      await world.sql(repairWrites);
      await rounds.tick();

      const row = await world.row();
      expect(row).toMatchObject({ value: held, leaseOwner: null });
      // Its life began when it was fetched, not when it was written.
      expect(row.expiresInMs).toBeLessThanOrEqual((7200 - 40) * 1000);
      expect(world.wechat.calls.total).toBe(1);
    });

    it('keeps the old row meanwhile, and writes the answer on shutdown if it can by then', async () => {
      await using world = await World.create();
      const replica = await world.replica({ accounts: [account] });
      const old = await replica.tokens.getAccessToken();
      await world.advance(7000);
      await world.sql(breakWrites);
      await replica.rounds.tick();

      const renewed = await replica.tokens.getAccessToken();
      expect(renewed).not.toBe(old);
      expect((await world.row()).value).toBe(old);

      await world.sql(repairWrites);
      await replica.close();
      expect((await world.row()).value).toBe(renewed);
      expect(world.wechat.calls.total).toBe(2);
    });

    it('forgets the answer when another replica has renewed since', async () => {
      await using world = await World.create();
      await world.sql(breakWrites);
      const replica = await world.replica({ accounts: [account] });
      await replica.tokens.getAccessToken();
      await world.sql(repairWrites);
      await world.advance(31);
      const other = await world.replica({ accounts: [account] });
      const newer = await other.tokens.getAccessToken();

      await replica.rounds.tick();
      await replica.poller.poll();

      expect((await world.row()).value).toBe(newer);
      expect(await replica.tokens.getAccessToken()).toBe(newer);
    });
  },
);

describe('R6 when the database takes the token of one account only', () => {
  it('the cron goes on with the others', async () => {
    await using world = await World.create();
    const { appId, appSecret } = DEFAULT_FAKE_ACCOUNT;
    const { rounds, tokens } = await world.replica({
      accounts: [
        { name: 'a', appId, appSecret, mode: 'classic' },
        { name: 'b', appId, appSecret, mode: 'stable' },
      ],
    });
    await tokens.getAccessToken('a');
    const first = await tokens.getAccessToken('b');
    await world.sql(`CREATE TRIGGER broken BEFORE UPDATE OF value ON system_var
      WHEN NEW.name = 'access_token:a' BEGIN SELECT RAISE(ABORT, 'no'); END`);
    await world.advance(6670);
    await rounds.tick();
    expect(world.wechat.calls.classic).toBe(2);

    await world.advance(330);
    await rounds.tick();

    expect((await world.row('access_token:b')).value).not.toBe(first);
    expect(world.wechat.calls.classic).toBe(2);
  });
});

describe('R6 a token that is not stored, when another replica takes the lapsed lease', () => {
  it("is served on while the other asks, and the other's newer one from then on", async () => {
    await using world = await World.create();
    const classic = {
      accounts: [{ ...DEFAULT_FAKE_ACCOUNT, mode: 'classic' }],
    } as const;
    const [ours, other] = await world.pair(classic);
    const stored = await ours.tokens.getAccessToken();
    await other.tokens.getAccessToken();
    await world.advance(6700);
    await world.sql(`CREATE TRIGGER broken BEFORE UPDATE OF value ON system_var
      BEGIN SELECT RAISE(ABORT, 'disk full'); END`);
    await ours.rounds.tick();
    const unsaved = await ours.tokens.getAccessToken();
    expect(unsaved).not.toBe(stored);
    await world.sql('DROP TRIGGER broken');
    await world.advance(31);

    world.wechat.inject('classic', { delayMs: 500 });
    const renewing = other.rounds.tick();
    await vi.waitFor(() => expect(world.wechat.calls.classic).toBe(3));
    expect((await world.row()).value).toBe(stored);
    await ours.poller.poll();
    expect(await ours.tokens.getAccessToken()).toBe(unsaved);
    expect(world.wechat.accepts(unsaved)).toBe(true);

    await renewing;
    await ours.poller.poll();
    const newer = await ours.tokens.getAccessToken();
    expect(newer).not.toBe(unsaved);
    expect(newer).toBe((await world.row()).value);
    await ours.rounds.tick();
    expect((await world.row()).value).toBe(newer);
    expect(world.wechat.calls.total).toBe(3);
  });

  it('is served on and stored when the other got nothing, with the life that is left', async () => {
    await using world = await World.create();
    const [ours, other] = await world.pair({
      accounts: [{ ...DEFAULT_FAKE_ACCOUNT, mode: 'classic' }],
    });
    const stored = await ours.tokens.getAccessToken();
    await other.tokens.getAccessToken();
    await world.advance(6700);
    await world.sql(
      "CREATE TRIGGER full BEFORE UPDATE OF value ON system_var BEGIN SELECT RAISE(ABORT, 'disk full'); END",
    );
    await ours.rounds.tick();
    const unsaved = await ours.tokens.getAccessToken();
    expect(unsaved).not.toBe(stored);
    await world.sql('DROP TRIGGER full');

    await world.advance(31);
    world.wechat.inject('classic', { status: 502 }, { times: Infinity });
    await other.rounds.tick();
    expect((await world.row()).failureCount).toBe(1);
    await ours.poller.poll();
    expect(await ours.tokens.getAccessToken()).toBe(unsaved);

    await ours.rounds.tick();
    const row = await world.row();
    expect(row.value).toBe(unsaved);
    expect(row.expiresInMs).toBeLessThanOrEqual((7200 - 31) * 1000);
    expect(row.expiresInMs).toBeGreaterThan((7200 - 41) * 1000);
    expect(await ours.tokens.getAccessToken()).toBe(unsaved);
    expect(world.wechat.accepts(unsaved)).toBe(true);
  });
});
